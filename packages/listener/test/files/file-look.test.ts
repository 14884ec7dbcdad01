import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FileStatus, hostFiles, type LookFiles, lookAtFile } from '../../src/files/file-look.ts';
import { mountOf, mountsIn } from '../../src/files/local-mounts.ts';
import { auditDeviceOfMount } from '../../src/proc/device.ts';

const file = (ino: bigint) => ({ isSymbolicLink: () => false, isFile: () => true, ...facts(ino) });
const folder = { isSymbolicLink: () => false, isFile: () => false, ...facts(2n) };
const link = { isSymbolicLink: () => true, isFile: () => false, ...facts(3n) };

function facts(ino: bigint) {
  return { ino, size: 5n, mtimeNs: 70n, ctimeNs: 71n, birthtimeNs: 0n };
}

const host = '22 1 254:0 / / rw - ext4 /dev/vda rw\n30 22 0:44 / /far rw - nfs4 server:/x rw';
const container = '700 699 0:52 / / rw - overlay overlay rw,lowerdir=/l/A,upperdir=/var/up,workdir=/var/work';

/** Everything that is there, links by their targets; all else throws, as does looking where it may have to wait. */
function world(paths: Readonly<Record<string, FileStatus | string>>, mounts: Readonly<Record<string, string>> = {}) {
  const looked: string[] = [];
  const there = <Value>(value: Value | undefined): Promise<Value> =>
    value === undefined ? Promise.reject(new Error('ENOENT')) : Promise.resolve(value);
  const files: LookFiles = {
    mountinfo: (process) => there({ self: host, ...mounts }[String(process)]),
    lstat: (path) => {
      looked.push(path);
      const found = paths[path];
      return there(typeof found === 'string' ? link : found);
    },
    readlink: (path) => there(paths[path] as string | undefined),
  };
  return { files, looked };
}

const question = { fileSessionId: 'x', path: '/srv/out', dev: 'fe:00', inode: '42', tgids: [], roots: ['/'] };
const found = { size: 5, mtimeNs: 70n, ctimeNs: 71n, birthNs: null, fileSystem: 'ext4', tellsStores: true };
const gone = 'the file is not at its path any more, or cannot be reached there';

describe('a look at a file', () => {
  it('tells its times', async () => {
    const { files } = world({ '/srv': folder, '/srv/out': file(42n) });

    expect(await lookAtFile(question, files)).toEqual({ found, reason: null });
  });

  it('takes no other file for it', async () => {
    const { files } = world({ '/srv': folder, '/srv/out': file(43n) });

    expect(await lookAtFile(question, files)).toEqual({ found: null, reason: gone });
    expect(await lookAtFile({ ...question, inode: '43', dev: 'fe:01' }, files)).toEqual({ found: null, reason: gone });
    expect(await lookAtFile({ ...question, path: '/srv', inode: '2' }, files)).toEqual({ found: null, reason: gone });
  });

  it('goes through the root of a process that sees it, and through others where that one is gone', async () => {
    const inside = { '/proc/20/root/srv': folder, '/proc/20/root/srv/out': file(42n) };
    const { files } = world({ '/srv': folder, '/srv/out': file(7n), ...inside }, { 20: container });
    const asked = { ...question, dev: '00:34', tgids: [19, 20], roots: [] };

    expect(await lookAtFile(asked, files)).toEqual({ found: { ...found, fileSystem: 'overlay' }, reason: null });
  });

  it('goes through the place of a root on the host', async () => {
    const { files } = world({ '/c/merged/srv': folder, '/c/merged/srv/out': file(42n) });

    expect(await lookAtFile({ ...question, roots: ['/', '/c/merged'] }, files)).toEqual({ found, reason: null });
  });

  it('follows links, which stay in the root, and no ring of them', async () => {
    const linked = { '/r/srv': '/real/./deep/..', '/r/real': folder, '/r/real/deep': folder, '/r/real/out': 'its' };
    const { files } = world({ ...linked, '/r/real/its': file(42n), '/r/ring': 'ring' });

    expect(await lookAtFile({ ...question, roots: ['/r'] }, files)).toEqual({ found, reason: null });
    expect(await lookAtFile({ ...question, path: '/ring', roots: ['/r'] }, files)).toEqual({
      found: null,
      reason: gone,
    });
  });

  it('does not touch what may have to be waited for', async () => {
    const { files, looked } = world({
      '/srv': '/far/srv',
      '/far': folder,
      '/far/srv': folder,
      '/far/srv/out': file(42n),
    });
    const reason = 'it may have to be waited for (nfs4), so it was not looked at';

    expect(await lookAtFile(question, files)).toEqual({ found: null, reason });
    expect(looked).toEqual(['/srv']);
  });
});

describe('a look at a file of this machine', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godo-look-'));
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('finds it by the bytes of its name, through a link', async () => {
    const name = Buffer.concat([Buffer.from(`${folder}/real/`), Buffer.from([0xff, 0x20])]);
    await mkdir(join(folder, 'real'));
    await writeFile(name, 'text');
    await symlink('real', join(folder, 'link'));
    const path = `${Buffer.from(folder).toString('latin1')}/link/\xff `;
    const { ino, mtimeNs, ctimeNs } = await hostFiles.lstat(name.toString('latin1'));
    const mount = mountOf(mountsIn(await hostFiles.mountinfo('self')), path);
    const dev = auditDeviceOfMount(mount?.device ?? '') ?? '';
    const asked = { fileSessionId: 'x', path, dev, inode: String(ino), tgids: [process.pid], roots: [] };

    expect(await lookAtFile(asked, hostFiles)).toMatchObject({ found: { size: 4, mtimeNs, ctimeNs }, reason: null });
  });
});
