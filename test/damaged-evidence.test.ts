/** Databases whose pages were changed, and the programs that read them: an answer or one clear sentence, in time, and no stack. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { damaged, damages } from '../packages/evidence/test/support/damaged-pages.ts';
import { fuzzing, fuzzTimeoutMs } from '../packages/evidence/test/support/fuzzing.ts';
import { describeWith } from './support/needs.ts';
import { built, type ProgramName, runGodoProgram } from './support/programs.ts';
import { said } from './support/run-program.ts';

const fixtures = fileURLToPath(new URL('../packages/listener/test/fixtures/', import.meta.url));

describeWith('evidence whose pages were changed', [built], () => {
  let top = '';
  const whole = () => join(top, 'whole');
  const tried = () => join(top, 'tried');

  beforeAll(async () => {
    top = mkdtempSync(join(tmpdir(), 'godo-evidence-'));
    const logs = readdirSync(fixtures).filter((name) => name.endsWith('.log'));
    for (const name of logs) {
      const { code } = await runGodoProgram('godo', ['replay', '--db', whole(), join(fixtures, name)]);
      expect(code).toBe(0);
    }
    const { code } = await runGodoProgram('filter', ['--db', whole()]);
    expect(code).toBe(0);
  });
  afterAll(() => rmSync(top, { recursive: true, force: true }));

  async function run(name: ProgramName, args: readonly string[], codes: readonly number[]) {
    const outcome = await runGodoProgram(name, [...args, '--db', tried()], { timeoutMs: 120_000 });
    const text = said(outcome);
    expect(codes, text).toContain(outcome.code);
    expect(text).not.toMatch(/^\s+at .*[:(]|node:internal|[a-z]Error:/m);
    if (outcome.code !== 0) expect(text).toMatch(/\w{3,}/);
    return outcome;
  }

  it(
    'is read, or refused in a sentence; of raw evidence it is said whether it is what was recorded',
    async () => {
      const file = fc.constantFrom('raw.db', 'cooked.db');
      const view = fc.constantFrom(['tree'], ['files'], ['stats'], ['losses'], ['processes', '--json'], ['events']);
      await fc.assert(
        fc.asyncProperty(file, view, damages, async (name, words, all) => {
          rmSync(tried(), { recursive: true, force: true });
          mkdirSync(tried());
          for (const one of ['raw.db', 'cooked.db']) {
            const content = readFileSync(join(whole(), one));
            writeFileSync(join(tried(), one), one === name ? damaged(content, all) : content);
          }
          await run('viewer', words, [0, 1]);
          const { code, stdout } = await run('filter', ['verify'], [0, 1, 2, 3]);
          expect(stdout).toMatch(/^(intact|TAMPERED|UNREADABLE|intact, with gaps)(: .*)?$/m);
          if (name === 'cooked.db') expect([0, 3]).toContain(code);
          await run('filter', [], [0, 1]);
        }),
        fuzzing(4),
      );
    },
    fuzzTimeoutMs + 240_000,
  );
});
