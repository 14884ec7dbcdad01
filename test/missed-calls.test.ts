/** A close and the open that follows it are lost together, on the real kernel: whose the writes are that come then. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { FileSessionDocument } from '@godo/evidence';
import { beforeAll, expect, it } from 'vitest';
import { useAuditScene } from './support/audit-scene.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built, parseJsonLines, type RunningGodo, runGodoProgram, startGodo } from './support/programs.ts';
import { runOrThrow } from './support/run-program.ts';
import { readRawEvidence } from './support/stored-evidence.ts';
import { waitFor } from './support/wait-for.ts';

/** Writes to `late` after the kernel's loss was told, half a second apart: the writer may learn of it some seconds later. */
const afterwards = 20;
const unsure = /^calls were missed while it was open, since /;
const replaced = /^calls were missed while it was open, since .*: its descriptor was found to refer to another file/;
const unseenOpen =
  'found in /proc at a write behind a descriptor of another file: calls were missed, and its open was among them';

describeWith(
  'a close and the next open that are lost',
  [root, built, program('gcc', 'gcc'), program('auditctl', 'auditd')],
  () => {
    const scene = useAuditScene('godo-missed-', 'once');
    let db: string;
    let diag: string;
    let subject: string;
    /** By name. */
    let raw: Map<string, FileSessionDocument[]>;
    let written: number;

    beforeAll(async () => {
      const { folder } = scene();
      [db, diag, subject] = [join(folder, 'db'), join(folder, 'diag'), join(folder, 'missed-open')];
      const source = fileURLToPath(new URL('programs/missed-open.c', import.meta.url));
      await runOrThrow('gcc', ['-O1', '-o', subject, source]);
      await mkdir(join(folder, 'files'));
      const small = ['--receive-buffer', '64K', '--no-bpf'];
      const godo = await startGodo(['--db', db, '--diag', diag, '--root', subject, ...small], { cwd: folder });
      try {
        written = await play(godo, subject, join(folder, 'files'));
      } finally {
        expect(await godo.stop()).toMatchObject({ code: 0 });
      }
      raw = await sessionsIn(db);
    }, 20 * 60_000);

    it('leave what is written later to the file that is open then', () => {
      const [early, late] = [raw.get('early') ?? [], raw.get('late') ?? []];

      expect(early.map(({ closedBy, warnings }) => [closedBy, warnings])).toEqual([
        ['unseen', expect.arrayContaining([expect.stringMatching(replaced)])],
      ]);
      expect(late.map(({ openedBefore, closedBy, warnings }) => [openedBefore, closedBy, warnings?.[0]])).toEqual([
        [true, 'exit', unseenOpen],
      ]);
      const [ofEarly = 0, ofLate = 0] = [early, late].map(([one]) => one?.writes.bytes);
      expect(ofLate).toBeGreaterThan(0);
      // Until it is known that calls were missed, the first file has the writes: of them its session says so. While the queue
      // empties some may be lost as well.
      expect(ofEarly + ofLate).toBeLessThanOrEqual(1 + written);
    });

    it('are told of also where the session had ended when that was learnt', async () => {
      const short = [...(raw.get('short-early') ?? []), ...(raw.get('short-late') ?? [])];
      expect(short.reduce((sum, { writes: { bytes } }) => sum + bytes, 0)).toBe(2);
      expect(await runGodoProgram('filter', ['--db', db])).toMatchObject({ code: 0 });
      const shown = await runGodoProgram('viewer', ['--db', db, 'sessions', '--json', '--path', '**/short-early']);

      expect(parseJsonLines<FileSessionDocument>(shown.stdout).map(({ warnings }) => warnings)).toEqual([
        [expect.stringMatching(unsure)],
      ]);
    });

    it('are told of to people', async () => {
      const shown = await runGodoProgram('viewer', ['--db', db, 'file', join(scene().folder, 'files', 'early')]);

      expect(shown.stdout.replaceAll(/\s+/g, ' ')).toContain('calls were missed while it was open, since ');
    });

    it('are the same when the diagnosis file is recorded again', async () => {
      const again = join(scene().folder, 'again');
      expect(await runGodoProgram('godo', ['replay', diag, '--db', again])).toMatchObject({ code: 0 });

      expect(await sessionsIn(again)).toEqual(raw);
    });
  },
);

/** Returns how many bytes were written to `late`. */
async function play(godo: RunningGodo, subject: string, folder: string): Promise<number> {
  const names = ['early', 'short-early', 'late', 'short-late'].map((name) => join(folder, name));
  const child = spawn(subject, names, { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => answers.push(...text));
  const tell = async (what: string) => {
    const had = answers.length;
    child.stdin.write(what);
    await waitFor(`the answer to ${what}`, () => answers.length > had, 60_000);
  };
  let written = 0;
  const write = async () => {
    await tell('l');
    written += 1;
  };
  await waitFor('the program to be ready', () => answers.length > 0, 60_000);
  await sleep(2_000);
  // Only as long as it is to be full: else others' calls fill it as well.
  await runOrThrow('auditctl', ['-b', '64']);
  process.kill(godo.pid, 'SIGSTOP');
  try {
    await tell('f');
    await tell('o');
  } finally {
    await runOrThrow('auditctl', ['-b', '65536']);
    process.kill(godo.pid, 'SIGCONT');
  }
  // Its records come behind those that were lost.
  await sleep(500);
  await tell('s');
  await waitFor(
    'the loss to be told',
    async () => {
      await write();
      return godo.stderr().includes('The kernel dropped');
    },
    120_000,
  );
  const until = written + afterwards;
  while (written < until) {
    await sleep(500);
    await write();
  }
  child.stdin.end();
  await once(child, 'exit');
  return written;
}

async function sessionsIn(db: string): Promise<Map<string, FileSessionDocument[]>> {
  const { files } = await readRawEvidence(db);
  const sessions = new Map<string, FileSessionDocument[]>();
  for (const one of files) {
    const name = one.path?.includes('/files/') ? basename(one.path) : null;
    if (name !== null) sessions.set(name, [...(sessions.get(name) ?? []), one]);
  }
  return sessions;
}
