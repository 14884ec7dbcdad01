/**
 * A mixed load for a long time: memory does not grow, no descriptor leaks, and the sums agree. Not one of the tests that
 * `npm test` runs: `SOAK_MINUTES=30 npm run soak`.
 */

import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { useAuditScene } from './support/audit-scene.ts';
import { FaultLoad } from './support/fault-load.ts';
import { inWords, paceOf } from './support/load-pace.ts';
import { account, tell } from './support/loss-account.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built, runGodoProgram, startGodo } from './support/programs.ts';

const minutes = Number(process.env.SOAK_MINUTES ?? 30);
const batchMs = 300;
const sampleMs = 5_000;

interface Sample {
  readonly minute: number;
  readonly megabytes: number;
  readonly descriptors: number;
}

async function sample(pid: number, beganMs: number): Promise<Sample> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1');
  return {
    minute: (performance.now() - beganMs) / 60_000,
    megabytes: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024,
    descriptors: (await readdir(`/proc/${pid}/fd`)).length,
  };
}

/** MB a minute, by least squares. */
function slope(samples: readonly Sample[]): number {
  const mean = (of: (one: Sample) => number) => samples.reduce((sum, one) => sum + of(one), 0) / samples.length;
  const [x, y] = [mean(({ minute }) => minute), mean(({ megabytes }) => megabytes)];
  const products = samples.map(({ minute, megabytes }) => [(minute - x) * (megabytes - y), (minute - x) ** 2] as const);
  const [above, below] = products.reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0] as const);
  return above / below;
}

describeWith('a load for a long time', [root, built, program('auditctl', 'auditd'), program('gcc', 'gcc')], () => {
  const scene = useAuditScene('godo-soak-', 'once');

  it('neither grows nor leaks', { timeout: (minutes + 10) * 60_000 }, async () => {
    const load = await FaultLoad.build(scene().folder);
    const db = await mkdtemp(join(scene().folder, 'db-'));
    const metrics = join(scene().folder, 'metrics.sock');
    await load.hideOthers();
    try {
      const godo = await startGodo(['--db', db, '--metrics', `unix:${metrics}`]);
      const samples: Sample[] = [];
      const beganMs = performance.now();
      const batches = Math.ceil((minutes * 60_000) / batchMs);
      const running = await load.start({ batches, pause: batchMs - 60, files: 300, spawns: 4 });
      let isOver = false;
      const ended = running.ended.finally(() => {
        isOver = true;
      });
      while (!isOver) {
        samples.push(await sample(godo.pid, beganMs));
        if (samples.length % 12 === 0) await runGodoProgram('godo', ['status', '--json']);
        await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, sampleMs))]);
      }
      const result = await ended;
      const { code } = await godo.stop();
      const found = await account(
        { kind: 'sqlite', directory: db },
        result,
        Math.max(...samples.map((one) => one.megabytes)),
      );
      const third = samples.slice(-Math.floor(samples.length / 3));
      const grows = slope(third);
      tell(`soak of ${minutes} min`, found, inWords(paceOf(found.batches, [])));
      const [first, last] = [samples[12] ?? samples[0], samples.at(-1)];
      process.stderr.write(
        `RSS of the last third: ${third[0]?.megabytes.toFixed(1)} to ${last?.megabytes.toFixed(1)} MB, ${grows.toFixed(2)} MB/min; ` +
          `descriptors ${first?.descriptors} to ${last?.descriptors}\n`,
      );
      expect(code).toBe(0);
      expect(found).toMatchObject({ missingCalls: 0, missingSpawns: 0, untrue: 0, unstated: [] });
      expect(found.received).toEqual(found.generated);
      expect(grows).toBeLessThan(1);
      expect((last?.descriptors ?? 0) - (first?.descriptors ?? 0)).toBeLessThanOrEqual(2);
    } finally {
      await load.showOthers();
    }
  });
});
