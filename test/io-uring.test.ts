/** What is told of a program that does its work through io_uring, on the real kernel. */

import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { useAuditScene } from './support/audit-scene.ts';
import { describeWith, type Need, program, root } from './support/needs.ts';
import { built } from './support/programs.ts';
import { runOrThrow } from './support/run-program.ts';
import { succeed } from './support/shown-evidence.ts';
import { type RawEvidence, readRawEvidence } from './support/stored-evidence.ts';

const [major = 0, minor = 0] = release().split('.').map(Number);
/** With all operations of the program: a ftruncate is the youngest. */
const kernel: Need = () => (major * 1000 + minor >= 6009 ? null : 'The kernel is older than Linux 6.9.');
const compiler32: Need = () =>
  process.arch !== 'x64' || existsSync('/usr/lib32/crt1.o')
    ? null
    : 'Programs of 32 bits cannot be compiled (Debian package gcc-multilib).';
const ring: Need = () => (uringDisabled() ? 'kernel.io_uring_disabled is not 0.' : null);

function uringDisabled(): boolean {
  try {
    return readFileSync('/proc/sys/kernel/io_uring_disabled', 'utf8').trim() !== '0';
  } catch {
    return false;
  }
}

/** Name of the program, what it is compiled with, and what it does. */
const programs = {
  'uring-64': [[], 'plain'],
  ...(process.arch === 'x64' && { 'uring-32': [['-m32'], 'plain'] }),
  'uring-polled': [[], 'sqpoll'],
  'uring-fixed': [[], 'fixed'],
  'uring-held': [[], 'held'],
} as const satisfies Record<string, readonly [readonly string[], string]>;
type Name = keyof typeof programs;
const plain = Object.keys(programs).filter((name) => /\d\d$/.test(name)) as Name[];

/** In the order of the program: operation, whether it is told as done, whether its inode is told. */
const operations: readonly (readonly [operation: string, success: boolean, inode: boolean])[] = [
  ['setxattr', true, true],
  ['setxattr', true, false],
  ['setxattr', true, false],
  ['mkdir', true, true],
  ['mkdir', false, false],
  ['rename', true, true],
  ['rename', true, true],
  ['rename', false, false],
  ['link', true, true],
  ['link', false, false],
  ['symlink', true, true],
  ['symlink', false, false],
  ['unlink', true, true],
  ['unlink', false, false],
  // An unlink of a folder, which fails, and two removals, of which one fails: the records of all three are the same.
  ['rmdir', true, true],
  ['rmdir', true, true],
  ['unlink', true, true],
  ['rmdir', true, true],
];

describeWith(
  'io_uring',
  [root, built, kernel, ring, program('auditctl', 'auditd'), program('gcc', 'gcc'), compiler32],
  () => {
    const scene = useAuditScene('godo-uring-', 'once');
    let files: string;
    let raw: RawEvidence;
    const exeOf = (name: string) => join(scene().folder, name);
    const of = <T extends { readonly exe: string | null }>(name: string, documents: readonly T[]) =>
      documents.filter(({ exe }) => exe === exeOf(name));

    beforeAll(async () => {
      const { folder } = scene();
      // tmpfs gives no inode out twice.
      files = await mkdtemp('/dev/shm/godo-uring-');
      const source = fileURLToPath(new URL('./programs/io-uring.c', import.meta.url));
      const script: string[] = [];
      for (const [name, [flags, mode]] of Object.entries(programs)) {
        await runOrThrow('gcc', [...flags, '-O1', '-o', exeOf(name), source]);
        await mkdir(join(files, name, 'below'), { recursive: true });
        for (const file of ['old', 'below/inner']) await writeFile(join(files, name, file), '');
        script.push(`${exeOf(name)} ${mode} ${files}/${name} > ${folder}/${name}.out`);
      }
      const options = ['--db', join(folder, 'db'), '--diag', join(folder, 'diag.log')];
      await succeed('godo', ['record', ...options, '--', 'sh', '-c', script.join(' && ')]);
      raw = await readRawEvidence(join(folder, 'db'));
    }, 17 * 60_000);

    afterAll(async () => {
      if (files !== undefined) await rm(files, { recursive: true, force: true });
    });

    it('is known to be used by each process, and what it changes without a name', () => {
      const told = raw.events.filter(({ kind }) => kind === 'io-uring');
      const names = Object.keys(programs);
      const keysOf = (seen: string) =>
        told.filter(({ data }) => Object.values(data).includes(seen)).map(({ key }) => key);

      expect(new Set(keysOf('setup')).size).toBe(names.length);
      expect(keysOf('fallocate')).toHaveLength(plain.length + 1);
      expect(keysOf('ftruncate')).toHaveLength(plain.length + 1);
      expect(told).toHaveLength(names.length + 2 * (plain.length + 1));
    });

    it.each(plain)('of %s tells the files that it opened, made or not', async (name) => {
      const folder = join(files, name);
      const inodeOf = async (path: string) => String((await stat(join(folder, path))).ino);
      const [old, inner] = [await inodeOf('old'), await inodeOf('below/inner')];
      const opened = of(name, raw.files).filter(({ warnings }) => warnings?.[0]?.startsWith('opened by io_uring'));
      const inodes = opened.map(({ inode, created }) => (created ? 'made' : inode));

      expect(inodes.toSorted()).toEqual(['made', 'made', 'made', old, old, old, inner].toSorted());
      // The first one that was made is the one that is there now, by its third name.
      expect(opened[0]?.inode).toBe(await inodeOf('second'));
    });

    it.each(plain)('of %s tells its operations by inodes', async (name) => {
      const folder = join(files, name);
      const found = of(name, raw.operations);
      const second = String((await stat(join(folder, 'second'))).ino);

      expect(found.map(({ operation, success, inode }) => [operation, success, inode !== null])).toEqual(operations);
      expect(
        found.filter(({ operation, success }) => operation === 'rename' && success).map(({ inode }) => inode),
      ).toEqual([second, second]);
      expect(found.map(({ path, errno }) => path ?? errno ?? null).filter((value) => value !== null)).toEqual([]);
      expect(found.map(({ warnings = [] }) => warnings.length)).not.toContain(0);
    });

    it('tells the names of what a thread of the kernel takes from the ring', () => {
      const found = of('uring-polled', raw.operations);

      expect(found.map(({ operation, success, path, toPath }) => [operation, success, path, toPath ?? null])).toEqual([
        ['setxattr', true, null, null],
        ['setxattr', true, 'old', null],
        ['setxattr', true, null, null],
        ['mkdir', true, 'folder', null],
        ['mkdir', false, null, null],
        ['rename', true, 'made', null],
        ['rename', true, 'renamed', null],
        ['rename', false, null, null],
        ['link', true, 'old', 'linked'],
        ['link', false, 'old', null],
        ['symlink', true, 'soft', null],
        ['symlink', false, null, null],
        ['unlink', true, 'linked', null],
        ['unlink', false, null, null],
        ['rmdir', true, 'folder', null],
        ['rmdir', true, 'folder', null],
        // In a folder that a system call had opened.
        ['unlink', true, join(files, 'uring-polled', 'below/file'), null],
        ['rmdir', true, 'below', null],
      ]);
    });

    it('tells of files without descriptors that they were made, and never takes a slot for a descriptor', () => {
      const made = of('uring-fixed', raw.files).filter(({ created }) => created);

      expect(made).toMatchObject([{ fd: -1, access: 'unknown', closedBy: 'unseen', writes: { count: 0 } }]);
    });

    it('is followed into the descriptor that the file got, where it stays open', () => {
      const made = of('uring-held', raw.files).filter(({ created }) => created);

      expect(made).toMatchObject([
        {
          ...{ path: join(files, 'uring-held', 'held'), pathResolved: true, access: 'readwrite', closedBy: 'close' },
          // What io_uring wrote is not told.
          writes: { count: 1, bytes: 4 },
          warnings: [{}, {}].map(() => expect.stringContaining('io_uring')),
        },
      ]);
    });

    it('says of other files of its process that their writes may be more', () => {
      const outputs = raw.files.filter(({ path }) => path?.endsWith('.out'));

      expect(outputs).toHaveLength(Object.keys(programs).length);
      for (const { warnings } of outputs) expect(warnings?.[0]).toContain('used io_uring');
    });

    it('had the results that it says, and its writes came to the files', async () => {
      const result = async (name: string) => (await readFile(`${exeOf(name)}.out`, 'utf8')).split('\n');

      for (const name of [...plain, 'uring-polled']) {
        expect(await result(name)).toEqual(expect.arrayContaining(['write 17', 'mkdir-bad -17', 'unlink-folder -21']));
      }
      expect(await readFile(join(files, 'uring-held', 'held'), 'utf8')).toBe('not seen by auditseen');
    });

    it('is the same from the diagnosis file', async () => {
      const again = join(scene().folder, 'replayed');
      await succeed('godo', ['replay', join(scene().folder, 'diag.log'), '--db', again]);
      const { files: sessions, operations: done, events } = await readRawEvidence(again);

      expect({ sessions, done, events }).toEqual({ sessions: raw.files, done: raw.operations, events: raw.events });
    });
  },
);
