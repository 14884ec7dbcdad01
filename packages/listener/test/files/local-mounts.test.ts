import { describe, expect, it } from 'vitest';
import { isLocal, mountOf, mountsIn, tellsStores } from '../../src/files/local-mounts.ts';

const host = mountsIn(
  [
    '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw',
    '23 22 0:21 / /proc rw - proc proc rw',
    '30 22 0:44 / /mnt/far rw - nfs4 server:/x rw',
    '31 22 0:45 / /mnt rw - tmpfs tmpfs rw',
    '32 31 8:2 / /mnt/my\\040disk rw - xfs /dev/sda2 rw',
    '33 32 0:50 / /mnt/my\\040disk rw - fuse.sshfs host:/ rw',
    '34 22 0:51 / /layers rw - tmpfs tmpfs rw',
    'no mount',
  ].join('\n'),
);

const at = (path: string) => mountOf(host, path)?.type;
const overlay = (options: string) => {
  const [mount] = mountsIn(`700 699 0:52 / / rw,relatime - overlay overlay rw,${options}`);
  if (mount === undefined) throw new Error('no mount');
  return [isLocal(mount, host), tellsStores(mount, host)];
};

describe('the mount of a path', () => {
  it('is the one nearest above it, and of several at one place the last', () => {
    expect(['/', '/etc/x', '/procx', '/proc/1', '/mnt', '/mnt/x', '/mnt/my disk/a', '/mnt/far'].map(at)).toEqual([
      ...['ext4', 'ext4', 'ext4', 'proc', 'tmpfs', 'tmpfs', 'fuse.sshfs', 'nfs4'],
    ]);
  });

  it('is local where no other host or program is asked', () => {
    const local = host.filter((mount) => isLocal(mount, host)).map(({ type }) => type);

    expect(local).toEqual(['ext4', 'tmpfs', 'xfs', 'tmpfs']);
  });

  it('tells of stores where that was measured', () => {
    expect(host.filter((mount) => tellsStores(mount, host)).map(({ type }) => type)).toEqual(['ext4', 'xfs']);
  });
});

describe('an overlay', () => {
  it('is as its layers are', () => {
    expect(overlay('lowerdir=/l/A:/l/B,upperdir=/var/up,workdir=/var/work')).toEqual([true, true]);
    expect(overlay('lowerdir=/l/A,upperdir=/layers/up,workdir=/layers/work')).toEqual([true, false]);
    expect(overlay('lowerdir=/l/A:/mnt/far/B,upperdir=/var/up,workdir=/var/work')).toEqual([false, true]);
  });

  it('of layers below a directory that is not known does not tell', () => {
    expect(overlay('lowerdir=l/A,upperdir=up,workdir=work')).toEqual([true, false]);
    expect(overlay('lowerdir=/l/A')).toEqual([true, false]);
  });
});
