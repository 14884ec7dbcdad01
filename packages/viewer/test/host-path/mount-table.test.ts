import { describe, expect, it } from 'vitest';
import { hostPlace, type MountEntry, mountAt } from '../../src/host-path/mount-table.ts';

const mount = (id: number, parent: number, mountPoint: string, dev: string, more: Partial<MountEntry> = {}) => ({
  ...{ id, parent, mountPoint, dev, root: '/', fsType: 'ext4', upperDir: null },
  ...more,
});

const host = [
  // As after switch_root: what is mounted on the root was made before it.
  mount(21, 28, '/proc', '00:14'),
  mount(28, 1, '/', 'fe:00'),
  mount(30, 28, '/data', 'fe:10'),
  mount(31, 28, '/srv', 'fe:20'),
  mount(32, 31, '/srv', 'fe:30'),
  mount(33, 28, '/hidden/below', 'fe:40'),
  mount(34, 28, '/hidden', 'fe:50'),
];
const inside = [
  mount(90, 50, '/', '00:34', { fsType: 'overlay', upperDir: '/var/lib/docker/1/diff' }),
  mount(91, 90, '/volume', 'fe:00', { root: '/home/volume' }),
  mount(92, 90, '/disk', 'fe:10', { root: '/sub' }),
  mount(93, 90, '/dev/shm', '00:40', { fsType: 'tmpfs' }),
  mount(94, 90, '/below', 'fe:20'),
  mount(95, 91, '/volume/file', 'fe:00', { root: '/etc/hosts' }),
  mount(96, 90, '/part', '00:34', { root: '/opt', fsType: 'overlay', upperDir: '/var/lib/docker/1/diff' }),
];

describe('the mount that a path leads into', () => {
  it.each([
    ['/etc/passwd', 28],
    ['/proc/1', 21],
    ['/database', 28],
    ['/data', 30],
    // The one that was mounted over the other.
    ['/srv/x', 32],
    // Mounted before what hides it.
    ['/hidden/below/x', 34],
  ])('%s', (path, id) => {
    expect(mountAt(host, path)?.id).toBe(id);
  });

  it('is none where there is no root', () => {
    expect(mountAt([], '/x')).toBeUndefined();
    expect(mountAt(host.slice(2, 3), '/x')).toBeUndefined();
  });
});

describe('the place of a file on the host', () => {
  it.each([
    ['on the overlay is in its upper directory', '/etc/x', '00:34', '/var/lib/docker/1/diff/etc/x'],
    ['on a part of the overlay that is mounted elsewhere', '/part/x', '00:34', '/var/lib/docker/1/diff/opt/x'],
    ['in a volume is where that lies', '/volume/x', 'fe:00', '/home/volume/x'],
    ['that is mounted itself is that file', '/volume/file', 'fe:00', '/etc/hosts'],
    ['on another disk is where the host has that', '/disk/x', 'fe:10', '/data/sub/x'],
    ['of a file system that the host does not have is none', '/dev/shm/x', '00:40', null],
    ['is none that something else is mounted over', '/below/x', 'fe:20', null],
    ['on another device than the path leads to is not known', '/volume/x', '00:34', null],
    ['behind .. is not known', '/etc/../x', '00:34', null],
  ])('%s', (_, path, dev, place) => {
    expect(hostPlace(path, dev, inside, host)).toBe(place);
  });

  it('that is the host’s is the path itself', () => {
    expect(hostPlace('/data/x', 'fe:10', host, host)).toBe('/data/x');
    expect(hostPlace('/data/x', 'fe:00', host, host)).toBeNull();
  });
});
