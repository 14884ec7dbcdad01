/** What a run leaves out at its end, or when it is cut off, is stated by the next start that comes about. */

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openRawReader, type StoreTarget } from '@godo/evidence';
import { expect, it } from 'vitest';
import { startMortalMongoServer } from '../packages/evidence/test/support/mongodb-server.ts';
import { useAuditScene } from './support/audit-scene.ts';
import { readAuditState } from './support/audit-state.ts';
import { mongo, rawDatabase, useMongoServer } from './support/mongodb-scene.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built, runGodoProgram, startGodo } from './support/programs.ts';
import { runOrThrow } from './support/run-program.ts';

/** What the database tells of runs that were cut off. */
async function gapsIn(target: StoreTarget): Promise<string[]> {
  const reader = await openRawReader(target);
  const gaps: string[] = [];
  for await (const { source, severity, reason } of reader.losses()) {
    if (source === 'listener' && severity === 'loss') gaps.push(reason);
  }
  await reader.close();
  return gaps;
}

describeWith('an end that cannot be finished', [root, built, mongo, program('auditctl', 'auditd')], () => {
  const scene = useAuditScene('godo-unfinished-', 'once');
  const server = useMongoServer(startMortalMongoServer);

  it('is stated by the next start', { timeout: 180_000 }, async () => {
    const { options: where, target } = rawDatabase(server(), 'unfinished');
    const options = [...where, '--no-spool'];
    const godo = await startGodo(options);
    process.kill(server().pid, 'SIGSTOP');
    let tookMs: number;
    try {
      // More than may wait in memory: the stages before the writer wait as well.
      const loop = `i=0; while [ $i -lt 30000 ]; do i=$((i+1)); echo $i > ${join(scene().folder, 'file')}; done`;
      await runOrThrow('dash', ['-c', loop], { timeoutMs: 120_000 });
      const beganMs = performance.now();
      const { code, stderr } = await godo.stop();
      tookMs = performance.now() - beganMs;
      expect([code, stderr]).toEqual([1, expect.stringContaining('they are lost')]);
    } finally {
      process.kill(server().pid, 'SIGCONT');
    }
    process.stderr.write(`an end that cannot be finished: ${Math.round(tookMs)} ms\n`);
    expect(tookMs).toBeLessThan(90_000);
    expect(await readAuditState()).toEqual(scene().before);

    await (await startGodo(options)).stop();
    expect(await gapsIn(target)).toEqual([expect.stringContaining('was cut off: what happened between')]);
  });

  it('is stated as well where a second signal has cut it short', { timeout: 120_000 }, async () => {
    const { options: where, target } = rawDatabase(server(), 'impatient');
    const options = [...where, '--no-spool'];
    const godo = await startGodo(options);
    process.kill(server().pid, 'SIGSTOP');
    try {
      await runOrThrow('dash', [
        '-c',
        `i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo $i > ${scene().folder}/file; done`,
      ]);
      process.kill(godo.pid, 'SIGINT');
      await sleep(3_000);
      const { code } = await godo.stop('SIGINT');
      expect(code).toBe(1);
    } finally {
      process.kill(server().pid, 'SIGCONT');
    }
    expect(await readAuditState()).toEqual(scene().before);

    await (await startGodo(options)).stop();
    const [gap, ...more] = await gapsIn(target);
    expect([gap, more]).toEqual([expect.stringContaining('was cut off: what happened between'), []]);
    // What the loop did, and little else.
    const events = Number(/has made these: (\d+) event/.exec(gap ?? '')?.[1]);
    expect(events).toBeGreaterThan(300);
    expect(events).toBeLessThan(10_000);
  });

  it('is not forgotten over a start that fails', { timeout: 120_000 }, async () => {
    const { options, target } = rawDatabase(server(), 'failing');
    const godo = await startGodo(options);
    await godo.stop('SIGKILL');
    const { code } = await runGodoProgram('godo', ['--mongo', '127.0.0.1:1']);
    expect(code).not.toBe(0);
    expect(await readAuditState()).toEqual(scene().before);

    await (await startGodo(options)).stop();
    expect(await gapsIn(target)).toEqual([expect.stringContaining(`(pid ${godo.pid}, `)]);
    await (await startGodo(options)).stop();
    expect(await gapsIn(target)).toHaveLength(1);
  });
});
