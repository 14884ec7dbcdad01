import { describe, expect, it } from 'vitest';
import { procPart } from '../../src/proc/proc-files.ts';
import { parseMount, RootFileSystems } from '../../src/proc/root-file-system.ts';
import { type FakeProcess, fakeProc } from '../support/fake-proc.ts';

const container = 'c'.repeat(64);
const host = [
  '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw',
  '23 22 0:21 / /proc rw,nosuid shared:5 - proc proc rw',
  '30 22 8:1 / /var/lib/my\\040data rw,relatime shared:9 - xfs /dev/sda1 rw',
  '31 22 8:2 /volumes /mnt/volumes rw,relatime - xfs /dev/sda2 rw',
].join('\n');
const overlay =
  '700 699 0:52 / / rw,relatime - overlay overlay rw,lowerdir=/l/A:/l/B,upperdir=/var/lib/docker/overlay2/abc/diff,workdir=/var/lib/docker/overlay2/abc/work';

/** Asks for the root of process 20, which sees these mounts. */
function systems(process: FakeProcess) {
  const proc = fakeProc({ host: { mountinfo: host, root: 'root of the host' }, 20: process, 99: {} });
  const roots = new RootFileSystems(proc);
  const open = (pid: number) => {
    const opened = proc.open(pid);
    if (opened === null) throw new Error(`no process ${pid}`);
    return opened;
  };
  return { roots, open };
}

function rootOf(mountinfo: string) {
  const { roots, open } = systems({ mountinfo });
  return roots.of(open(20), container);
}

describe('a line of mountinfo', () => {
  it('has optional fields up to the dash, and octal escapes', () => {
    expect(
      parseMount('36 35 98:0 /mnt\\0111 /mnt\\0402\\134 rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=x'),
    ).toEqual({
      id: 36,
      parent: 35,
      device: '98:0',
      root: '/mnt\t1',
      mountPoint: '/mnt 2\\',
      type: 'ext3',
      source: '/dev/root',
      superOptions: 'rw,errors=x',
    });
  });

  it.each(['', '36 35 98:0 /', '36 35 98:0 / / rw shared:2'])('that is %j is none', (line) => {
    expect(parseMount(line)).toBeNull();
  });
});

describe('the root of a container', () => {
  it('on an overlay is beside its upper directory', () => {
    expect(rootOf(overlay)).toEqual({ path: '/var/lib/docker/overlay2/abc/merged', dev: '00:34' });
  });

  it('is the last that was mounted over /', () => {
    expect(rootOf(`690 1 254:0 / / rw - ext4 /dev/vda rw\n${overlay}`)?.path).toBe(
      '/var/lib/docker/overlay2/abc/merged',
    );
  });

  it('on a file system of the host is the directory of it that is mounted there', () => {
    expect(rootOf('700 1 254:0 /var/lib/vfs/dir/abc / rw - ext4 /dev/vda rw')).toEqual({
      path: '/var/lib/vfs/dir/abc',
      dev: 'fe:00',
    });
    expect(rootOf('700 1 8:1 /vfs/abc / rw - xfs /dev/sda1 rw')).toEqual({
      path: '/var/lib/my data/vfs/abc',
      dev: '08:01',
    });
    expect(rootOf('700 1 8:1 / / rw - xfs /dev/sda1 rw')?.path).toBe('/var/lib/my data');
    expect(rootOf('700 1 8:2 /volumes/abc / rw - xfs /dev/sda2 rw')?.path).toBe('/mnt/volumes/abc');
  });

  it('is not known on a file system that the host has not mounted, or another part of it', () => {
    expect(rootOf('700 1 0:77 / / rw - tmpfs tmpfs rw')).toBeUndefined();
    expect(rootOf('700 1 8:2 /volumes2/abc / rw - xfs /dev/sda2 rw')).toBeUndefined();
  });

  it('is not known as long as its process still has the root of the host', () => {
    expect(rootOf(host)).toBeUndefined();
    expect(rootOf('')).toBeUndefined();
  });

  it('once known stays so, when the process that told it is gone', () => {
    const { roots, open } = systems({ mountinfo: overlay });
    const first = roots.of(open(20), container);

    expect(roots.of(open(99), container)).toEqual(first);
    expect(roots.of(open(99), 'd'.repeat(64))).toBeUndefined();
  });

  it('may be learnt from the runtime that makes it, unless it is known already', () => {
    const { roots, open } = systems({ mountinfo: overlay });
    roots.learn({ containerId: 'd'.repeat(64), rootfs: '/run/bundle/rootfs', dev: '00:99' });
    const known = roots.of(open(20), container);
    roots.learn({ containerId: container, rootfs: '/elsewhere', dev: null });

    expect(roots.of(open(99), 'd'.repeat(64))).toEqual({ path: '/run/bundle/rootfs', dev: '00:99' });
    expect(roots.of(open(20), container)).toEqual(known);
  });
});

describe('the root of the host', () => {
  it.each([
    ['is that of a process with the same root directory', { root: 'root of the host' }, true],
    ['is not that of a process with another one', { root: 'another root' }, false],
    ['is not claimed of a process that is gone', {}, false],
  ])('%s', (_, process, expected) => {
    const { roots, open } = systems(process);
    const opened = open(20);
    opened.look(procPart.root);

    expect(roots.isOfHost(opened)).toBe(expected);
  });
});
