import type { TaskDocument } from '@godo/evidence';
import { describe, expect, test } from 'vitest';
import { nothingLearnt } from '../src/container-facts.ts';
import { cook } from './support/memory-store.ts';
import {
  at,
  auditExec,
  became,
  boot,
  containerId,
  exit,
  file,
  fork,
  keyOf,
  session,
  task,
  writes,
} from './support/raw.ts';

const inside = containerId('a');
const merged = '/var/lib/docker/overlay2/1/merged';
const engine = task('snapshot', 10, 0, { star: true, exe: '/usr/bin/dockerd', containerId: null, rootfs: '/' });

/** runc makes a container: its child moves into the cgroup, changes its root and becomes the command. */
function started(tgid: number, ms: number, id: string, rootfs: string): TaskDocument[] {
  return [
    fork(10, tgid, ms, { containerId: null, rootfs: '/' }),
    became(tgid, ms + 1, { exe: '/usr/bin/runc', containerId: id, rootfs: '/' }),
    task('root', tgid, ms + 2, { source: 'audit', rootfs }),
    auditExec(tgid, ms + 3, '/bin/sh', { containerId: id }),
    fork(tgid, tgid + 1, ms + 4, { containerId: id }),
  ];
}

const roots = async (pids: TaskDocument[]) =>
  (await cook({ pids })).processes.map(({ tgid, rootfs, containerId: id }) => [tgid, rootfs, id]);

describe('one root for all processes of a container', () => {
  test('that of the one process which called pivot_root; the host keeps its own', async () => {
    expect(await roots([engine, ...started(20, 1, inside, merged)])).toEqual([
      [10, '/', null],
      [20, merged, inside],
      [21, merged, inside],
    ]);
  });

  test('a process that came in from outside has it too, whatever root was read of it before', async () => {
    const executed = [
      fork(10, 30, 50, { containerId: null, rootfs: '/' }),
      became(30, 51, { containerId: inside, rootfs: '/' }),
    ];
    expect(
      (await roots([engine, ...started(20, 1, inside, merged), ...executed])).filter(([tgid]) => tgid === 30),
    ).toEqual([[30, merged, inside]]);
  });

  test('from /proc where the container ran before the listener', async () => {
    const old = task('snapshot', 20, 0, { parent: 10, containerId: inside, rootfs: merged });
    expect(await roots([engine, old, fork(20, 21, 5)])).toEqual([
      [10, '/', null],
      [20, merged, inside],
      [21, merged, inside],
    ]);
  });

  test('a sandbox that changes its root within the container does not change that of the container', async () => {
    const sandbox = task('root', 21, 50, { source: 'audit', rootfs: '/newroot' });
    expect(await roots([engine, ...started(20, 1, inside, merged), sandbox])).toEqual([
      [10, '/', null],
      [20, merged, inside],
      [21, merged, inside],
    ]);
  });

  test('pivot_root wins over what /proc showed within the same jiffy', async () => {
    const raced = became(20, 2, { containerId: inside, rootfs: '/wrong' });
    const pids = [
      engine,
      fork(10, 20, 1, { containerId: null }),
      raced,
      task('root', 20, 4, { source: 'audit', rootfs: merged }),
    ];
    expect((await roots(pids))[1]).toEqual([20, merged, inside]);
  });

  test('the root of the host is no evidence for a container', async () => {
    expect((await roots([engine, fork(10, 20, 1, { containerId: inside, rootfs: '/' })]))[1]).toEqual([
      20,
      null,
      inside,
    ]);
  });

  test('from a parent that was never read inside, where nothing else tells', async () => {
    const pids = [
      engine,
      fork(10, 20, 1, { containerId: null, rootfs: '/' }),
      task('root', 20, 2, { source: 'audit', rootfs: merged }),
      fork(20, 21, 15, { containerId: inside }),
    ];
    expect(await roots(pids)).toEqual([
      [10, '/', null],
      [20, merged, null],
      [21, merged, inside],
    ]);
  });
});

describe('the documents', () => {
  test('a container has its processes, its roots, its engine, its changed files and its time', async () => {
    const read = became(21, 4, { containerId: inside, rootfs: merged, rootDev: '00:2a' });
    const pids = [engine, ...started(20, 1, inside, merged), read, exit(21, 8), exit(20, 9)];
    const files = [
      file(20, '/tmp/x', 5, { writes: writes(1, 3, 6), closedNs: at(7) }),
      file(21, '/tmp/made', 5, { created: true, containerId: inside, closedNs: at(7) }),
      file(21, '/tmp/read', 5, { closedNs: at(7) }),
      file(10, '/var/log/docker', 5, { writes: writes(1, 3, 6), closedNs: at(7) }),
    ];
    const { containers } = await cook({ pids, files, sessions: [session('start', 0)] });
    expect(containers).toEqual([
      {
        _id: `${boot}:${inside}`,
        containerId: inside,
        host: 'host-a',
        machineId: null,
        bootId: boot,
        sessionIds: ['run-1'],
        rootfs: merged,
        rootDev: '00:2a',
        ...nothingLearnt,
        engineKey: keyOf(10),
        rootKeys: [keyOf(20)],
        processes: 2,
        filesChanged: 2,
        firstNs: at(1),
        first: '2024-01-01T00:00:00.001000000Z',
        lastNs: at(9),
        last: '2024-01-01T00:00:00.009000000Z',
      },
    ]);
  });

  test('while one of its processes runs a container has no last moment', async () => {
    const { containers } = await cook({ pids: [engine, ...started(20, 1, inside, merged), exit(20, 9)] });
    expect(containers.map(({ lastNs, last }) => [lastNs, last])).toEqual([[null, null]]);
  });

  test('each process that entered from outside is a root', async () => {
    const pids = [engine, ...started(20, 1, inside, merged), fork(10, 30, 50, { containerId: inside })];
    expect((await cook({ pids })).containers[0]?.rootKeys).toEqual([keyOf(20), keyOf(30)]);
  });

  test('containers of two boots are two, though they have one id', async () => {
    const other = { bootId: 'boot-b' };
    const pids = [
      engine,
      task('snapshot', 20, 0, { parent: 10, containerId: inside }),
      task('snapshot', 10, 0, { ...other, star: true }),
      task('snapshot', 20, 0, { ...other, parent: 10, containerId: inside }),
    ];
    expect((await cook({ pids })).containers.map(({ _id, engineKey }) => [_id, engineKey])).toEqual([
      [`boot-a:${inside}`, keyOf(10)],
      [`boot-b:${inside}`, keyOf(10, 'boot-b')],
    ]);
  });

  test('a container without a process in the tree is left out', async () => {
    const { containers } = await cook({ pids: [engine, task('snapshot', 20, 0, { containerId: inside })] });
    expect(containers).toEqual([]);
  });
});
