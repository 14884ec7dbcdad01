/** A run of a listener with its links, made without one. */

import { generateKeyPairSync } from 'node:crypto';
import { type FileSession, Ledger, moment, type RawEntry, signer } from '../../src/index.ts';
import { event, fileSession, loss, observed, operation, session, sessionOf, task } from './documents.ts';

export const startNs = 1763792240_000_000_000n;
export const keys = generateKeyPairSync('ed25519');

export interface ChainedOptions {
  readonly sessionId?: string;
  readonly signed?: boolean;
  /** false: it was cut off. */
  readonly end?: boolean;
}

/** The documents `told` between the start and the end of a run, with links as the recorder makes them. */
export function chained(told: readonly (RawEntry | 'checkpoint')[], options: ChainedOptions = {}): RawEntry[] {
  const { sessionId = 'session-1', signed = false, end = true } = options;
  const first = session({ _id: sessionId, sessionId, ...moment(startNs), chained: true });
  const ledger = new Ledger(
    { host: first.host, machineId: first.machineId, bootId: first.bootId, sessionId },
    { sign: signed ? signer(keys.privateKey) : null, repeats: false },
  );
  const entries: RawEntry[] = [];
  const emit = (entry: RawEntry) => {
    entries.push(entry);
    ledger.add(entry);
  };
  const link = (document: ReturnType<Ledger['link']>) => {
    if (document !== null) entries.push({ collection: 'chain', document });
  };
  emit({ collection: 'sessions', document: first });
  link(ledger.all());
  for (const one of told) {
    if (one === 'checkpoint') link(ledger.checkpoint());
    else emit(one);
    if (ledger.isDue) link(ledger.link());
  }
  if (!end) return entries;
  link(ledger.all());
  const { entryHash } = ledger;
  const last = session({
    ...first,
    _id: `${sessionId}:end`,
    phase: 'end',
    ...moment(startNs + 3600_000_000_000n),
    ...(entryHash !== null && { entry_hash: entryHash }),
  });
  emit({ collection: 'sessions', document: last });
  link(ledger.end());
  return entries;
}

const at = (seconds: number) => startNs + BigInt(Math.round(seconds * 1e9));

export function fileAt(seconds: number, fields: Partial<FileSession> = {}): RawEntry {
  const openedNs = at(seconds);
  const document = fileSession({ _id: `file-${seconds}`, openedNs, closedNs: openedNs + 1_000_000n });
  return { collection: 'files', session: { ...sessionOf(document), ...fields } };
}

export function checkpointAt(opened: number, seconds: number): RawEntry {
  const document = fileSession({ _id: `file-${opened}`, openedNs: at(opened), closedNs: null, closedBy: null });
  const checkpoint = { ms: Number(at(seconds) / 1_000_000n), ns: 0 };
  return { collection: 'fds', session: { ...sessionOf(document), checkpoint } };
}

export function taskAt(seconds: number): RawEntry {
  const document = task({ _id: `task-${seconds}`, ...moment(at(seconds)), argv: ['a', 'b'] });
  return { collection: 'pids', observation: observed(document) };
}

/** A session, an observation, and one document of every other kind. */
export function someDocuments(): RawEntry[] {
  const data = { 'a.b': '$c', deepNs: 5n, list: [1, null, { x: 'y' }] };
  return [
    taskAt(1),
    fileAt(1),
    fileAt(2),
    fileAt(2.5),
    checkpointAt(1.5, 4),
    { collection: 'operations', document: operation({ _id: 'operation', ...moment(at(3)) }) },
    { collection: 'events', document: event({ _id: 'event', ...moment(at(3)), data }) },
    { collection: 'events', document: event({ _id: 'container', kind: 'container', ...moment(at(3)) }) },
    { collection: 'losses', document: loss({ _id: 'loss', severity: 'warning', ...moment(at(3)) }) },
    taskAt(100),
  ];
}
