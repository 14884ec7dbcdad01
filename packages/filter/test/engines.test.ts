import type { TaskDocument } from '@godo/evidence';
import { describe, expect, test } from 'vitest';
import { hangShims, optionOf } from '../src/engines.ts';
import { walkTree } from '../src/process-tree.ts';
import { auditExec, containerId, exit, fork, keyOf, task } from './support/raw.ts';
import { drawn, linkedTableOf, parentKeyOf } from './support/tree.ts';

const init = task('snapshot', 1, 0, { startNs: 0n, exe: '/sbin/init' });

function dockerd(tgid: number, more: Partial<TaskDocument> & { parent?: number } = {}): TaskDocument {
  return task('snapshot', tgid, 0, {
    parent: 1,
    star: true,
    startNs: BigInt(tgid),
    exe: '/usr/bin/dockerd',
    argv: ['/usr/bin/dockerd', '-H', 'fd://'],
    ...more,
  });
}

function shim(tgid: number, address: string, more: Partial<TaskDocument> & { parent?: number } = {}): TaskDocument {
  return task('snapshot', tgid, 0, {
    parent: 1,
    startNs: BigInt(tgid),
    exe: '/usr/bin/containerd-shim-runc-v2',
    argv: ['/usr/bin/containerd-shim-runc-v2', '-namespace', 'moby', '-id', 'abc', '-address', address],
    ...more,
  });
}

const systemSocket = '/run/containerd/containerd.sock';

function tree(...observations: TaskDocument[]): string[] {
  const table = linkedTableOf(observations);
  hangShims(table);
  return drawn(table);
}

describe('shims that no star reaches', () => {
  test('hang under the only dockerd, with their containers', () => {
    expect(tree(init, dockerd(100), shim(200, systemSocket), task('snapshot', 300, 0, { parent: 200 }))).toEqual([
      '100',
      ' 200',
      '  300',
    ]);
  });

  test('are marked as hung there, and keep what was observed of their parent', () => {
    const table = linkedTableOf([init, dockerd(100), shim(200, systemSocket)]);
    hangShims(table);
    walkTree(table);
    const shimRow = table.find(keyOf(200));
    expect([
      parentKeyOf(table, keyOf(200)),
      table.places.parentSourceOf(shimRow),
      table.keyOf(table.claimedParent.at(shimRow)),
    ]).toEqual([keyOf(100), 'engine', keyOf(1)]);
  });

  test('of several dockerds: the one whose exec root holds the socket', () => {
    const second = dockerd(101, { argv: ['dockerd', '--exec-root', '/tmp/two/exec'] });
    const third = dockerd(102, { argv: ['dockerd', '--exec-root=/tmp/three/exec/'] });
    expect(
      tree(
        init,
        dockerd(100),
        second,
        third,
        shim(200, '/var/run/docker/containerd/containerd.sock'),
        shim(201, '/tmp/two/exec/containerd/containerd.sock'),
        shim(202, '/tmp/three/exec/containerd/containerd.sock'),
      ),
    ).toEqual(['100', ' 200', '101', ' 201', '102', ' 202']);
  });

  test('an exec root is no prefix of a folder whose name only begins alike', () => {
    const other = dockerd(101, { argv: ['dockerd', '--exec-root', '/tmp/a'] });
    expect(tree(init, dockerd(100), other, shim(200, '/tmp/ab/containerd/containerd.sock'))).toEqual([
      '100',
      ' 200',
      '101',
    ]);
  });

  test('else under the containerd of the tree that listens at the address', () => {
    const containerd = task('snapshot', 150, 0, {
      parent: 100,
      startNs: 150n,
      exe: '/usr/bin/containerd',
      argv: ['containerd', '--config', '/srv/c/containerd.toml'],
    });
    expect(tree(init, dockerd(100), containerd, shim(200, '/srv/c/containerd.sock'))).toEqual(['100', ' 150', '  200']);
    const told = { ...containerd, argv: ['containerd', '--address', '/srv/x.sock'] };
    expect(tree(init, dockerd(100), told, shim(200, '/srv/x.sock'))).toEqual(['100', ' 150', '  200']);
    const system = { ...containerd, argv: ['/usr/bin/containerd'] };
    expect(tree(init, dockerd(100), system, shim(200, systemSocket))).toEqual(['100', ' 150', '  200']);
  });

  test('of dockerds that fit alike: the one that ran when the shim began', () => {
    const restarted = dockerd(300);
    expect(tree(init, dockerd(100), exit(100, 1), restarted, shim(200, systemSocket))).toEqual(['100', ' 200', '300']);
    expect(tree(init, dockerd(300), shim(200, systemSocket))).toEqual(['300', ' 200']);
  });

  test('not under a dockerd of another boot', () => {
    const other = dockerd(100, { bootId: 'boot-b' });
    expect(tree(init, other, shim(200, systemSocket))).toEqual(['100']);
  });

  test('not under what dockerd runs of itself for a single task', () => {
    const helper = dockerd(120, { parent: 100, argv: ['docker-untar', '/'] });
    expect(tree(init, dockerd(100), helper, shim(200, systemSocket))).toEqual(['100', ' 120', ' 200']);
  });

  test('of another namespace hang under their containerd, never under dockerd', () => {
    const argv = ['containerd-shim-runc-v2', '-namespace', 'k8s.io', '-address', systemSocket];
    expect(tree(init, dockerd(100), shim(200, systemSocket, { argv }))).toEqual(['100']);
    const containerd = task('snapshot', 90, 0, {
      parent: 1,
      exe: '/usr/bin/containerd',
      argv: ['containerd'],
      star: true,
      startNs: 90n,
    });
    expect(tree(init, dockerd(100), containerd, shim(200, systemSocket, { argv }))).toEqual(['90', ' 200', '100']);
  });

  test('a new shim of a containerd outside the tree brings its helper and its containers once', () => {
    const containerd = task('snapshot', 50, 0, {
      parent: 1,
      startNs: 50n,
      exe: '/usr/bin/containerd',
      argv: ['containerd'],
    });
    const argv = ['/usr/bin/containerd-shim-runc-v2', '-namespace', 'moby', '-address', systemSocket];
    const exe = '/usr/bin/containerd-shim-runc-v2';
    expect(
      tree(
        init,
        containerd,
        dockerd(100),
        fork(50, 200, 10),
        auditExec(200, 11, exe, { argv: [...argv, 'start'] }),
        fork(200, 201, 12),
        auditExec(201, 13, exe, { argv }),
        exit(200, 14),
        fork(201, 202, 15),
        auditExec(202, 16, '/usr/bin/runc'),
      ),
    ).toEqual(['100', ' 200', '  201', '   202']);
  });

  test('docker in docker: the outer shim under the outer dockerd, the inner one under the inner dockerd', () => {
    const inside = { containerId: containerId('a') };
    // The inner shim was adopted by the outer one, or by nobody that is known.
    for (const parent of [200, 999]) {
      expect(
        tree(
          init,
          dockerd(100, { containerId: null }),
          shim(200, systemSocket, { containerId: null }),
          dockerd(300, { parent: 200, ...inside }),
          shim(400, systemSocket, { parent, ...inside }),
        ),
      ).toEqual(['100', ' 200', '  300', '   400']);
    }
  });

  test('never under an engine that descends from the shim itself', () => {
    expect(tree(init, shim(200, systemSocket), dockerd(300, { parent: 200 }))).toEqual(['300']);
  });
});

test('a process that a star reaches stays where it is', () => {
  expect(tree(init, dockerd(100), fork(100, 150, 1), shim(200, systemSocket, { parent: 150 }))).toEqual([
    '100',
    ' 150',
    '  200',
  ]);
});

test('option values in every way of writing', () => {
  expect(
    [['-a', 'V'], ['--a', 'V'], ['-a=V'], ['--a=V'], ['a', 'V'], ['-a'], ['-ab', 'V']].map((argv) =>
      optionOf(argv, 'a'),
    ),
  ).toEqual(['V', 'V', 'V', 'V', null, null, null]);
});
