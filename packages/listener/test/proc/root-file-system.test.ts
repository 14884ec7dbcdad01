import { describe, expect, it } from 'vitest';
import { parseMount, RootFileSystems } from '../../src/proc/root-file-system.ts';
import { fakeProc } from '../support/fake-proc.ts';

const container = 'c'.repeat(64);
const host = [
  '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw',
  '23 22 0:21 / /proc rw,nosuid shared:5 - proc proc rw',
  '30 22 8:1 / /var/lib/my\\040data rw,relatime shared:9 - xfs /dev/sda1 rw',
  '31 22 8:2 /volumes /mnt/volumes rw,relatime - xfs /dev/sda2 rw',
].join('\n');
const overlay =
  '700 699 0:52 / / rw,relatime - overlay overlay rw,lowerdir=/l/A:/l/B,upperdir=/var/lib/docker/overlay2/abc/diff,workdir=/var/lib/docker/overlay2/abc/work';

const rootOf = (mountinfo: string) =>
  new RootFileSystems(fakeProc({ 'self/mountinfo': host, '20/mountinfo': mountinfo })).of(20, container);

describe('a line of mountinfo', () => {
  it('has optional fields up to the dash, and octal escapes', () => {
    expect(
      parseMount('36 35 98:0 /mnt\\0111 /mnt\\0402\\134 rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=x'),
    ).toEqual({
      device: '98:0',
      root: '/mnt\t1',
      mountPoint: '/mnt 2\\',
      type: 'ext3',
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
    const roots = new RootFileSystems(fakeProc({ 'self/mountinfo': host, '20/mountinfo': overlay }));
    const first = roots.of(20, container);

    expect(roots.of(99, container)).toEqual(first);
    expect(roots.of(99, 'd'.repeat(64))).toBeUndefined();
  });

  it('may be learnt from the runtime that makes it, unless it is known already', () => {
    const roots = new RootFileSystems(fakeProc({ 'self/mountinfo': host, '20/mountinfo': overlay }));
    roots.learn({ containerId: 'd'.repeat(64), rootfs: '/run/bundle/rootfs', dev: '00:99' });
    const known = roots.of(20, container);
    roots.learn({ containerId: container, rootfs: '/elsewhere', dev: null });

    expect(roots.of(99, 'd'.repeat(64))).toEqual({ path: '/run/bundle/rootfs', dev: '00:99' });
    expect(roots.of(20, container)).toEqual(known);
  });
});
