import type { TaskDocument } from '@godo/evidence';
import { describe, expect, test } from 'vitest';
import { settleRoots } from '../src/engine-roots.ts';
import { mergeRuns } from '../src/runs.ts';
import { auditExec, containerId, exit, fork, keyOf, session, task } from './support/raw.ts';
import { drawn, linkedTableOf } from './support/tree.ts';

const names = ['containerd', 'crio', 'podman', 'runc', 'containerd-shim', 'conmon'];
const runs = mergeRuns([session('start', 0, { engines: names })]);
const init = task('snapshot', 1, 0, { startNs: 0n, exe: '/sbin/init', containerId: null });
const inside = { containerId: containerId('c') };
const onHost = { containerId: null };

function running(tgid: number, exe: string, more: Partial<TaskDocument> & { parent?: number } = {}): TaskDocument {
  const argv = [exe];
  return task('snapshot', tgid, 0, { parent: 1, startNs: BigInt(tgid), exe, argv, ...onHost, ...more });
}

const dockerd = running(100, '/usr/bin/dockerd', { star: true });
const shimOf = (namespace: string, address = '/run/containerd/containerd.sock') => ({
  argv: ['containerd-shim-runc-v2', '-namespace', namespace, '-address', address],
});

function tree(observations: readonly TaskDocument[], known = runs): { drawn: string[]; stars: number[] } {
  const table = linkedTableOf(observations);
  settleRoots(table, known);
  const lines = drawn(table);
  return { drawn: lines, stars: lines.map(Number).filter((tgid) => table.isStar(table.find(keyOf(tgid)))) };
}

describe('a root of the tree', () => {
  test('is a containerd that is a service, whether it has containers or not; its shims hang below it', () => {
    const containerd = running(50, '/usr/bin/containerd');
    const shim = running(200, '/usr/bin/containerd-shim-runc-v2', shimOf('k8s.io'));

    expect(tree([init, containerd])).toEqual({ drawn: ['50'], stars: [50] });
    expect(tree([init, containerd, shim, running(300, '/app', { parent: 200, ...inside })])).toEqual({
      drawn: ['50', ' 200', '  300'],
      stars: [50],
    });
  });

  test('is dockerd alone for its containers, where its containerd is a service', () => {
    const containerd = running(50, '/usr/bin/containerd');
    const made = [
      fork(50, 200, 10, onHost),
      auditExec(200, 11, '/usr/bin/containerd-shim-runc-v2', { ...shimOf('moby'), ...onHost }),
      fork(200, 300, 12, inside),
    ];

    expect(tree([init, containerd, dockerd, ...made])).toEqual({
      drawn: ['50', '100', ' 200', '  300'],
      stars: [50, 100],
    });
  });

  test('of several dockerds is the one that was told of the containerd', () => {
    const address = '/srv/containerd.sock';
    const other = running(110, '/usr/bin/dockerd', { star: true, argv: ['dockerd', '--containerd', address] });
    const containerd = running(50, '/usr/bin/containerd', { argv: ['containerd', '--address', address] });
    const shim = running(200, '/usr/bin/containerd-shim-runc-v2', shimOf('moby', address));

    expect(tree([init, containerd, dockerd, other, shim]).drawn).toEqual(['50', '100', '110', ' 200']);
  });

  test('is not the containerd that a dockerd has of its own, nor a runtime below it', () => {
    const own = running(101, '/usr/bin/containerd', { parent: 100 });
    const made = [
      fork(101, 200, 10, onHost),
      auditExec(200, 11, '/usr/bin/containerd-shim-runc-v2', { ...shimOf('moby'), ...onHost }),
      fork(200, 210, 12, onHost),
      auditExec(210, 13, '/usr/bin/runc', onHost),
      fork(210, 300, 14, inside),
    ];

    expect(tree([init, dockerd, own, ...made])).toEqual({
      drawn: ['100', ' 101', '  200', '   210', '    300'],
      stars: [100],
    });
  });

  test('is a podman that made a container, with its conmon below it, and not one that only looked', () => {
    const made = [
      fork(1, 400, 10, onHost),
      auditExec(400, 11, '/usr/bin/podman', { argv: ['podman', 'run', 'web'], ...onHost }),
      fork(400, 401, 12, onHost),
      auditExec(401, 13, '/usr/bin/conmon', onHost),
      fork(401, 402, 14, onHost),
      fork(402, 403, 15, inside),
    ];
    const looked = [
      fork(1, 500, 20, onHost),
      auditExec(500, 21, '/usr/bin/podman', { argv: ['podman', 'ps'], ...onHost }),
    ];

    expect(tree([init, ...made, ...looked])).toEqual({ drawn: ['400', ' 401', '  402', '   403'], stars: [400] });
  });

  test('is the conmon or the shim of a container whose engine has ended, or was not found', () => {
    const conmon = running(400, '/usr/bin/conmon');
    const shim = running(200, '/usr/bin/containerd-shim-runc-v2', shimOf('k8s.io'));
    const containers = [
      running(410, '/app', { parent: 400, ...inside }),
      running(210, '/app', { parent: 200, containerId: containerId('d') }),
    ];

    expect(tree([init, conmon, shim, ...containers])).toEqual({
      drawn: ['200', ' 210', '400', ' 410'],
      stars: [200, 400],
    });
  });

  test('is CRI-O for its conmons, which init has adopted, and not for those of podman', () => {
    const crio = running(90, '/usr/bin/crio');
    const conmons = [
      running(400, '/usr/bin/conmon', { argv: ['conmon', '--exit-dir', '/var/run/crio/exits'] }),
      running(410, '/app', { parent: 400, ...inside }),
      running(500, '/usr/bin/conmon', { argv: ['conmon', '--exit-dir', '/run/libpod/exits'] }),
      running(510, '/app', { parent: 500, containerId: containerId('d') }),
    ];

    expect(tree([init, crio, ...conmons])).toEqual({ drawn: ['90', ' 400', '  410', '500', ' 510'], stars: [90, 500] });
  });

  test('is the first process of a container that runc made and left, and runc itself while it stays', () => {
    const left = running(300, '/app', inside);
    const child = running(301, '/app', { parent: 300, ...inside });
    const stays = [
      running(600, '/usr/sbin/runc', { argv: ['runc', 'run', 'web'] }),
      running(610, '/app', { parent: 600, containerId: 'web' }),
    ];

    expect(tree([init, left, child, ...stays])).toEqual({ drawn: ['300', ' 301', '600', ' 610'], stars: [300, 600] });
  });

  test('is the engine within a container, below the one that made that', () => {
    const shim = running(200, '/usr/bin/containerd-shim-runc-v2', { ...shimOf('moby'), parent: 100 });
    const node = running(300, '/sbin/init', { parent: 200, ...inside });
    const containerd = running(310, '/usr/bin/containerd', { parent: 300, ...inside });
    const inner = running(320, '/usr/bin/containerd-shim-runc-v2', { ...shimOf('k8s.io'), parent: 300, ...inside });
    const pod = running(330, '/app', { parent: 320, containerId: containerId('d') });

    expect(tree([init, dockerd, shim, node, containerd, inner, pod])).toEqual({
      drawn: ['100', ' 200', '  300', '   310', '    320', '     330'],
      stars: [100, 310],
    });
  });

  test('is none of these for a run that has roots of its own, as that of a command', () => {
    const all = [init, running(50, '/usr/bin/containerd'), running(300, '/app', inside)];

    expect(tree(all, mergeRuns([session('start', 0)])).drawn).toEqual([]);
  });

  test('is not an engine that has the name only among its arguments', () => {
    expect(tree([init, running(50, '/usr/bin/vi', { argv: ['containerd'] }), exit(50, 5)]).drawn).toEqual([]);
  });
});
