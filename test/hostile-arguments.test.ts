/** What the built programs print of what they were given: never anything a terminal acts on. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from './support/needs.ts';
import { built, type ProgramName, runGodoProgram } from './support/programs.ts';

const bad = '\u001b]0;owned\u0007\u009b2J\u202e\u2066\u200b\u{e0041}\r\n\\x1b';
const shown = '\\x1b]0;owned\\x07\\u009b2J\\u202e\\u2066\\u200b\\U000e0041\\r\\n\\\\x1b';

describeWith('what was given', [built], () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godo-hostile-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const cases: readonly (readonly [ProgramName, readonly string[], number])[] = [
    ['godo', [`--${bad}`], 2],
    ['godo', ['--backlog', bad], 2],
    ['godo', ['replay', '--db', '/dev/null/x', bad], 1],
    ['godo', ['replay', bad], 1],
    ['filter', [`--${bad}`], 2],
    ['filter', [bad], 2],
    ['filter', ['--raw-db', bad, '--mongo', '127.0.0.1:1'], 1],
    ['filter', ['--db', `./${bad}`], 1],
    ['viewer', [bad], 2],
    ['viewer', [`--${bad}`], 2],
    ['viewer', ['--pid', bad], 2],
    ['viewer', ['--since', bad], 2],
    ['viewer', ['--db', `./${bad}`], 1],
    ['viewer', ['--mongo', `127.0.0.1:1/${bad}`], 1],
  ];
  // Titles are printed as well: they have none of it.
  it.each(cases)('%s, case %#', async (name, args, code) => {
    const where = args.includes('replay') && !args.includes('--db') ? ['--db', join(folder, 'db')] : [];
    const outcome = await runGodoProgram(name, [...args, ...where], { cwd: folder, timeoutMs: 60_000 });

    expect(outcome.code).toBe(code);
    expect((outcome.stdout + outcome.stderr).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(outcome.stderr).not.toMatch(/^ {4}at /m);
    if (/there is no|invalid|unknown option|cannot be read/i.test(outcome.stderr))
      expect(outcome.stderr).toContain(shown);
  });
});
