/** A run that was recorded from the kernel, taken apart into what each of the two streams said. */

import { readFileSync } from 'node:fs';
import { diagDecoder } from '../../packages/listener/src/audit/audit-decoder.ts';
import { parseDiagLine } from '../../packages/listener/src/diag/diag-line.ts';
import type {
  AuditEvent,
  ConnectorEvent,
  PipelineEvent,
  SessionStartEvent,
} from '../../packages/listener/src/events.ts';
import { TextDecoding } from '../../packages/listener/src/replay/text-decoding.ts';
import type { HostStory, Told } from '../../packages/listener/test/support/simulated-host.ts';

export interface RecordedRun {
  readonly start: SessionStartEvent;
  /** Everything in the order in which it was recorded. */
  readonly events: readonly PipelineEvent[];
  /** What ran before. */
  readonly snapshots: readonly PipelineEvent[];
  readonly story: HostStory;
}

/** Stamps lag behind the moment by less than this (CONFIG_HZ of 100 is the coarsest there is). */
const stampLagUs = 10_000;

/** @throws Error where a line of the --diag file cannot be read. */
export function recordedRun(diagFile: string): RecordedRun {
  const [start, ...events] = eventsOf(readFileSync(diagFile));
  if (start?.kind !== 'session-start') throw new Error('The file does not begin with the start of a run.');
  const snapshots = events.filter(({ kind }) => kind === 'snapshot');
  return { start, events, snapshots, story: storyOf(events) };
}

function eventsOf(text: Uint8Array): PipelineEvent[] {
  const events: PipelineEvent[] = [];
  const counters = { lines: 0, badLines: 0, events: 0, firstBad: null };
  const diagLine = (line: string, position: number) => {
    const parsed = parseDiagLine(line);
    if (parsed.kind === 'bad') throw new Error(`line ${position}: ${parsed.error}`);
    if (parsed.kind === 'incomplete') return parsed.reason;
    events.push(parsed.event);
    return null;
  };
  const bad = ({ error, position }: { error: string; position: number }) => {
    throw new Error(`line ${position}: ${error}`);
  };
  const decoding = new TextDecoding(diagDecoder(), { event: (event) => events.push(event), diagLine, bad }, counters);
  let at = 0;
  for (let again = true; again; ) {
    const taken = decoding.take(text, at, text.length, true);
    at += taken.used;
    again = taken.again;
  }
  while (!decoding.finish());
  return events;
}

/**
 * When the kernel said each thing, µs after the first. An audit record comes at the end of a call, and its stamp is from the
 * beginning: so it is put behind all that the connector was recorded to have said before it.
 */
function storyOf(events: readonly PipelineEvent[]): HostStory {
  const connector: Told<ConnectorEvent>[] = [];
  const audit: Told<AuditEvent>[] = [];
  const beganNs = events.find(isOfConnector)?.timeNs ?? 0n;
  const sinceBegan = (ns: bigint) => Number(ns - beganNs) / 1000;
  let connectorUs = 0;
  /** Exits were held back: what stands behind one may have been before it. */
  let toldUs = 0;
  for (const event of events) {
    if (isOfConnector(event)) {
      connectorUs = Math.max(connectorUs, sinceBegan(event.timeNs));
      if (event.kind !== 'exit') toldUs = connectorUs;
      connector.push({ atUs: connectorUs, event });
    } else if ('serial' in event) {
      toldUs = Math.max(toldUs, sinceBegan(BigInt(event.ms) * 1_000_000n) + stampLagUs);
      audit.push({ atUs: toldUs, event });
    }
  }
  return { connector: connector.toSorted((a, b) => a.atUs - b.atUs), audit };
}

function isOfConnector(event: PipelineEvent): event is ConnectorEvent {
  return event.kind === 'fork' || event.kind === 'became' || event.kind === 'exit';
}
