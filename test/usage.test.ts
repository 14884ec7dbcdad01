/** What processes used, as the kernel tells at their end, against what it tells their parents. */

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { useAuditScene } from './support/audit-scene.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built, runGodoProgram } from './support/programs.ts';
import { runOrThrow } from './support/run-program.ts';
import { showEvidence } from './support/shown-evidence.ts';

const needs = [root, built, program('auditctl', 'auditd'), program('gcc', 'gcc')];

describeWith('CPU time and memory of processes', needs, () => {
  const scene = useAuditScene('godo-usage-', 'once');

  it.each([1, 5])('are told of a process with %i thread(s) as wait4(2) tells them', async (threads) => {
    const { folder } = scene();
    const db = join(folder, `db-${threads}`);
    const source = fileURLToPath(new URL('./programs/usage.c', import.meta.url));
    await runOrThrow('gcc', ['-O1', '-pthread', '-o', join(folder, 'usage'), source]);
    const command = [join(folder, 'usage'), `${threads}`, '100', '40'];
    const outcome = await runGodoProgram('godo', ['record', '--db', db, '--', ...command], { timeoutMs: 120_000 });
    expect(outcome.code).toBe(0);
    const [, pid, cpuUs, maxRssKb] = /^(\d+) (\d+) (\d+)$/m.exec(outcome.stdout)?.map(Number) ?? [];
    const { processes } = await showEvidence(['--db', db]);
    const child = processes.find(({ tgid }) => tgid === pid);

    expect(cpuUs).toBeGreaterThan(threads * 99_000);
    expect((child?.cpuUs ?? 0) / (cpuUs ?? 0)).toBeCloseTo(1, 1);
    expect(Math.abs((child?.maxRssKb ?? 0) - (maxRssKb ?? 0))).toBeLessThan(256);
    expect(child?.usagePartial).toBeUndefined();
    // Also of those that no tick of the clock has met.
    expect(processes.every((process) => process.exit === null || (process.cpuUs ?? 0) > 0)).toBe(true);
  });
});
