/** Contents are read of the very file that was changed, or not at all. */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ContentJob } from '../../src/content/content-job.ts';
import type { FilePlace } from '../../src/content/file-places.ts';
import { readContent } from '../../src/content/read-content.ts';
import { auditDevice } from '../../src/proc/device.ts';
import { isLocal, typeAt } from '../../src/proc/local-file-systems.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'godo-content-'));
  writeFileSync(join(root, 'file'), 'content');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** The job for a file below the root, as its process saw it there. */
function job(path: string, fields: Partial<ContentJob> = {}): ContentJob {
  const { dev, ino } = statSync(join(root, 'file'), { bigint: true });
  const file = { dev: auditDevice(dev), inode: ino.toString(), closedMs: null, rootfs: root };
  return { fileSessionId: 's', key: 'k', tgid: 1, containerId: 'c', path, ...file, ...fields };
}

const goOn = (_bytes: number): Promise<void> => Promise.resolve();

function read(what: ContentJob, { mostBytes = 1_000, pause = goOn } = {}) {
  const here: FilePlace = { root, mountinfo: '/proc/self/mountinfo' };
  return readContent(what, { places: { of: () => [here][Symbol.iterator]() as never }, mostBytes, pause });
}

const unread = (reason: string) => ({ size: null, sha256: null, mtimeNs: null, stable: null, reason });

describe('a changed file', () => {
  it('is told with its digest, size and time', async () => {
    expect(await read(job('/file'))).toEqual({
      size: 7,
      sha256: createHash('sha256').update('content').digest('hex'),
      mtimeNs: statSync(join(root, 'file'), { bigint: true }).mtimeNs,
      stable: true,
    });
  });

  it('keeps the time of its last access', async () => {
    const before = statSync(join(root, 'file'), { bigint: true }).atimeNs;
    await read(job('/file'));

    expect(statSync(join(root, 'file'), { bigint: true }).atimeNs).toBe(before);
  });

  it('that changes while it is read is not stable', async () => {
    let changed = false;
    const pause = async () => {
      if (!changed) appendFileSync(join(root, 'file'), ' more');
      changed = true;
    };

    expect(await read(job('/file'), { pause })).toMatchObject({ size: 12, stable: false });
  });

  it('that is too large is not read, nor one that becomes it', async () => {
    const grow = async () => appendFileSync(join(root, 'file'), 'x'.repeat(10));

    expect(await read(job('/file'), { mostBytes: 6 })).toMatchObject({ size: 7, sha256: null });
    expect(await read(job('/file'), { mostBytes: 20, pause: grow })).toEqual(unread('it has more than 20 bytes'));
  });

  it('that is gone, or stands for nothing by now, is not read', async () => {
    expect(await read(job('/none'))).toEqual(unread('it is gone'));
    expect(await read(job('/file', { path: null }))).toEqual(unread('its path is not known'));
  });

  it('in whose place another one is, is not read', async () => {
    const replaced = job('/file');
    writeFileSync(join(root, 'other'), 'other');
    renameSync(join(root, 'other'), join(root, 'file'));
    mkdirSync(join(root, 'folder'));
    const folder = statSync(join(root, 'folder'), { bigint: true });

    expect(await read(replaced)).toEqual(unread('another file is there'));
    expect(await read(job('/folder', { inode: folder.ino.toString() }))).toEqual(unread('another file is there'));
    expect(await read(job('/file', { dev: '00:ff' }))).toEqual(unread('another file is there'));
  });

  it('whose inode was given out again is another one', async () => {
    expect(await read(job('/file', { closedMs: Date.now() - 60_000 }))).toEqual(unread('another file is there'));
    expect(await read(job('/file', { closedMs: Date.now() }))).toMatchObject({ size: 7 });
  });

  it('that became a pipe does not keep anybody', async () => {
    execFileSync('mkfifo', [join(root, 'pipe')]);
    const pipe = statSync(join(root, 'pipe'), { bigint: true });

    expect(await read(job('/pipe', { inode: pipe.ino.toString() }))).toEqual(unread('another file is there'));
  });

  it('is looked for below the root, wherever links lead', async () => {
    mkdirSync(join(root, 'etc'));
    symlinkSync('/etc', join(root, 'up'));
    symlinkSync('/../../../../file', join(root, 'round'));
    symlinkSync('/proc/self/root/etc/passwd', join(root, 'magic'));

    expect(await read(job('/up/passwd'))).toEqual(unread('it is gone'));
    expect(await read(job('/round'))).toMatchObject({ size: 7 });
    expect(await read(job('/magic'))).toEqual(unread('it is gone'));
  });
});

it('file systems are told by what is mounted, and those of servers are none of ours', () => {
  const line = (point: string, type: string) => `1 0 8:1 / ${point} rw - ${type} source rw`;
  const mounts = [line('/', 'ext4'), line('/mnt', 'xfs'), line('/mnt', 'nfs4'), line('/mnt/a', 'tmpfs')].join('\n');
  const paths = ['/etc/shadow', '/mnt/file', '/mnt/a/b', '/mnta'];

  expect(paths.map((path) => typeAt(path, mounts))).toEqual(['ext4', 'nfs4', 'tmpfs', 'ext4']);
  expect(['ext4', 'overlay', 'nfs4', 'cifs', 'fuse.sshfs', '9p'].map(isLocal)).toEqual([
    ...[true, true, false, false, false, false],
  ]);
});
