/** The end comes in bounded time, also while very many processes start, and leaves no rule behind. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { useAuditScene } from './support/audit-scene.ts';
import { readAuditState } from './support/audit-state.ts';
import { describeWith, program, root } from './support/needs.ts';
import { binPath, built } from './support/programs.ts';
import { runOrThrow } from './support/run-program.ts';

/** Half of what a service manager waits before it kills. */
const mostMs = 45_000;

describeWith('in a storm of processes', [root, built, program('auditctl', 'auditd'), program('gcc', 'gcc')], () => {
  const scene = useAuditScene('godo-stop-', 'once');
  let storm: ChildProcess;

  beforeAll(async () => {
    const path = join(scene().folder, 'storm');
    const source = fileURLToPath(new URL('./programs/storm.c', import.meta.url));
    await runOrThrow('gcc', ['-static', '-O1', '-o', path, source]);
    // A group of its own, so that all of it can be ended.
    storm = spawn(path, ['2', '10000000', '19'], { stdio: 'ignore', detached: true });
  }, 20 * 60_000);

  afterAll(async () => {
    const ended = once(storm, 'exit');
    if (storm.pid !== undefined) process.kill(-storm.pid, 'SIGKILL');
    await ended;
  });

  it.each([150, 600, 1_500, 5_000])('SIGTERM %d ms after the start', { timeout: 180_000 }, async (afterMs) => {
    const db = join(scene().folder, `db-${afterMs}`);
    const godo = spawn(process.execPath, [binPath('godo'), '--db', db], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    godo.stderr.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    const ended = once(godo, 'exit');
    await sleep(afterMs);
    const beganMs = performance.now();
    godo.kill('SIGTERM');
    const [code, signal] = await ended;
    const tookMs = performance.now() - beganMs;
    process.stderr.write(`SIGTERM after ${afterMs} ms: code ${code}, ${signal}, ${Math.round(tookMs)} ms\n`);

    expect(tookMs, said).toBeLessThan(mostMs);
    expect(await readAuditState()).toEqual(scene().before);
  });
});
