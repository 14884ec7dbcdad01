/** Very many processes of very short lives, in a container: every one is told, with the right identity and place. */

import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { useAuditScene } from './support/audit-scene.ts';
import { docker, useDockerEngine } from './support/docker-scene.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built, startGodo } from './support/programs.ts';
import { type Outcome, runOrThrow } from './support/run-program.ts';
import { type ShownProcess, showEvidence, succeed } from './support/shown-evidence.ts';

const parents = 4;
const childrenEach = 5_000;
/** A listener that starts in a storm must not be kept from starting by it. */
const killedParents = 2;
const pidMax = '/proc/sys/kernel/pid_max';
/** 20,000 processes go more than five times through what is left of it above 300, where the kernel begins again. */
const fewPids = 4_000;
const stormMs = 5 * 60_000;

/** The first child behind the gap may have begun so long after it: the parents are not quicker than this. */
const startMs = 250;

function isoMs(time: string | null | undefined): number {
  return Date.parse(time ?? '');
}

const needs = [root, built, ...docker, program('auditctl', 'auditd'), program('gcc', 'gcc')];

/** What is shown of it, when the listener has ended as it should. */
async function evidenceIn(db: string, ended: Outcome) {
  expect(ended.code).toBe(0);
  await succeed('filter', ['--db', db]);
  return showEvidence(['--db', db]);
}

describeWith('a storm of processes in a container', needs, () => {
  let folder: string;
  useAuditScene('godo-storm-', 'once', (scene) => {
    folder = scene.folder;
  });
  const engine = useDockerEngine();
  const pidMaxBefore = readFileSync(pidMax, 'utf8');

  beforeAll(async () => {
    const source = fileURLToPath(new URL('./programs/storm.c', import.meta.url));
    await runOrThrow('gcc', ['-static', '-O1', '-o', join(folder, 'storm'), source]);
  });

  afterAll(() => {
    writeFileSync(pidMax, pidMaxBefore);
  });

  /** The container's id, and all that is shown of it. */
  async function record() {
    const db = await mkdtemp(join(folder, 'db-'));
    const godo = await startGodo(['--db', db], { cwd: folder });
    let ended: Outcome;
    let id: string;
    try {
      const create = ['create', '--network', 'none', '-v', `${folder}/storm:/storm:ro`, engine().image];
      id = await engine().dockerOrThrow([...create, '/storm', `${parents}`, `${childrenEach}`]);
      await engine().dockerOrThrow(['start', '--attach', id], stormMs);
    } finally {
      ended = await godo.stop();
    }
    const shown = await evidenceIn(db, ended);
    return { id, shown, processes: shown.processes.filter((process) => process.argv?.[0] === '/storm') };
  }

  it.each([
    { pids: 'pids to spare', most: null },
    { pids: 'pids that come round', most: fewPids },
  ])(
    'loses none, and gives each its own arguments, parent, container and exit code, with $pids',
    { timeout: stormMs * 2 },
    async ({ most }) => {
      if (most !== null) writeFileSync(pidMax, `${most}`);
      const { id, shown, processes } = await record();
      const byKey = new Map(shown.processes.map((process) => [process.key, process]));
      const parentOf = (process: ShownProcess) => byKey.get(process.parentKey ?? '');
      const children = processes.filter(({ argv }) => argv?.[1] === 'child');
      const told = children.map((process) => ({
        argv: process.argv?.slice(1),
        parent: parentOf(process)?.argv?.slice(1),
        parentSource: process.parentSource,
        containerId: process.containerId,
        exitCode: process.exitCode,
        executions: process.executions.length,
      }));
      const expected = Array.from({ length: parents * childrenEach }, (_, index) => {
        const [parent, child] = [Math.floor(index / childrenEach), index % childrenEach];
        return {
          argv: ['child', `${parent}-${child}`],
          parent: ['parent', `${parent}`, `${childrenEach}`],
          parentSource: 'kernel',
          containerId: id,
          exitCode: child % 251,
          executions: 1,
        };
      });
      const name = (value: { argv: readonly string[] | undefined }) => value.argv?.join(' ') ?? '';
      const sorted = <T extends { argv: readonly string[] | undefined }>(values: readonly T[]) =>
        values.toSorted((a, b) => (name(a) < name(b) ? -1 : 1)).map((value) => JSON.stringify(value));
      const [found, wanted] = [sorted(told), sorted(expected)];
      const differences = found.filter((text, index) => text !== wanted[index]);
      if (differences.length > 0) process.stderr.write(`${differences.slice(0, 5).join('\n')}\n`);
      expect({
        found: found.length,
        differences: differences.slice(0, 5),
        others: processes.length - children.length,
      }).toEqual({
        found: wanted.length,
        differences: [],
        others: parents + 1,
      });
      expect(byKey.size).toBe(shown.processes.length);
      expect(shown.losses.filter((loss) => loss.severity === 'loss')).toEqual([]);
      const tooYoung = shown.processes.filter((process) => {
        const parent = parentOf(process);
        return parent?.start != null && process.start !== null && parent.start > process.start;
      });
      expect(tooYoung).toEqual([]);
      if (most !== null) {
        const lives = new Map<number, number>();
        for (const { tgid } of children) lives.set(tgid, (lives.get(tgid) ?? 0) + 1);
        const counts = [...lives.values()].toSorted((a, b) => a - b);
        expect(counts[Math.floor(counts.length / 2)]).toBeGreaterThanOrEqual(5);
      }
    },
  );

  it(
    'is whole but for a stated gap where the listener is killed in the middle and started again',
    async () => {
      const db = await mkdtemp(join(folder, 'db-'));
      const first = await startGodo(['--db', db], { cwd: folder });
      let id: string;
      let ended: Outcome;
      try {
        const run = ['run', '--detach', '--network', 'none', '-v', `${folder}/storm:/storm:ro`, engine().image];
        id = await engine().dockerOrThrow([...run, '/storm', `${killedParents}`, '1000000', '19']);
        await sleep(4_000);
      } finally {
        await first.stop('SIGKILL');
      }
      await sleep(500);
      const second = await startGodo(['--db', db], { cwd: folder });
      try {
        await sleep(2_000);
        await engine().dockerOrThrow(['kill', id]);
      } finally {
        ended = await second.stop();
      }
      const { processes, losses } = await evidenceIn(db, ended);

      const inStorm = processes.filter(({ argv }) => argv?.[0] === '/storm');
      const byKey = new Map(processes.map((process) => [process.key, process]));
      const children = inStorm.filter(({ argv }) => argv?.[1] === 'child');
      // A child whose exec lies in the gap, or was cut off by the end of the container, shows what it was forked with.
      const hasExecuted = ({ executions }: ShownProcess) => executions.some(({ success }) => success);
      const others = inStorm.filter((process) => process.argv?.[1] !== 'child' && hasExecuted(process));
      const forked = inStorm.filter((process) => !hasExecuted(process));
      expect(others.map(({ argv }) => argv?.slice(0, 3).join(' ')).toSorted()).toEqual([
        `/storm ${killedParents} 1000000`,
        ...Array.from({ length: killedParents }, (_, parent) => `/storm parent ${parent}`),
      ]);
      const lost = losses.filter(({ severity }) => severity === 'loss');
      const [gap, ...more] = lost;
      expect([gap?.source, gap?.reason.includes('was cut off')]).toEqual(['listener', true]);
      // Where this machine is too slow for the storm, messages are lost while the second one starts, and that is stated too.
      expect(more.filter(({ source }) => source !== 'connector')).toEqual([]);
      const rescanned =
        more.length === 0 ? [] : losses.filter(({ source }) => source === 'proc').map(({ to }) => isoMs(to));
      const [from, to] = [isoMs(gap?.from), Math.max(isoMs(gap?.to), ...rescanned)];
      // Of what happened in the stated gap some is told. A look at the clock is up to a tick older than what follows it.
      const tickMs = 10;
      const told = Array.from({ length: killedParents }, (_, parent) => {
        const own = children
          .filter(({ argv }) => argv?.[2]?.startsWith(`${parent}-`))
          .map(({ argv, start, executions }) => ({
            number: Number(argv?.[2]?.split('-')[1]),
            // Of one that only its queued records tell of the start is not known.
            ms: isoMs(start ?? executions[0]?.time),
          }))
          .toSorted((a, b) => a.number - b.number);
        const missing = own.flatMap(({ number, ms }, index) => {
          const before = own[index - 1];
          return before === undefined || number === before.number + 1 ? [] : [[before.ms, ms] as const];
        });
        const numbers = own.map(({ number }) => number);
        return {
          first: numbers[0],
          twice: numbers.length - new Set(numbers).size,
          isGap: missing.length > 0,
          outside: missing.filter(
            ([beforeMs, behindMs]) => beforeMs < from - tickMs || behindMs > to + tickMs + startMs,
          ),
        };
      });
      expect(told).toEqual(
        Array.from({ length: killedParents }, () => ({ first: 0, twice: 0, isGap: true, outside: [] })),
      );
      // The last ones were killed before they executed anything.
      const unexplained = forked.filter(
        ({ start, exitSignal }) => exitSignal !== 9 && (isoMs(start) < from - tickMs || isoMs(start) > to + startMs),
      );
      expect(unexplained).toEqual([]);
      const astray = children.filter(({ argv, containerId, parentKey }) => {
        const parent = byKey.get(parentKey ?? '')?.argv;
        return containerId !== id || parent?.[1] !== 'parent' || parent[2] !== argv?.[2]?.split('-')[0];
      });
      expect(
        astray.map(({ key, argv, containerId, parentKey, warnings }) => [key, argv, containerId, parentKey, warnings]),
      ).toEqual([]);
      expect(processes.filter(({ star, parentKey }) => !star && !byKey.has(parentKey ?? ''))).toEqual([]);
      expect(inStorm.filter(({ exit }) => exit === null)).toEqual([]);
    },
    stormMs * 2,
  );

  it(
    'tells of what a look through /proc showed where messages were lost',
    async () => {
      const db = await mkdtemp(join(folder, 'db-'));
      const godo = await startGodo(['--db', db], { cwd: folder });
      const run = ['run', '--detach', '--network', 'none'];
      let ended: Outcome;
      let survivor: string;
      try {
        const victim = await engine().dockerOrThrow([...run, engine().image, 'sleep', '1001']);
        await sleep(2_000);
        process.kill(godo.pid, 'SIGSTOP');
        try {
          // More messages than the socket has room for; what comes after them is lost.
          const storm = ['run', '--network', 'none', '-v', `${folder}/storm:/storm:ro`, engine().image, '/storm'];
          await engine().dockerOrThrow([...storm, `${parents}`, `${2 * childrenEach}`], stormMs);
          survivor = await engine().dockerOrThrow([...run, engine().image, 'sleep', '1002']);
          await engine().dockerOrThrow(['kill', victim]);
        } finally {
          process.kill(godo.pid, 'SIGCONT');
        }
        await sleep(8_000);
        await engine().dockerOrThrow(['kill', survivor]);
      } finally {
        ended = await godo.stop();
      }
      const { processes, losses } = await evidenceIn(db, ended);
      const sleeping = (seconds: string) => processes.filter(({ argv }) => argv?.join(' ') === `sleep ${seconds}`);

      const warnings = (shown: readonly ShownProcess[]) => shown.flatMap((one) => one.warnings ?? []);
      expect(sleeping('1001').map(({ exitCode, exitSignal, exit }) => [exitCode, exitSignal, exit !== null])).toEqual([
        [null, null, true],
      ]);
      expect(warnings(sleeping('1001'))).toContain(
        'its exit was not told: messages of the connector had been lost, and then it was gone',
      );
      expect(sleeping('1002').map(({ containerId, exitSignal }) => [containerId, exitSignal])).toEqual([[survivor, 9]]);
      expect(warnings(sleeping('1002'))).toContain('its start was not told: messages of the connector had been lost');
      const told = losses.filter(({ source }) => source === 'connector' || source === 'proc');
      expect(new Set(told.map(({ source, severity }) => `${source} ${severity}`))).toEqual(
        new Set(['connector loss', 'proc warning']),
      );
    },
    stormMs * 2,
  );
});
