import { beforeEach, describe, expect, it } from 'vitest';
import type { ConnectorEvent, ForkEvent, SnapshotEvent } from '../../src/events.ts';
import { ProcReader } from '../../src/proc/proc-reader.ts';
import { ConnectorEvents } from '../../src/stages/connector-events.ts';
import { ConnectorMessages, processEvent } from '../../src/stages/connector-message.ts';
import { ReadingBudget } from '../../src/stages/reading-budget.ts';
import { type FakeProcess, fakeProc, stat } from '../support/fake-proc.ts';

const container = 'c'.repeat(64);
/** A moment in the middle of tick 5000; the machine never slept. */
const bootNs = 50_005_000_000n;
const offsets = { realtimeNs: 1_700_000_000_000_000_000n, boottimeNs: 0n };
const nowUs = Number(bootNs) / 1000;

interface Message {
  readonly what: number;
  readonly data: readonly number[];
  /** µs after `bootNs`. */
  readonly atUs?: number;
  readonly cpu?: number;
  readonly seq?: number;
}

const fork = (tgid: number, parent = 10, pid = tgid): Message => ({
  what: processEvent.fork,
  data: [parent, parent, pid, tgid],
});
const exec = (tgid: number): Message => ({ what: processEvent.exec, data: [tgid, tgid] });
const exit = (tgid: number, pid = tgid): Message => ({ what: processEvent.exit, data: [pid, tgid, 256, 17, 10, 10] });

const shell: FakeProcess = {
  stat: stat('sh', 10, 5000),
  cgroup: '0::/system.slice/cron.service\n',
  cmdline: 'sh\0-c\0true\0',
  exe: '/usr/bin/dash',
  cwd: '/srv',
  root: 'root of the host',
};
const self = { root: 'root of the host' };
const place = { startTicks: 5000, containerId: null };
const program = {
  ...place,
  comm: 'sh',
  argv: ['sh', '-c', 'true'],
  exe: '/usr/bin/dash',
  cwd: '/srv',
  rootfs: '/',
};

/** The one task of which the kernel told. */
const used = { pid: 21, usage: { cpuUs: 1234, maxRssKb: 5678 } };

/** One connector stage over a /proc of these processes. */
function connector(
  processes: Record<string, FakeProcess>,
  { most = 100, pidMax = 32_768, auditTellsUs = 0 as number | null } = {},
) {
  const proc = fakeProc({ host: self, ...processes });
  const events: ConnectorEvent[] = [];
  const losses: string[] = [];
  const counters: Record<string, number> = {};
  const stage = new ConnectorEvents({
    reader: new ProcReader(proc),
    early: () => {
      throw new Error('nothing was read early');
    },
    usage: (pid) => (pid === used.pid ? used.usage : undefined),
    budget: new ReadingBudget(most, 0),
    pidMax,
    count: (counter, amount) => {
      counters[counter] = (counters[counter] ?? 0) + amount;
    },
    lost: (reason) => losses.push(reason),
    event: (event) => events.push(event),
  });
  stage.auditTellsUs = auditTellsUs;
  let seq = 0;
  return {
    proc,
    stage,
    events,
    losses,
    counters,
    take(messages: readonly Message[], lateUs = 100) {
      const bytes = Buffer.from(new ArrayBuffer(64 * messages.length));
      messages.forEach((message, index) => {
        const words = [message.what, message.cpu ?? 0, message.seq ?? seq++];
        words.forEach((word, position) => {
          bytes.writeUInt32LE(word, 64 * index + 4 * position);
        });
        bytes.writeBigUInt64LE(bootNs + BigInt(message.atUs ?? 0) * 1000n, 64 * index + 16);
        message.data.forEach((word, position) => {
          bytes.writeUInt32LE(word, 64 * index + 32 + 4 * position);
        });
      });
      stage.take(new ConnectorMessages(bytes), messages.length, offsets, nowUs + lateUs);
    },
    /** What became known of each fork and exec. */
    facts: () => events.flatMap((event) => (event.kind === 'exit' ? [] : [[event.kind, event.tgid, event.proc]])),
  };
}

describe('what a process is in its container', () => {
  const inside = (pid: number) => ({
    ...shell,
    cgroup: `0::/docker/${container}\n`,
    status: `NSpid:\t${pid}\t${pid - 19}\n`,
    namespaces: [2, 2, 2, 2, 2, 2, 2],
  });
  const host = { host: { ...self, namespaces: [1, 2, 2, 2, 1, 2, 2] } };
  const looked = (found: ReturnType<typeof connector>) =>
    found.events.flatMap((event) => (event.kind === 'became' ? [[event.tgid, event.proc?.pids]] : []));

  it('is read of the first one there when readings are spent, and not of those that it makes', () => {
    const found = connector({ ...host, 20: inside(20), 21: inside(21) }, { most: 0 });
    found.take([fork(20), exec(20)]);
    found.take([fork(21, 20), exec(21), exec(20)]);

    expect(looked(found)).toEqual([
      [20, [20, 1]],
      [21, undefined],
      [20, [20, 1]],
    ]);
  });

  it('is read again of what a runtime becomes, for it was on its way there', () => {
    const runc = { ...inside(20), exe: '/usr/bin/runc' };
    const found = connector({ ...host, 20: runc, 21: inside(21) }, { most: 0 });
    found.take([fork(20), exec(20)]);
    found.take([fork(21, 20), exec(21)]);

    expect(looked(found)).toEqual([
      [20, [20, 1]],
      [21, [21, 2]],
    ]);
  });

  it('is not read again of the children of one that the snapshot has seen', () => {
    const found = connector({ ...host, 20: inside(20) }, { most: 0 });
    found.stage.knowInside([{ tgid: 10, proc: { startTicks: 1, containerId: container } } as SnapshotEvent]);
    found.take([fork(20, 10), exec(20)]);

    expect(looked(found)).toEqual([[20, undefined]]);
  });
});

describe('an exec that is read of late', () => {
  it('is told without what /proc shows of a process that has its number since', () => {
    const later = connector({ 20: { ...shell, stat: stat('sh', 10, 5002) } });
    later.take([exec(20)], 5_000_000);
    expect(later.facts()).toEqual([['became', 20, null]]);
  });

  it('is told with it where the process had begun by then, also where nobody told of its start', () => {
    const same = connector({ 20: shell });
    same.take([exec(20)], 5_000_000);
    expect(same.facts()).toEqual([['became', 20, program]]);
  });
});

describe('messages of the connector', () => {
  it('become events, each with its moment and its numbers', () => {
    const { take, events, counters } = connector({});
    take([{ ...fork(20), cpu: 1, seq: 7 }, { ...exec(20), cpu: 1, seq: 8, atUs: 300 }, exit(20), exit(20, 21)]);
    const origin = { cpu: 1, monotonicNs: bootNs, timeNs: offsets.realtimeNs + bootNs };

    expect(events).toEqual([
      { kind: 'fork', ...origin, seq: 7, parentPid: 10, parentTgid: 10, pid: 20, tgid: 20, ticks: 5000, proc: null },
      {
        kind: 'became',
        cpu: 1,
        seq: 8,
        monotonicNs: bootNs + 300_000n,
        timeNs: origin.timeNs + 300_000n,
        pid: 20,
        tgid: 20,
        proc: null,
      },
      { kind: 'exit', ...origin, cpu: 0, seq: 0, pid: 20, tgid: 20, status: 256 },
      { kind: 'exit', ...origin, cpu: 0, seq: 1, pid: 21, tgid: 20, status: 256, usage: used.usage },
    ]);
    expect(counters.connectorMessages).toBe(4);
  });

  it('that are of no process are none, but they count', () => {
    const { take, events, losses } = connector({});
    take([{ what: 4, data: [20, 20, 0, 0] }, { what: 0, data: [0] }, exit(20)]);

    expect([events.map(({ kind, seq }) => [kind, seq]), losses]).toEqual([[['exit', 2]], []]);
  });

  it('that are missing are told, before what came after them', () => {
    const { take, losses, counters } = connector({});
    take([exit(20), { ...exit(21), seq: 5 }]);

    expect(losses).toEqual(['4 connector message(s) of CPU 0 never came.']);
    expect(counters.connectorMissing).toBe(4);
  });

  it('in great number are taken in order, and nothing stays open', () => {
    const { take, events, proc } = connector({ 20: shell });
    take(Array.from({ length: 200 }, () => [fork(20), exec(20), exit(20)]).flat());

    expect(events.map(({ kind }) => kind)).toEqual(
      Array.from({ length: 200 }, () => ['fork', 'became', 'exit']).flat(),
    );
    expect(proc.held()).toBe(0);
  });
});

describe('a host with little to do', () => {
  it('is asked for the place of a process at its fork, and for everything at its exec', () => {
    const { take, facts, proc } = connector({ 20: shell });
    take([fork(20)]);
    take([exec(20)]);

    expect(facts()).toEqual([
      ['fork', 20, place],
      ['became', 20, program],
    ]);
    expect(proc.looks).toEqual(['20 cgroup', '20 stat+cgroup', '20 cmdline+exe+cwd+root', 'host root']);
  });

  it('is asked for the places of all processes before the command line of any', () => {
    const { take, proc } = connector({ 20: shell, 21: shell });
    take([exec(20), exec(21)]);

    expect(proc.looks.filter((look) => !look.startsWith('host'))).toEqual([
      '20 stat+cgroup',
      '21 stat+cgroup',
      '20 cmdline+exe+cwd+root',
      '21 cmdline+exe+cwd+root',
    ]);
  });

  it('is asked again when a process starts a thread before its first exec, which a runtime may have moved', () => {
    const processes: Record<number, FakeProcess> = { 20: shell };
    const { take, facts, proc } = connector(processes);
    take([fork(20)]);
    const before = proc.looks.length;
    take([fork(20, 10, 21)], 5_000);
    take([fork(20, 10, 22)], 20_000);
    take([exec(20), fork(20, 10, 23)], 40_000);

    expect(facts().map(([kind, , read]) => [kind, read !== null])).toEqual([
      ['fork', true],
      // Just looked at.
      ['fork', false],
      ['fork', true],
      ['became', true],
      // It has executed.
      ['fork', false],
    ]);
    expect(proc.looks.slice(before, before + 1)).toEqual(['20 stat+cgroup']);
  });
});

describe('the start of a process', () => {
  const startOf = (message: Message, options: { pidMax?: number } = {}, lateUs = 100) => {
    const { take, events, proc } = connector({ 20: { ...shell, stat: stat('sh', 10, 4999) } }, options);
    take([message], lateUs);
    const [event] = events as ForkEvent[];
    return [event?.ticks, event?.proc?.startTicks, proc.looks];
  };

  it('follows from the moment of its fork', () => {
    expect(startOf(fork(20))).toEqual([5000, 5000, ['20 cgroup']]);
  });

  it('is read where that is just behind the edge of a tick: it may have begun before', () => {
    const atEdge = { ...fork(20), atUs: -4_500 };

    expect(startOf(atEdge)).toEqual([5000, 4999, ['20 stat+cgroup']]);
  });

  it('is read where the fork is a while ago, or numbers are few: another may have this one now', () => {
    expect(startOf(fork(20), {}, 20_000)).toEqual([5000, 4999, ['20 stat+cgroup']]);
    expect(startOf(fork(20), { pidMax: 4096 })).toEqual([5000, 4999, ['20 stat+cgroup']]);
  });
});

describe('a host that starts more processes than can be read', () => {
  let busy: ReturnType<typeof connector>;
  beforeEach(() => {
    busy = connector({ 20: shell, 21: { ...shell, cgroup: `0::/docker/${container}\n` } }, { most: 0 });
  });

  it('is asked for container and executable at an exec, and not at the fork before', () => {
    busy.take([fork(20)]);
    busy.take([exec(20)]);
    busy.stage.settle();

    expect(busy.facts()).toEqual([
      ['fork', 20, null],
      ['became', 20, { ...place, exe: '/usr/bin/dash' }],
    ]);
    expect(busy.proc.looks).toEqual(['20 cgroup', '20 exe']);
  });

  it('is asked later for a process that was not followed by an exec', () => {
    busy.take([fork(21)]);
    busy.stage.settle();
    busy.stage.settle();

    expect(busy.facts()).toEqual([['fork', 21, { startTicks: 5000, containerId: container }]]);
    expect(busy.proc.looks).toEqual(['21 stat+cgroup', '21 mountinfo', 'host mountinfo']);
  });

  it('is not asked for what has ended', () => {
    busy.take([fork(20), exec(20), exit(20), fork(21)]);
    busy.take([exit(21)]);
    busy.stage.settle();

    expect(busy.facts()).toEqual([
      ['fork', 20, null],
      ['became', 20, null],
      ['fork', 21, null],
    ]);
    expect(busy.proc.looks).toEqual([]);
  });

  it('is asked all the same for a process whose leader had ended before another thread executed', () => {
    busy.take([fork(20), exit(20), exec(20)]);

    expect(busy.facts().at(-1)).toEqual(['became', 20, program]);
  });

  it('is asked for everything where audit does not tell of an exec', () => {
    const unaudited = connector({ 20: shell }, { most: 0, auditTellsUs: null });
    unaudited.take([fork(20), exec(20)]);
    const forkedBefore = connector({ 20: shell }, { most: 0, auditTellsUs: nowUs + 10 });
    forkedBefore.take([fork(20), exec(20)]);
    // Nobody saw its fork.
    busy.take([exec(20)]);

    const became = ['became', 20, program];
    expect([unaudited, forkedBefore, busy].map(({ facts }) => facts().at(-1))).toEqual([became, became, became]);
  });
});
