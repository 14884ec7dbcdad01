/**
 * Faults while a load runs: it is not held up, what is lost of it is stated, and no rule is left behind. Each can be run
 * alone (`npm run fault -- NAME`) and tells its figures on standard error.
 */

import { chmod, mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { StoreTarget } from '@godo/evidence';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { canStartMongoServer, startMortalMongoServer } from '../packages/evidence/test/support/mongodb-server.ts';
import type { Status } from '../packages/listener/src/commands/status.ts';
import type { RunState } from '../packages/listener/src/kernel/run-file.ts';
import { counterMeanings } from '../packages/listener/src/metrics/counter-meanings.ts';
import { useAuditScene } from './support/audit-scene.ts';
import { readAuditState } from './support/audit-state.ts';
import { buildWitness, serialsBetween, startWitness, type Witnessed } from './support/audit-witness.ts';
import { startAuditd } from './support/auditd.ts';
import type { EventSums } from './support/event-sums.ts';
import { callsOfSpawn, FaultLoad, type LoadResult, type LoadShape, loadUid } from './support/fault-load.ts';
import { type FaultTime, inWords, isHeldUp, monotonicMs, type Pace, paceOf } from './support/load-pace.ts';
import { type Account, account, tell } from './support/loss-account.ts';
import { metricsFrom } from './support/metrics.ts';
import { rawDatabase, useMongoServer } from './support/mongodb-scene.ts';
import { unmountBelow } from './support/mounts.ts';
import { describeWith, program, root } from './support/needs.ts';
import { stuckProcesses } from './support/processes.ts';
import { built, type RunningGodo, runGodoProgram, startGodo } from './support/programs.ts';
import { runOrThrow } from './support/run-program.ts';
import { waitFor } from './support/wait-for.ts';

/** Batches of 306 audited calls, until the fault is over; 1,000 are a minute at least. */
const usualLoad: LoadShape = { batches: 5_000, pause: 40, files: 100, spawns: 2 };
/** Where the database is to take it all afterwards. */
const slowLoad: LoadShape = { ...usualLoad, pause: 110, files: 20, spawns: 1 };
/** As much as one process can do. */
const heavyLoad: LoadShape = { batches: 100_000, pause: 0, files: 1_000, spawns: 4 };
/** So long the load runs before a fault, and so long after it, ms. */
const aroundMs = 900;
const faultMs = 150_000;
/** A daemon that takes nothing for so long loses what waits for it (UNICAST_RETRIES in kernel/audit.c, 100 ms each). */
const givenUpMs = 500;
/** What takes minutes is not part of every run: `FAULTS_LONG=1`. */
const isLong = process.env.FAULTS_LONG === '1';
const settleMs = 25 * 60_000;
const few = 1_000;
const longTimes = { timeout: settleMs + 10 * 60_000 };
/** So many records of others the kernel may drop while its queue is full: it counts them, and nobody can tell them apart. */
const fewRecords = 5;
/** What README says. */
const boundMb = 512;

interface Run {
  readonly target: StoreTarget;
  readonly options: readonly string[];
  readonly shape: LoadShape;
  /** What is waited for before godo is stopped. */
  readonly settled?: () => Promise<void>;
}

type During = <T>(fault: () => Promise<T>) => Promise<T>;

/** What it does within `during` is the fault. May put another listener in the place of the first. */
type Fault = (godo: RunningGodo, during: During) => Promise<RunningGodo | undefined>;

interface Found extends Account {
  readonly pace: Pace;
  readonly witnessed: Witnessed;
  readonly sums: EventSums;
  /** Of the times that were the fault, ms. */
  readonly longestMs: number;
}

async function peakMemoryMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1');
  return Math.round(Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024);
}

const programPath = (name: string) => fileURLToPath(new URL(`./programs/${name}`, import.meta.url));

const nothing = { missingCalls: 0, missingSpawns: 0, untrue: 0 };

const needs = [root, built, program('auditd', 'auditd'), program('gcc', 'gcc'), program('python3', 'python3')];

describeWith('a fault', needs, () => {
  const scene = useAuditScene('godo-faults-', 'once');
  let load: FaultLoad;
  let witness: string;

  /** The load, and a fault after its beginning. */
  async function run({ target, options, shape, settled }: Run, fault: Fault): Promise<Found> {
    const times: FaultTime[] = [];
    const during: During = async (part) => {
      const fromMs = monotonicMs();
      try {
        return await part();
      } finally {
        times.push({ fromMs, toMs: monotonicMs() });
      }
    };
    await load.hideOthers();
    const other = await startWitness(witness, loadUid);
    let result: LoadResult;
    let mostMb: number;
    let witnessed: Witnessed;
    try {
      let godo = await startGodo(options);
      try {
        const running = await load.start(shape);
        running.ended.catch(() => undefined);
        try {
          await sleep(aroundMs);
          godo = (await fault(godo, during)) ?? godo;
          await sleep(aroundMs);
        } finally {
          running.finish();
        }
        result = await running.ended;
        await settled?.();
        mostMb = await peakMemoryMb(godo.pid);
      } finally {
        await godo.stop();
      }
    } finally {
      witnessed = await other.stop();
      await load.showOthers();
    }
    const found = await account(target, result, mostMb, witnessed);
    const { sums } = found;
    if (sums === null) throw new Error('There was a witness.');
    const longestMs = Math.max(0, ...times.map(({ fromMs, toMs }) => toMs - fromMs));
    return { ...found, witnessed, sums, longestMs, pace: paceOf(result.batches, times) };
  }

  async function sqlite(options: readonly string[] = [], shape = usualLoad): Promise<Run> {
    const db = await mkdtemp(join(scene().folder, 'db-'));
    return { target: { kind: 'sqlite', directory: db }, options: ['--db', db, ...options], shape };
  }

  /** What holds whatever the fault is: all that the load did is in the evidence, or stated to be lost. */
  function expectHonest(name: string, found: Found, otherwise = found.pace.otherwise): void {
    tell(name, found, inWords(found.pace));
    expect(found.mostMb).toBeLessThan(boundMb);
    expect(found.unstated).toEqual([]);
    expect(isHeldUp(found.pace, otherwise)).toBe(false);
  }

  /** One listener with the audit role, all the time, that took what came: the kernel has counted all that is lost. */
  function expectExactSums(found: Found): void {
    expectEvents(found);
    const { sums, counters } = found;
    expectCounted(sums);
    expect(sums.uncounted).toBeLessThanOrEqual(sums.others.records);
    // Then godo alone can tell how many calls were lost whole: records lost, less those that its incomplete events lack.
    if (sums.dropped !== 0) return;
    const whole = sums.lost - (counters.missingRecords ?? 0);
    expect(whole).toBeGreaterThanOrEqual(sums.neverMade);
    expect(whole).toBeLessThanOrEqual(sums.neverMade + mostOfOthers(sums));
  }

  /** The kernel has counted what the load lacks, and a few of others at most. */
  function expectCounted(sums: EventSums): void {
    expect(sums.uncounted).toBeGreaterThanOrEqual(-mostOfOthers(sums));
  }

  const mostOfOthers = ({ lost }: EventSums) => (lost === 0 ? 0 : fewRecords);

  /**
   * Each event came, or is stated: by its serial, or, where it has none, within the kernel's count. Of a daemon that takes
   * nothing for half a second the kernel drops records that it does not count: their serials state them.
   */
  function expectSumsBySerial(found: Found): void {
    expectEvents(found);
    expectCounted(found.sums);
    expect(found.sums.uncounted).toBeLessThanOrEqual(found.sums.dropped);
  }

  function expectBetween(amount: number, least: number, most: number): void {
    expect(amount).toBeGreaterThanOrEqual(least);
    expect(amount).toBeLessThanOrEqual(most);
  }

  /** As above, in events alone: where the records came in two ways, some came twice. */
  function expectEvents({ sums, witnessed }: Found): void {
    expect(witnessed).toMatchObject({ overruns: 0, headless: 0 });
    // What others did before godo listened, or after it, the witness alone has.
    expect(sums.difference).toBeGreaterThanOrEqual(0);
    expect(sums.difference).toBeLessThanOrEqual(sums.others.events);
  }

  beforeAll(async () => {
    // In memory: a disk that others use as well takes its time.
    const folder = join(scene().folder, 'load');
    await chmod(scene().folder, 0o711);
    await mkdir(folder);
    await runOrThrow('mount', ['-t', 'tmpfs', 'none', folder]);
    load = await FaultLoad.build(folder);
    await runOrThrow('gcc', ['-O1', '-o', join(scene().folder, 'take-role'), programPath('take-role.c')]);
    witness = await buildWitness(scene().folder);
  }, 20 * 60_000);

  afterAll(async () => {
    await unmountBelow(scene().folder);
  });

  afterEach(async () => {
    expect(await stuckProcesses()).toEqual([]);
    expect(await readAuditState()).toEqual(scene().before);
  });

  it('that is none: all is recorded', { retry: 2, timeout: faultMs }, async () => {
    const found = await run(await sqlite(), async () => undefined);
    tell('no fault', found, inWords(found.pace));
    expect(found).toMatchObject({ ...nothing, misclosed: 0, stated: { records: 0, events: 0, documents: 0 } });
    expectExactSums(found);
    const others = found.received.records - found.generated.records;
    expect(others).toBeGreaterThanOrEqual(0);
    expect(others).toBeLessThanOrEqual(found.sums.others.records);
  });

  it('SIGSTOP of godo for 10 s', { retry: 2, timeout: faultMs }, async () => {
    const found = await run(await sqlite(['--receive-buffer', '4M', '--no-bpf']), async (godo, during) => {
      await during(async () => {
        process.kill(godo.pid, 'SIGSTOP');
        await sleep(10_000);
        process.kill(godo.pid, 'SIGCONT');
      });
      return undefined;
    });
    expectHonest('SIGSTOP', found);
    expectSumsBySerial(found);
    expect((found.stated.records ?? 0) + (found.stated.events ?? 0)).toBeGreaterThan(0);
  });

  it('SIGKILL of godo', { retry: 2, timeout: faultMs }, async () => {
    let kept: Readonly<Record<string, number>> = {};
    const noted = async () => JSON.parse(await readFile('/run/godo/listener.json', 'utf8')) as RunState;
    const given = await sqlite();
    const found = await run(given, async (godo, during) => {
      // What has been opened is written down once in ten seconds, and noted once a second.
      await waitFor('a note of what is stored', async () => ((await noted()).counters.storedSerial ?? 0) > 0, 40_000);
      return await during(async () => {
        await godo.stop('SIGKILL');
        await waitFor('no rule of ours', async () => (await readAuditState()).rules.length === 1, 5_000);
        await waitFor('the settings as they were', async () => (await noted()).restored === true, 20_000);
        kept = (await noted()).counters;
        return await startGodo(given.options);
      });
    });
    expectHonest('SIGKILL', found);
    expect(found.outside).toEqual([]);
    expect(found.missingCalls).toBeGreaterThan(0);
    const [gap, ...more] = found.losses.filter(({ source }) => source === 'listener');
    expect(more).toEqual([]);
    const [, from, to] = (/serials (\d+) to (\d+)/.exec(gap?.reason ?? '') ?? []).map(Number);
    if (from === undefined || to === undefined) throw new Error(`No serials are stated: ${gap?.reason}`);
    const { witnessed, sums } = found;
    const [before, between, after] = [
      serialsBetween(witnessed, 0, from - 1),
      serialsBetween(witnessed, from, to),
      serialsBetween(witnessed, to + 1, 2 ** 32),
    ];
    const inDatabase = sums.generated - found.missingCalls - callsOfSpawn * found.missingSpawns;
    process.stderr.write(
      `  serials given before ${from}, from there to ${to}, and after that: ${JSON.stringify([before, between, after])}; stated ${gap?.count}, received by the second run ${found.received.events}, of the load in the database ${inDatabase}\n`,
    );
    // Each serial that was given is in the database, or stated, whatever godo's counters say.
    expect(kept.storedSerial).toBe(from - 1);
    expect(gap?.count).toBe(between.load + between.others + between.changes);
    expect(inDatabase).toBeGreaterThanOrEqual(before.load + after.load);
    expect(before.load + between.load + after.load).toBe(sums.generated - sums.neverMade);
    expectBetween(found.received.events, after.load, after.load + after.others);
    for (const part of [before, between, after]) expect(part.load).toBeGreaterThan(0);
  });

  it('a receive buffer of 64 KiB', { retry: 2, timeout: faultMs }, async () => {
    const some = async () => {
      await sleep(1_000);
      return undefined;
    };
    // All of its run is the fault: what is without it stands in a run before.
    const whole: Fault = (_, during) => during(some);
    const without = await run(await sqlite(), some);
    tell('no fault', without, inWords(without.pace));
    const found = await run(await sqlite(['--receive-buffer', '64K', '--no-bpf']), whole);
    expectHonest('receive buffer', found, without.pace.otherwise);
    expectExactSums(found);
  });

  /** A queue of so few is full at once when nobody takes anything. */
  async function withBacklog(limit: number, work: () => Promise<Found>): Promise<Found> {
    // Else that of the machine stands, for it is more.
    await runOrThrow('auditctl', ['-b', `${limit}`]);
    try {
      return await work();
    } finally {
      await runOrThrow('auditctl', ['-b', `${scene().before.backlogLimit}`]);
    }
  }

  const fiveStops =
    (ms: number): Fault =>
    async (godo, during) => {
      for (let times = 0; times < 5; times += 1) {
        await during(async () => {
          process.kill(godo.pid, 'SIGSTOP');
          await sleep(ms);
        });
        process.kill(godo.pid, 'SIGCONT');
        await sleep(150);
      }
      return undefined;
    };
  const small = ['--backlog', '64', '--receive-buffer', '64K', '--no-bpf'];

  it('an audit backlog of 64', { retry: 2, timeout: faultMs }, async () => {
    const found = await withBacklog(64, async () => await run(await sqlite(small), fiveStops(200)));
    expectHonest('backlog', found);
    // A slow machine may have stopped it for longer.
    if (found.longestMs < givenUpMs) expectExactSums(found);
    else expectSumsBySerial(found);
    expect(found.stated.records).toBeGreaterThan(0);
  });

  it('a full queue under --lossless: processes wait, and nothing is lost', { retry: 2, timeout: faultMs }, async () => {
    // More than the queue and the socket take, and no more than godo does meanwhile.
    const shape = { ...usualLoad, files: 15, spawns: 1 };
    const given = await sqlite([...small, '--lossless', '200'], shape);
    const found = await withBacklog(
      64,
      async () =>
        await run(given, async (godo, during) => {
          expect((await readAuditState()).backlogWaitTime).toBeGreaterThan(0);
          return await fiveStops(80)(godo, during);
        }),
    );
    tell('lossless', found, inWords(found.pace));
    expect(found).toMatchObject({ ...nothing, stated: { records: 0, events: 0 }, unstated: [] });
    expectExactSums(found);
    // What is held up is seen to be.
    expect(isHeldUp(found.pace, found.pace.otherwise)).toBe(true);
  });

  it('that others ask for: what is counted is told to them', { timeout: faultMs }, async () => {
    const socket = join(scene().folder, 'metrics.sock');
    const asked: string[] = [];
    const found = await run(await sqlite(['--metrics', `unix:${socket}`]), async () => {
      await sleep(3_000);
      asked.push(await metricsFrom(socket), (await runGodoProgram('godo', ['status', '--json'])).stdout);
      return undefined;
    });
    const [metrics = '', status = ''] = asked;
    const received = Number(/^godo_audit_records_total (\d+)$/m.exec(metrics)?.[1]);
    expect(received).toBeGreaterThan(1_000);
    expect(received).toBeLessThanOrEqual(found.counters.auditRecords ?? 0);
    expect(metrics).toContain('\ngodo_lost_records_total{source="kernel"} 0\n');
    const { listener, lost } = JSON.parse(status) as Status;
    expect(lost).toEqual({ records: 0, events: 0, messages: 0, documents: 0, overruns: 0 });
    expect(Object.keys(listener?.counters ?? {}).toSorted()).toEqual(Object.keys(counterMeanings).toSorted());
  });

  it('another process that takes the audit role', { retry: 2, timeout: faultMs }, async () => {
    const found = await run(await sqlite(), async (_, during) => {
      await during(() => runOrThrow(join(scene().folder, 'take-role'), ['2']));
      return undefined;
    });
    expectHonest('audit role', found);
    expectEvents(found);
    expect(found.losses.filter(({ source }) => source === 'audit-socket')).not.toEqual([]);
  });

  it('a clock that steps back an hour', { retry: 2, timeout: faultMs }, async () => {
    const found = await run(await sqlite(), async (_, during) => {
      await during(() => runOrThrow('python3', [programPath('step-clock.py'), '3600', '0.7']));
      return undefined;
    });
    expectHonest('clock', found);
    expectExactSums(found);
    expect(found).toMatchObject({ ...nothing, misclosed: 0 });
  });

  it('auditd that is started and stopped', { retry: 2, timeout: faultMs }, async () => {
    const found = await run(await sqlite(), async (_, during) => {
      const folder = await mkdtemp(join(scene().folder, 'auditd-'));
      const start = async () => await startAuditd(folder).catch(() => undefined);
      await during(async () => {
        const auditd = await waitFor('auditd to come in', start, 20_000);
        await sleep(1_000);
        await auditd.stop();
      });
      return undefined;
    });
    expectHonest('auditd', found);
    expectEvents(found);
  });

  describe.skipIf(!canStartMongoServer())('of the database', () => {
    const server = useMongoServer(startMortalMongoServer);
    let name = 0;

    async function mongodb(options: readonly string[] = [], shape = usualLoad): Promise<Run> {
      name += 1;
      const { options: where, target } = rawDatabase(server(), `raw${name}`);
      const spool = await mkdtemp(join(scene().folder, 'spool-'));
      return { target, options: [...where, '--spool', spool, ...options], shape };
    }

    async function freeze(ms: number): Promise<void> {
      process.kill(server().pid, 'SIGSTOP');
      await sleep(ms);
      process.kill(server().pid, 'SIGCONT');
    }

    it('SIGKILL of it, and back after 20 s', { retry: 2, timeout: faultMs }, async () => {
      const found = await run(await mongodb([], slowLoad), async (_, during) => {
        await during(async () => {
          await server().kill();
          await sleep(20_000);
          await server().startAgain();
        });
        return undefined;
      });
      expectHonest('database killed', found);
      expectExactSums(found);
      expect(found).toMatchObject(nothing);
    });

    // Not skipped, but not there: no test of a run is to be skipped.
    if (isLong) {
      it('SIGKILL of it, and back after 60 s, under all load that there can be', longTimes, async () => {
        const most = { spoolBytes: 0, queuedDocuments: 0 };
        const counters = async () => {
          const { listener } = JSON.parse((await runGodoProgram('godo', ['status', '--json'])).stdout) as Status;
          const told = listener?.counters ?? {};
          for (const name of ['spoolBytes', 'queuedDocuments'] as const)
            most[name] = Math.max(most[name], told[name] ?? 0);
          return told;
        };
        const settled = async () => {
          await waitFor(
            'the database to have taken all',
            async () => {
              const { spoolBytes, queuedDocuments } = await counters();
              // Who asks is recorded as well.
              return spoolBytes === 0 && (queuedDocuments ?? few) < few;
            },
            settleMs,
          );
        };
        const given = { ...(await mongodb([], heavyLoad)), settled };
        const found = await run(given, async (_, during) => {
          await during(async () => {
            await server().kill();
            for (let seconds = 0; seconds < 60; seconds += 5) {
              await sleep(5_000);
              await counters();
            }
            await server().startAgain();
          });
          return undefined;
        });
        expectHonest('database away under load', found);
        const ms = (found.batches.at(-1)?.endedMs ?? 0) - (found.batches[0]?.beganMs ?? 0);
        const each = (amount: number) => Math.round((amount * 1000) / ms);
        process.stderr.write(
          `  ${each(found.generated.records)} records and ${each(found.generated.events)} events a second for ${Math.round(ms / 1000)} s; at most ` +
            `${most.spoolBytes} bytes in the spool, ${found.counters.spooledDocuments} of ${found.counters.documents} documents went through it, ` +
            `${found.counters.duplicates} came twice and are there once\n`,
        );
        expect(found.counters.spooledDocuments).toBeGreaterThan(0);
        expect(found.counters.spoolDelivered).toBe(found.counters.spooledDocuments);
        expectExactSums(found);
        // Neither twice nor lost on the way to the database; what the kernel has dropped is stated.
        expect(found.untrue).toBe(0);
        expect(found.stated.documents).toBe(0);
      });
    }

    it('SIGSTOP of it for 20 s', { retry: 2, timeout: faultMs }, async () => {
      const found = await run(await mongodb([], slowLoad), async (_, during) => {
        await during(() => freeze(20_000));
        return undefined;
      });
      expectHonest('database frozen', found);
      expectExactSums(found);
      expect(found).toMatchObject(nothing);
    });

    it('SIGSTOP of it, and the end of godo meanwhile', { retry: 2, timeout: faultMs }, async () => {
      const given = await mongodb();
      await load.hideOthers();
      try {
        const godo = await startGodo(given.options);
        const running = await load.start({ batches: 4, pause: 0, files: 300, spawns: 4 });
        process.kill(server().pid, 'SIGSTOP');
        const result = await running.ended;
        const beganMs = performance.now();
        const { code, stderr } = await godo.stop();
        const tookMs = performance.now() - beganMs;
        process.kill(server().pid, 'SIGCONT');
        process.stderr.write(`the end beside a frozen database: ${Math.round(tookMs)} ms\n`);
        expect([code, stderr]).toEqual([1, expect.stringContaining('they wait in the spool')]);
        expect(tookMs).toBeLessThan(60_000);
        await (await startGodo(given.options)).stop();
        const found = await account(given.target, result, 0);
        expect(found).toMatchObject({ ...nothing, unstated: [] });
      } finally {
        process.kill(server().pid, 'SIGCONT');
        await load.showOthers();
      }
    });

    it('and no room on the disk of the spool', { retry: 2, timeout: faultMs }, async () => {
      const given = await mongodb([], { ...slowLoad, files: 50 });
      const disk = join(scene().folder, 'disk');
      await mkdir(disk, { recursive: true });
      await runOrThrow('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', disk]);
      try {
        const found = await run({ ...given, options: [...given.options, '--spool', disk] }, async (_, during) => {
          await during(() => freeze(12_000));
          return undefined;
        });
        expectHonest('spool full', found);
        // Neither of the two took what was tried.
        expect(found.counters.storeRetries).toBeGreaterThan(0);
        expectExactSums(found);
        expect(found).toMatchObject(nothing);
      } finally {
        await runOrThrow('umount', ['--lazy', disk]);
      }
    });
  });
});
