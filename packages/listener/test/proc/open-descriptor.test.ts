import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, linkSync, mkdtempSync, openSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditDevice } from '../../src/proc/device.ts';
import { haveSameDescriptors, isSameOpenFile, openFileOf } from '../../src/proc/open-descriptor.ts';
import { ProcReader } from '../../src/proc/proc-reader.ts';

const ticksOf = (pid: number) => new ProcReader().stat(pid)?.startTicks ?? -1;

describe('what a descriptor of a process refers to', () => {
  let folder = '';
  let path = '';
  let child: ChildProcess;
  let own = -1;
  const life = () => ({ tgid: child.pid ?? -1, startTicks: ticksOf(child.pid ?? -1) });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'godo-descriptor-'));
    path = join(folder, 'a (deleted)');
    own = openSync(path, 'a');
    child = spawn('sleep', ['60'], { stdio: ['ignore', own, 'pipe'], cwd: folder });
    await new Promise((resolve) => child.once('spawn', resolve));
    await expect.poll(() => new ProcReader().stat(child.pid ?? -1)?.comm).toBe('sleep');
  });
  afterEach(() => {
    child.kill('SIGKILL');
    closeSync(own);
    rmSync(folder, { recursive: true });
  });

  it('a file, with its path, how it was opened, device and inode', () => {
    const { dev, ino } = statSync(path, { bigint: true });

    expect(openFileOf({ ...life(), fd: 1 })).toEqual({
      path,
      // Whether a name with such an end is gone, nothing tells as long as the file has any.
      deleted: null,
      flags: 0o102001,
      access: 'write',
      closeOnExec: false,
      dev: auditDevice(dev),
      inode: ino.toString(),
      fileType: 'regular',
    });
  });

  it('a file whose name was removed, by the name that it had', () => {
    const other = join(folder, 'b');
    linkSync(path, other);
    unlinkSync(path);
    expect(openFileOf({ ...life(), fd: 1 })).toMatchObject({ path: `${path} (deleted)`, deleted: null });

    unlinkSync(other);
    expect(openFileOf({ ...life(), fd: 1 })).toMatchObject({ path, deleted: true });
  });

  it('what is no file', () => {
    expect(openFileOf({ ...life(), fd: 0 })).toMatchObject({
      path: '/dev/null',
      access: 'read',
      fileType: 'character',
    });
    expect(openFileOf({ ...life(), fd: 2 })).toMatchObject({
      path: expect.stringMatching(/^(?:socket|pipe):\[\d+\]$/),
      inode: expect.stringMatching(/^\d+$/),
    });
  });

  it('a directory, and nothing where none is open', () => {
    const directory = openSync(folder, 'r');
    const self = { tgid: process.pid, startTicks: ticksOf(process.pid), fd: directory };

    expect(openFileOf(self)).toMatchObject({ path: folder, access: 'read', closeOnExec: true, fileType: 'directory' });
    closeSync(directory);
    expect(openFileOf({ ...self, fd: 99_999 })).toBeNull();
  });

  it('is not told of another life of the number, nor of a process that is gone', async () => {
    const one = life();
    expect(openFileOf({ ...one, startTicks: one.startTicks - 2, fd: 1 })).toBeNull();

    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    expect(openFileOf({ ...one, fd: 1 })).toBeNull();
  });

  // Who may ask is decided as with ptrace.
  describe.skipIf(process.getuid?.() !== 0)('by kcmp', () => {
    it('is the same open file description, or another of the same file', () => {
      const self = { tgid: process.pid, startTicks: ticksOf(process.pid) };
      const another = openSync(path, 'a');

      expect([
        isSameOpenFile({ ...life(), fd: 1 }, { ...self, fd: own }),
        isSameOpenFile({ ...life(), fd: 1 }, { ...self, fd: another }),
        isSameOpenFile({ ...life(), startTicks: 1, fd: 1 }, { ...self, fd: own }),
        isSameOpenFile({ ...life(), fd: 99 }, { ...self, fd: own }),
      ]).toEqual([true, false, false, false]);
      closeSync(another);
    });

    it('is in the same table as of itself, and not of its parent', () => {
      const self = { tgid: process.pid, startTicks: ticksOf(process.pid) };

      expect([haveSameDescriptors(self, self), haveSameDescriptors(life(), self)]).toEqual([true, false]);
    });
  });
});
