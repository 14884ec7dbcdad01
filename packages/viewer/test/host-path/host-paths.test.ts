import { describe, expect, it } from 'vitest';
import { HostPaths } from '../../src/host-path/host-paths.ts';
import { boot, container, containerOf, eventOf, fileOf, keyOf, operationOf, processOf } from '../support/documents.ts';
import { memoryReader } from '../support/memory-reader.ts';
import { type Evidence, nothing } from '../support/story.ts';

const entry = { root: '/', fsType: 'ext4', source: 'x' };
const upper = '/var/lib/docker/1/diff';
const ofHost = eventOf(0, {
  ...{ _id: 'run-1:mounts:host', kind: 'mounts' },
  data: { namespace: 1, entries: [{ ...entry, id: 28, parent: 1, mountPoint: '/', dev: 'fe:00' }] },
});
const ofContainer = eventOf(2, {
  ...{ _id: 'run-1:mounts:container', kind: 'mounts', containerId: container },
  data: { namespace: 7, entries: [{ ...entry, id: 90, parent: 50, mountPoint: '/', dev: '00:34', upperDir: upper }] },
});
const inside = { containerId: container, namespaces: { mnt: 7 } };
const chroot = (seconds: number, serial: number, tgid: number, root: string | null, more: object = {}) =>
  eventOf(seconds, {
    ...{ _id: `${boot}:audit:${seconds * 1000}.${serial}:chroot`, kind: 'chroot', key: keyOf(tgid), tgid },
    ...{ data: { root, rootBefore: '/', rootfs: root } },
    ...more,
  });

async function placesOf(given: Partial<Evidence>, ...documents: object[]): Promise<unknown[]> {
  const evidence = { ...nothing, ...given };
  const events = [ofHost, ofContainer, ...evidence.events].sort((a, b) => Number(a.timeNs - b.timeNs));
  const paths = await HostPaths.read(memoryReader({ ...evidence, events }));
  return (await paths.addTo(documents)).map((one) => (one as { hostPath: unknown }).hostPath);
}

describe('on the host a file of a process', () => {
  const file = fileOf(5, { tgid: 7, path: '/etc/x' });

  it('of the host is where the process sees it', async () => {
    expect(await placesOf({ processes: [processOf(1, { tgid: 7, rootfs: '/' })] }, file)).toEqual(['/etc/x']);
  });

  it('whose root or mount namespace is not known is not known', async () => {
    expect(await placesOf({ processes: [processOf(1, { tgid: 7, rootfs: null })] }, file)).toEqual([null]);
    expect(await placesOf({ processes: [processOf(1, { tgid: 7, rootfs: '/', namespaces: null })] }, file)).toEqual([
      null,
    ]);
    expect(
      await placesOf({ processes: [processOf(1, { tgid: 7, rootfs: '/', namespaces: { mnt: 9 } })] }, file),
    ).toEqual([null]);
    expect(await placesOf({}, file)).toEqual([null]);
  });

  it('under a name that is not resolved is not known', async () => {
    const processes = [processOf(1, { tgid: 7, rootfs: '/' })];

    expect(await placesOf({ processes }, fileOf(5, { tgid: 7, path: 'x', pathResolved: false }))).toEqual([null]);
    expect(await placesOf({ processes }, fileOf(5, { tgid: 7, path: null, pathResolved: false }))).toEqual([null]);
  });

  it('lies below the root that the process had at the time', async () => {
    const processes = [processOf(1, { tgid: 7, rootfs: '/srv/jail' })];
    const events = [chroot(5, 20, 7, '/srv/jail'), chroot(8, 40, 7, null)];
    const times = [4, 5, 5, 9].map((seconds, index) =>
      fileOf(seconds, { tgid: 7, path: '/x', _id: `${boot}:audit:${seconds * 1000}.${(index + 1) * 10 - 1}` }),
    );

    expect(await placesOf({ processes, events }, ...times)).toEqual(['/x', '/x', '/srv/jail/x', null]);
  });

  it('lies below the root that it has inherited', async () => {
    const processes = [processOf(1, { tgid: 7, rootfs: '/srv/jail' })];

    expect(await placesOf({ processes }, fileOf(5, { tgid: 7, path: '/x' }))).toEqual(['/srv/jail/x']);
    // What /proc has shown counts from the root of the namespace.
    const before = fileOf(5, { tgid: 7, path: '/srv/jail/x', openedBefore: true });
    expect(await placesOf({ processes }, before)).toEqual(['/srv/jail/x']);
  });

  it('has its exact bytes', async () => {
    const reader = memoryReader({ ...nothing, processes: [processOf(1, { tgid: 7, rootfs: '/' })], events: [ofHost] });
    const odd = fileOf(5, { tgid: 7, path: '/\ufffd', pathHex: '2fff' });

    expect(await (await HostPaths.read(reader)).addTo([odd])).toEqual([
      { ...odd, hostPath: '/\ufffd', hostPathHex: '2fff' },
    ]);
  });
});

describe('on the host a file of a process in a container', () => {
  const file = fileOf(5, { tgid: 8, path: '/etc/x', dev: '00:34', containerId: container });
  const processes = [
    processOf(1, { tgid: 7, rootfs: '/' }),
    processOf(2, { tgid: 8, parentTgid: 7, ...inside, rootfs: '/merged' }),
    processOf(4, { tgid: 9, parentTgid: 8, ...inside, rootfs: '/merged' }),
  ];
  const containers = [containerOf(2, {})];

  it('lies in the upper directory of its overlay', async () => {
    expect(await placesOf({ processes, containers }, file)).toEqual([`${upper}/etc/x`]);
  });

  it('is not known where the container is in another, or the mounts are not', async () => {
    const nested = [containerOf(2, { outermostContainerId: 'f'.repeat(64) })];
    const elsewhere = [processOf(2, { tgid: 8, ...inside, namespaces: { mnt: 99 } })];

    expect(await placesOf({ processes, containers: nested }, file)).toEqual([null]);
    expect(await placesOf({ processes: elsewhere, containers }, file)).toEqual([null]);
  });

  it('lies below a root that its process, or one that this is a child of, has changed to', async () => {
    const events = [chroot(3, 5, 8, '/jail', { containerId: container })];
    const ofChild = fileOf(5, { tgid: 9, path: '/x', dev: '00:34', containerId: container });

    expect(await placesOf({ processes, containers, events }, file, ofChild)).toEqual([
      `${upper}/jail/etc/x`,
      `${upper}/jail/x`,
    ]);
  });
});

it('both names of an operation have a place', async () => {
  const rename = operationOf(5, {
    ...{ operation: 'rename', tgid: 7, path: '/a', toPath: 'b', toPathResolved: false },
  });
  const reader = memoryReader({ ...nothing, processes: [processOf(1, { tgid: 7, rootfs: '/' })], events: [ofHost] });
  const paths = await HostPaths.read(reader);

  expect(await paths.addTo([rename, { ...rename, toPath: '/b', toPathResolved: true }])).toMatchObject([
    { hostPath: '/a', toHostPath: null },
    { hostPath: '/a', toHostPath: '/b' },
  ]);
});
