/** `--env-names` on the real kernel: names are kept, values never. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { useAuditScene } from './support/audit-scene.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built, runGodoProgram } from './support/programs.ts';
import { showEvidence } from './support/shown-evidence.ts';

const value = 'this-must-not-be-kept-anywhere';

describeWith('the names of environments', [root, built, program('auditctl', 'auditd')], () => {
  const scene = useAuditScene('godo-environment-', 'each');

  it.each([
    [[], undefined],
    [['--env-names'], true],
  ])('with %j', async (options, isKept) => {
    const db = join(scene().folder, 'db');
    const outcome = await runGodoProgram('godo', ['record', ...options, '--db', db, '--', 'sleep', '1'], {
      env: { GODO_TEST_SECRET: value },
      timeoutMs: 120_000,
    });
    const { processes } = await showEvidence(['--db', db]);
    const [sleep] = processes.filter(({ argv }) => argv?.[0] === 'sleep');

    expect(outcome.code).toBe(0);
    expect([sleep?.envNames?.includes('GODO_TEST_SECRET'), sleep?.executions.at(-1)?.envNames]).toEqual([
      isKept,
      sleep?.envNames,
    ]);
    for (const file of ['raw.db', 'cooked.db']) expect(await readFile(join(db, file), 'latin1')).not.toContain(value);
  });
});
