import type { RawEntry } from '@godo/evidence';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordType } from '../../src/audit/record-types.ts';
import { diagLines } from '../../src/diag/diag-line.ts';
import type { AuditEvent, BinaryString, ContainerEvent, PipelineEvent } from '../../src/events.ts';
import { Recorder } from '../../src/recorder/recorder.ts';
import { decodingFor } from '../support/decoding.ts';
import { checkpoint, exit, fork, loss, sessionEnd, sessionStart, snapshot, star } from '../support/events.ts';
import { fixtureLines } from '../support/fixtures.ts';
import { loggedClose, loggedExec, loggedFork, loggedOpen, loggedWrite } from '../support/log-lines.ts';
import { recordOf } from '../support/log-records.ts';
import { sorted } from '../support/recording.ts';
import { replayDiag } from '../support/replaying.ts';

/** Audit events as the live listener has them while it writes a --diag file; without EOE their ends are not seen. */
function liveEvents(lines: readonly BinaryString[], incomplete: string | null = null): AuditEvent[] {
  const records = lines.map(recordOf);
  return records
    .map(({ ms, serial }) => `${ms}.${serial}`)
    .filter((id, index, all) => all.indexOf(id) === index)
    .flatMap((id) => {
      const { push, finish, events } = decodingFor({ keepRecords: true, watchSerials: false });
      const own = records.filter(({ ms, serial }) => `${ms}.${serial}` === id);
      const [first] = own;
      if (first === undefined) return [];
      push(incomplete === null ? [...own, { ...first, type: recordType.eoe, body: '' }] : own);
      finish();
      return events.map((event) => (incomplete === null || event.alone ? event : { ...event, incomplete }));
    });
}

/** What the recorder made of the events live, and the lines of the --diag file of that run. */
function recordedLive(events: readonly PipelineEvent[]): { entries: RawEntry[]; lines: BinaryString[] } {
  const entries: RawEntry[] = [];
  const recorder = new Recorder((entry) => entries.push(entry));
  const lines: BinaryString[] = [];
  for (const event of events) {
    recorder.apply(event);
    lines.push(...diagLines(event));
  }
  return { entries, lines };
}

const login = 'type=LOGIN msg=audit(1700000000.030:30): pid=20 uid=0 old-auid=4294967295 auid=1000 ses=1 res=1';
const call = { pid: 20 };
const container = 'c'.repeat(64);
const file = {
  fd: 5,
  path: '/var/log/\xff',
  flags: 0o102001,
  access: 'write',
  closeOnExec: false,
  dev: 'fe:00',
  inode: '7',
  fileType: 'regular',
} as const;

const learnt: ContainerEvent = {
  kind: 'container',
  timeNs: 1_700_000_000_041_000_000n,
  data: {
    ...{
      containerId: container,
      runtime: 'docker',
      outermostContainerId: container,
      engine: 'docker',
      source: 'unix:/s',
    },
    ...{ name: 'web', image: null, imageId: null, created: null, labels: { uptimeNs: '5' } },
    mounts: [{ source: null, destination: '/data', type: null, rw: null }],
  },
};

const run: PipelineEvent[] = [
  sessionStart(),
  loss(1, { severity: 'warning' }),
  snapshot(5, { tgid: 5, files: [file], proc: { startTicks: 4000, argv: ['caf\xc3\xa9', '\xff\n'], exe: '/bin/sh' } }),
  star(8, 5),
  fork(10, { tgid: 20, parentTgid: 5, proc: { startTicks: 5001, containerId: container, rootfs: '/merged' } }),
  ...liveEvents(loggedExec({ ms: 12, ...call }, 'sh', '-c', 'x')),
  ...liveEvents(loggedOpen({ ms: 14, ...call }, 3, 'out')),
  ...liveEvents([...loggedWrite({ ms: 16, ...call }, 3, 6), ...loggedWrite({ ms: 17, pid: 5 }, 5, 9)]),
  checkpoint(18),
  fork(20, { tgid: 30, parentTgid: 20 }),
  ...liveEvents(loggedFork({ ms: 20, ...call }, 30)),
  ...liveEvents([login, ...loggedWrite({ ms: 30, ...call }, 3, 2)]),
  ...liveEvents(loggedWrite({ ms: 32, pid: 30 }, 3, 1), 'its end did not come in time'),
  ...liveEvents(loggedClose({ ms: 34, ...call }, 3)),
  exit(40, { tgid: 30, status: 9, usage: { cpuUs: 7, maxRssKb: 900 } }),
  learnt,
  loss(41, { from: '50', to: '52', count: 3 }),
  sessionEnd(90),
];

type Node = Record<string, unknown>;

/** Every field of an event, however deep, as the object that has it and its name. */
function placesIn(node: Node): [Node, string][] {
  return Object.entries(node).flatMap(([name, value]) => [
    [node, name] as [Node, string],
    ...(typeof value === 'object' && value !== null ? placesIn(value as Node) : []),
  ]);
}

describe('a --diag file', () => {
  it('makes the documents again that the recorder made live, ids and order included', () => {
    const live = recordedLive(run);
    const replayed = replayDiag(live.lines);

    expect(replayed.entries).toEqual(live.entries);
    expect(replayed.counters).toMatchObject({ lines: live.lines.length, badLines: 0, firstBad: null });
    expect(sorted(live.entries)).toMatchObject({
      files: [{ writes: { count: 3, bytes: 9 } }],
      losses: [{ count: null }, { source: 'reassembly' }, { count: 3 }],
    });
  });

  it('makes the documents of real records again', () => {
    const lines = fixtureLines('enriched-node-shell-redirects.log').flatMap((line) => line.split('\x1d', 1));
    const live = recordedLive([sessionStart(), ...liveEvents(lines), sessionEnd(90)]);

    expect(live.entries.length).toBeGreaterThan(10);
    expect(replayDiag(live.lines).entries).toEqual(live.entries);
  });

  it('that was cut off makes the documents of what was before the cut', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: run.length }), (length) => {
        const live = recordedLive(run.slice(0, length));
        expect(replayDiag(live.lines).entries).toEqual(live.entries);
      }),
    );
  });

  it('that was cut off in the middle of an event tells that it may be incomplete', () => {
    const { lines } = recordedLive(run.slice(0, 6));
    const { losses } = replayDiag(lines.slice(0, -1));

    expect(losses.map(({ source, from, reason }) => [source, from, reason])).toEqual([
      ['audit-socket', null, 'Records were lost.'],
      ['reassembly', '12', 'Audit event 12 (exec) may be incomplete: the input ended before it did.'],
    ]);
  });

  it('with an incomplete event of which nothing is recorded states what was stated live', () => {
    const torn = 'some of its records never came';
    const events = [22, 4].flatMap((number, index) => {
      const head = `type=SYSCALL msg=audit(1700000000.040:${40 + index}): arch=c000003e syscall=${number} success=yes exit=0`;
      return liveEvents([`${head} a0=1 a1=0 a2=0 a3=0 items=0 ppid=1 pid=20 comm="sh" exe="/bin/sh"`], torn);
    });
    const { entries, lines } = recordedLive([sessionStart(), ...events]);
    const told = replayDiag(lines);

    expect(told.entries).toEqual(entries);
    expect(told.losses.map(({ reason }) => reason)).toEqual([
      `Audit event 40, of which nothing is recorded, may be incomplete: ${torn}.`,
    ]);
  });

  it('with a line that cannot be read goes on, and counts it', () => {
    const live = recordedLive(run);
    const [start = '', ...rest] = live.lines;
    const bad = ['type=GODO_LOSS msg=audit(1700000000.001:0): {"kind":', 'rubbish'];
    const { entries, counters } = replayDiag([start, ...bad, ...rest]);

    expect(entries).toEqual(live.entries);
    expect(counters).toMatchObject({ badLines: 2, firstBad: 'line 2: its content is no JSON' });
  });

  it('with an event in which something is missing, or is something else, goes on', () => {
    const { lines } = recordedLive(run);
    const own = lines.filter((line) => line.startsWith('type=GODO_'));
    const odd = fc.constantFrom(null, -1, 1.5, 'x', true, [], {}, [null], 2 ** 60, { toString: 1, valueOf: 1 });
    fc.assert(
      fc.property(fc.constantFrom(...own), fc.nat(), fc.option(odd, { nil: undefined }), (line, which, value) => {
        const [head = ''] = /^[^{]*/.exec(line) ?? [];
        const content = JSON.parse(line.slice(head.length)) as Record<string, unknown>;
        const places = placesIn(content);
        const [node, name] = places[which % places.length] ?? [content, 'kind'];
        node[name] = value;
        const damaged = lines.map((one) => (one === line ? head + JSON.stringify(content) : one));
        expect(replayDiag(damaged).counters.lines).toBe(lines.length);
      }),
      { numRuns: 1000 },
    );
  });

  it('without a field that an event must have counts the line as bad', () => {
    const { lines } = recordedLive(run);
    for (const kind of ['FORK', 'EXIT', 'STAR', 'LOSS', 'SNAPSHOT', 'CONTAINER']) {
      const line = lines.find((one) => one.startsWith(`type=GODO_${kind} `)) ?? '';
      const damaged = replayDiag(lines.map((one) => (one === line ? line.replace('"timeNs"', '"time"') : one)));
      expect([kind, damaged.counters.badLines]).toEqual([kind, 1]);
    }
  });

  it('whose mark of an incomplete event cannot be read says so, and no other reason', () => {
    const first = 'type=GODO_INCOMPLETE msg=audit(1700000000.032:32): ';
    const { lines } = recordedLive(run);
    const damaged = lines.map((line) => (line.startsWith(first) ? `${first}{"reason` : line));
    expect(damaged).not.toEqual(lines);
    const reasons = replayDiag(damaged).losses.map(({ reason }) => reason);
    expect(reasons.filter((reason) => reason.includes('may be incomplete'))).toEqual([
      'Audit event 32 (write) may be incomplete: the mark that says why cannot be read.',
    ]);
  });

  it('without its beginning, or with a second one, says so', () => {
    const [start = '', ...rest] = recordedLive(run).lines;
    expect(replayDiag(rest).counters.firstBad).toBe('line 1: it stands before the beginning of the run');
    const twice = replayDiag([start, start, ...rest]);
    expect([twice.counters.badLines, twice.counters.firstBad]).toEqual([1, 'line 2: a second run begins']);
    expect(twice.entries).toEqual(recordedLive(run).entries);
  });
});
