/** A listener is killed while a process has a file open and writes on: what is said of that file session. */

import { spawn } from 'node:child_process';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { useAuditScene } from './support/audit-scene.ts';
import { describeWith, findProgram, program, root } from './support/needs.ts';
import { built, parseJsonLines, startGodo } from './support/programs.ts';
import { type ShownChange, type ShownFile, succeed } from './support/shown-evidence.ts';
import { readRawEvidence } from './support/stored-evidence.ts';
import { waitFor } from './support/wait-for.ts';

interface ShownSession extends ShownFile {
  readonly warnings?: readonly string[];
}

const said =
  /^its end was not recorded, the listener was cut off or still runs: what was done through it after (.*Z) is not known, or not all of it$/;

/** Of its only warning. */
function timeOf({ warnings = [] }: { readonly warnings?: readonly string[] } = {}): number {
  const [warning, ...more] = warnings;
  expect(more).toEqual([]);
  return Date.parse(said.exec(warning ?? '')?.[1] ?? '');
}

describeWith(
  'a file that is open when the listener is killed',
  [root, built, program('dash', 'dash'), program('auditctl', 'auditd')],
  () => {
    const scene = useAuditScene('godo-cut-off-', 'once');

    it('has a warning since when it is not known what was done, and none where the run ended', {
      timeout: 240_000,
    }, async () => {
      const { folder } = scene();
      const [db, subject, file] = [join(folder, 'db'), join(folder, 'subject'), join(folder, 'file')];
      await copyFile(findProgram('dash') ?? '', subject);
      const options = ['--db', db, '--root', subject];
      const shown = async () => {
        await succeed('filter', ['--db', db, '--quiet']);
        const text = await succeed('viewer', ['--db', db, 'sessions', '--json', '--path', file]);
        return parseJsonLines<ShownSession>(text);
      };
      const first = await startGodo(options);
      // It does what it is told line by line.
      const child = spawn(subject, [], { stdio: ['pipe', 'pipe', 'inherit'] });
      let answers = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        answers += text;
      });
      let told = 0;
      const write = async () => {
        told += 1;
        child.stdin.write(`echo line >&3; echo ${told}\n`);
        await waitFor('an answer', () => answers.endsWith(`${told}\n`), 60_000);
      };
      try {
        child.stdin.write(`exec 3> '${file}'\n`);
        await write();
        const [running] = await waitFor(
          'a checkpoint',
          async () => {
            await write();
            const sessions = await shown();
            return sessions.length > 0 && sessions;
          },
          60_000,
          500,
        );
        await write();
        const killedMs = Date.now();
        await first.stop('SIGKILL');
        await write();
        const { openFiles } = await readRawEvidence(db);
        const left = openFiles.find(({ path }) => path === file);
        const afterKill = await shown();
        const second = await startGodo(options);
        try {
          await write();
        } finally {
          expect(await second.stop()).toMatchObject({ code: 0 });
        }
        const bytes = (await readFile(file)).length;
        const both = await shown();

        expect(timeOf(running)).toBeLessThan(Date.now());
        expect(afterKill.map((session) => session.closed)).toEqual([null]);
        // Two seconds before a checkpoint: its own, or one at which it had not changed.
        expect(timeOf(afterKill[0])).toBeGreaterThanOrEqual(Date.parse(left?.checkpoint ?? '') - 2_000);
        expect(timeOf(afterKill[0])).toBeLessThan(killedMs - 2_000);
        expect(both.map((session) => [session.openedBefore, session.warnings])).toEqual([
          [false, afterKill[0]?.warnings],
          [true, undefined],
        ]);
        // Nobody saw the write after the kill.
        const known = both.reduce((sum, { writes }) => sum + writes.bytes, 0);
        expect(known).toBeGreaterThan(0);
        expect(known).toBeLessThan(bytes);
        const [change] = parseJsonLines<ShownChange & { readonly warnings?: readonly string[] }>(
          await succeed('viewer', ['--db', db, 'files', '--json', '--path', file]),
        );
        expect(change?.warnings).toEqual([expect.stringContaining('warnings of its sessions say why')]);
        const people = await succeed('viewer', ['--db', db, 'sessions', '--path', file]);
        expect(people.replaceAll(/\s+/g, ' ')).toContain('the listener was cut off or still runs');
      } finally {
        await first.stop('SIGKILL');
        child.stdin.end();
      }
    });
  },
);
