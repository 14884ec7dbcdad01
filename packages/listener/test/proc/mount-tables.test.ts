import { namespaceKinds } from '@godo/evidence';
import { describe, expect, it } from 'vitest';
import type { MountTable } from '../../src/events.ts';
import { mountTable } from '../../src/proc/mount-tables.ts';
import { ProcReader } from '../../src/proc/proc-reader.ts';
import { fakeProc, stat } from '../support/fake-proc.ts';

const id = 'c'.repeat(64);
const mntOf = (namespaces: readonly number[]) => namespaces[namespaceKinds.indexOf('mnt')];
const overlay =
  '90 50 0:52 / / rw,relatime - overlay overlay rw,lowerdir=/l/A:/l/B,upperdir=/var/lib/docker/a\\040b/diff,workdir=/w';
const volume = '91 90 254:0 /srv/data /data rw - ext4 /dev/vda rw';

describe('a table of mounts', () => {
  it('has where each is mounted, what of, and the upper directory of overlays', () => {
    expect(mountTable(id, 7, `${overlay}\n${volume}\n`)).toEqual({
      ...{ containerId: id, namespace: 7 },
      entries: [
        {
          ...{ id: 90, parent: 50, mountPoint: '/', root: '/', dev: '00:34', fsType: 'overlay', source: 'overlay' },
          upperDir: '/var/lib/docker/a b/diff',
        },
        {
          ...{ id: 91, parent: 90, mountPoint: '/data', root: '/srv/data', dev: 'fe:00' },
          ...{ fsType: 'ext4', source: '/dev/vda' },
        },
      ],
    });
  });

  it('passes over what is no mount', () => {
    expect(mountTable(null, null, `x\n? ? 1:2 / / rw - ext4 x rw\n${volume}`).entries).toHaveLength(1);
  });

  it('of very many says that it has more', () => {
    const many = mountTable(null, 1, `${volume}\n`.repeat(5000));

    expect([many.entries.length, many.cut]).toEqual([4096, true]);
  });
});

describe('the mounts of a container', () => {
  const host = { namespaces: [1, 2, 3, 4, 5, 6, 7], mountinfo: '22 1 254:0 / / rw - ext4 /dev/vda rw' };
  const others = (mnt: number) => host.namespaces.map((own, at) => (namespaceKinds[at] === 'mnt' ? mnt : own));
  const inside = { stat: stat('sh', 10, 5001), cgroup: `0::/docker/${id}\n`, mountinfo: overlay };
  const program = { ...inside, exe: '/bin/sh', namespaces: others(40) };

  function toldOf(...processes: readonly object[]) {
    const told: MountTable[] = [];
    const watch = {
      container: () => undefined,
      engine: () => undefined,
      mounts: (table: MountTable) => told.push(table),
    };
    const named = Object.fromEntries(processes.map((process, index) => [20 + index, process]));
    const reader = new ProcReader(fakeProc({ host, ...named }), watch);
    for (const pid of Object.keys(named)) reader.observe(Number(pid));
    return told.map(({ containerId, namespace, entries }) => [containerId, namespace, entries.length]);
  }

  it('are told once, of each of its mount namespaces', () => {
    const nested = { ...program, namespaces: others(41), mountinfo: `${overlay}\n${volume}` };

    expect(toldOf(program, program, nested)).toEqual([
      [id, mntOf(program.namespaces), 1],
      [id, mntOf(nested.namespaces), 2],
    ]);
  });

  it('are not those of a runtime on its way into it, or of the host', () => {
    const runc = { ...program, exe: '/usr/bin/runc', cmdline: 'runc\0init\0' };

    expect(toldOf(runc, { ...program, namespaces: host.namespaces })).toEqual([]);
  });

  it('of the host are ours', () => {
    const reader = new ProcReader(fakeProc({ host }));

    expect(reader.hostMounts()).toMatchObject({ containerId: null, entries: [{ mountPoint: '/' }] });
    expect(reader.hostMounts()?.namespace).toBe(reader.hostMountNamespace);
  });
});
