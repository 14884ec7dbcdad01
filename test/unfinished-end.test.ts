/** A database that takes nothing at the end, and no spool: the end comes all the same, and the next start states the gap. */

import { join } from 'node:path';
import { openRawReader } from '@godo/evidence';
import { expect, it } from 'vitest';
import { startMortalMongoServer } from '../packages/evidence/test/support/mongodb-server.ts';
import { useAuditScene } from './support/audit-scene.ts';
import { readAuditState } from './support/audit-state.ts';
import { mongo, rawDatabase, useMongoServer } from './support/mongodb-scene.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built, startGodo } from './support/programs.ts';
import { runOrThrow } from './support/run-program.ts';

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
    const reader = await openRawReader(target);
    const gaps: string[] = [];
    for await (const { source, severity, reason } of reader.losses()) {
      if (source === 'listener' && severity === 'loss') gaps.push(reason);
    }
    await reader.close();
    expect(gaps).toEqual([expect.stringContaining('was cut off: what happened between')]);
  });
});
