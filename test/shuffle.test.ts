/** The order in which the two streams of a real run reach the listener does not decide what is found. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { cook, type Raw } from '../packages/filter/test/support/memory-store.ts';
import type { PipelineEvent } from '../packages/listener/src/events.ts';
import { arrivalsOf, merged } from '../packages/listener/test/support/arrival.ts';
import { recordFrom, sorted } from '../packages/listener/test/support/recording.ts';
import { takeAuditLock } from './support/audit-lock.ts';
import { readAuditState, restoreAuditState } from './support/audit-state.ts';
import { staticBusybox } from './support/busybox-image.ts';
import { startDockerEngine } from './support/docker-engine.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built, startGodo } from './support/programs.ts';
import { type RecordedRun, recordedRun } from './support/recorded-run.ts';
import { runOrThrow } from './support/run-program.ts';

const needs = [
  ...[root, built, staticBusybox],
  ...[program('dockerd', 'docker.io'), program('docker', 'docker.io'), program('gcc', 'gcc')],
];
const times = 1_000;
const last = 'ls / > /tmp/c';
const script = `/storm 2 10; cat /storm > /tmp/a & (sleep 0.1; echo b > /tmp/b); exec sh -c "${last}"`;
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
/** Of each process the last argv: the shell, the storm, the cat, and a subshell with its sleep. */
const programsOfScript = [
  ['sh', '-c', last],
  ['/storm', '2', '10'],
  ...numbers(2).map((parent) => ['/storm', 'parent', `${parent}`, '10']),
  ...numbers(20).map((child) => ['/storm', 'child', `${Math.floor(child / 10)}-${child % 10}`]),
  ['cat', '/storm'],
  ['sh', '-c', script],
  ['sleep', '0.1'],
]
  .map((argv) => argv.join(' '))
  .toSorted();

async function recordContainer(folder: string) {
  const source = fileURLToPath(new URL('./programs/storm.c', import.meta.url));
  await runOrThrow('gcc', ['-static', '-O1', '-o', join(folder, 'storm'), source]);
  const engine = await startDockerEngine();
  try {
    const diag = join(folder, 'diag.txt');
    const godo = await startGodo(['--db', join(folder, 'db'), '--diag', diag]);
    try {
      const create = ['create', '--network', 'none', '-v', `${folder}/storm:/storm:ro`, engine.image];
      const id = await engine.dockerOrThrow([...create, 'sh', '-c', script]);
      await engine.dockerOrThrow(['start', '--attach', id]);
      await godo.stop();
      return { id, run: recordedRun(diag) };
    } finally {
      await godo.stop();
    }
  } finally {
    await engine.stop();
  }
}

/** Without those of the runtime, which it moves into the container's cgroup or not, as it happens. */
function programsIn(containerId: string, processes: readonly string[]): string[] {
  return processes
    .map((text) => JSON.parse(text) as { containerId: string | null; argv: string[] })
    .filter((process) => process.containerId === containerId && process.argv[0] !== 'runc')
    .map(({ argv }) => argv.join(' '))
    .toSorted();
}

describeWith('a recorded run of a container', needs, () => {
  let run: RecordedRun;
  let id: string;

  // What follows needs no kernel: nobody has to wait for it.
  beforeAll(async () => {
    const lock = await takeAuditLock();
    const before = await readAuditState();
    const folder = await mkdtemp(join(tmpdir(), 'godo-shuffle-'));
    try {
      ({ run, id } = await recordContainer(folder));
    } finally {
      await restoreAuditState(before);
      await lock.release();
      await rm(folder, { recursive: true, force: true });
    }
  }, 17 * 60_000);

  /** The processes as the filter makes them of the events. */
  async function treeOf(events: readonly PipelineEvent[]): Promise<string[]> {
    const raw: Raw = sorted(recordFrom(run.start, events));
    const { processes } = await cook(raw);
    return processes.map((process) =>
      JSON.stringify(process, (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
    );
  }

  it(
    `makes the same tree ${times} times, however its streams are shuffled within the time that they are held back`,
    async () => {
      const expected = await treeOf(run.events);
      expect(programsIn(id, expected)).toEqual(programsOfScript);
      await fc.assert(
        fc.asyncProperty(arrivalsOf(run.story), async (arrivals) => {
          const tree = await treeOf([...run.snapshots, ...merged(arrivals)]);
          const different = tree.findIndex((text, index) => text !== expected[index]);
          expect([tree.length, tree[different], expected[different]]).toEqual([expected.length, undefined, undefined]);
        }),
        { numRuns: times, endOnFailure: true, interruptAfterTimeLimit: 10 * 60_000, markInterruptAsFailure: true },
      );
    },
    11 * 60_000,
  );
});
