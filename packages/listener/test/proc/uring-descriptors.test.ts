import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { descriptorsOf } from '../../src/proc/uring-descriptors.ts';

describe('the descriptors of a process that refer to certain files', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'godo-proc-'));
    for (const name of ['fd', 'fdinfo']) mkdirSync(join(directory, name));
    const mounts = ['31 1 8:1 / / rw - ext4 /dev/sda1 rw', '40 31 0:50 / /data rw - btrfs /dev/sdb rw'];
    writeFileSync(join(directory, 'mountinfo'), mounts.map((line) => `${line}\n`).join(''));
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  function hold(fd: number, target: string, inode: number, mount: number): void {
    symlinkSync(target, join(directory, 'fd', `${fd}`));
    writeFileSync(join(directory, 'fdinfo', `${fd}`), `pos:\t0\nflags:\t0100001\nmnt_id:\t${mount}\nino:\t${inode}\n`);
  }

  it('are found by the inode and by the device of the mount, whatever stat would say of the file', () => {
    hold(3, '/etc/other', 7, 31);
    hold(4, '/data/same inode', 12, 31);
    hold(5, '/data/file', 12, 40);

    expect(descriptorsOf(directory, [{ dev: '00:32', inode: '12' }])).toEqual([
      { fd: 5, path: '/data/file', flags: 0o100001, dev: '00:32', inode: '12' },
    ]);
  });

  it('have the name that a deleted file had, and are no sockets', () => {
    hold(3, '/data/gone (deleted)', 12, 40);
    hold(4, 'socket:[12]', 12, 40);

    const found = descriptorsOf(directory, [{ dev: '00:32', inode: '12' }]);
    expect(found.map(({ fd, path }) => [fd, path])).toEqual([[3, '/data/gone']]);
  });

  it('are none of a process that is gone', () => {
    expect(descriptorsOf(join(directory, 'gone'), [{ dev: '00:32', inode: '12' }])).toEqual([]);
  });
});
