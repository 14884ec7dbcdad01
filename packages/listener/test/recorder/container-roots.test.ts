import { describe, expect, it } from 'vitest';
import type { PipelineEvent } from '../../src/events.ts';
import { containerNamedBy } from '../../src/recorder/container-roots.ts';
import { became, cloned, close, exec, fork, open, pivotRoot, snapshot } from '../support/events.ts';
import { record } from '../support/recording.ts';

const id = 'c'.repeat(64);
const other = 'd'.repeat(64);
const runc = { comm: 'runc', exe: '/usr/bin/runc' };
const create = ['runc', '--log', '/run/log.json', 'create', '--bundle', '/run/bundle', id];
const concluded =
  'its container is concluded: its program lies on the root file system of the container that its runtime was started for';

/** A runtime that makes the container, and a child of it that ends before /proc could show where it is. */
function containerOf(
  dev: string | null,
  makes = { containerId: id, rootfs: '/run/bundle/rootfs', dev: '00:34' as string | null },
) {
  const host = { containerId: null };
  const { pids } = record(
    snapshot(0, { tgid: 5 }),
    fork(10, { tgid: 20, parentTgid: 5, proc: { startTicks: 5001, ...host } }),
    became(11, { tgid: 20, proc: { startTicks: 5001, argv: create, ...runc, ...host, makes } }),
    exec(11, 20, { argv: create, dev: 'fe:00', caller: runc }),
    fork(20, { tgid: 30, parentTgid: 20, proc: { startTicks: 5002, ...host } }),
    became(30, { tgid: 30 }),
    exec(30, 30, { argv: ['true'], dev, caller: { comm: 'true', exe: '/bin/true' } }),
  );
  const last = pids.at(-1);
  return [last?.containerId, last?.warnings];
}

describe('a process that is gone before /proc shows its container', () => {
  it('is in the one that its runtime was started for, when its program lies on that one’s root', () => {
    expect(containerOf('00:34')).toEqual([id, [concluded]]);
  });

  it('is not concluded to be in it when its program lies elsewhere', () => {
    expect(containerOf('fe:00')).toEqual([null, undefined]);
    expect(containerOf(null)).toEqual([null, undefined]);
  });

  it('is not concluded to be in it by a device that many containers may share', () => {
    expect(containerOf('fe:00', { containerId: id, rootfs: '/x', dev: 'fe:00' })).toEqual([null, undefined]);
  });

  it('is not concluded to be in another container than its runtime’s', () => {
    expect(containerOf('00:34', { containerId: other, rootfs: '/x', dev: '00:34' })).toEqual([null, undefined]);
  });
});

describe('the process of a runtime that changes its root', () => {
  function pivoting(comm: string, argv: readonly string[], auditIsLate = false) {
    const host = { containerId: null };
    const told = [
      exec(11, 20, { argv, caller: runc }),
      fork(20, { tgid: 30, parentTgid: 20, proc: { startTicks: 5002, ...host } }),
    ];
    const { pids } = record(
      snapshot(0, { tgid: 5 }),
      fork(10, { tgid: 20, parentTgid: 5, proc: { startTicks: 5001, ...host } }),
      ...(auditIsLate ? told.toReversed() : told),
      { ...pivotRoot(25, 30, '/run/bundle/rootfs'), caller: { ...exec(25, 30).caller, comm } },
      exec(30, 30, { argv: ['true'], caller: { comm: 'true', exe: '/bin/true' } }),
    );
    return pids.slice(-2).map(({ observation, containerId, warnings }) => [observation, containerId, warnings]);
  }
  const entered = 'its container is concluded: it changed its root for the container that its runtime was started for';

  it('is the first one of the container that the runtime makes, however soon it ends', () => {
    const inside = (name: string) => [
      ['root', name, [entered]],
      ['exec', name, undefined],
    ];

    expect(pivoting('runc:[2:INIT]', create)).toEqual(inside(id));
    expect(pivoting('crun', ['runc', 'run', 'web-1'])).toEqual(inside('web-1'));
  });

  it('is so where its fork was told before the exec of the runtime, too', () => {
    expect(pivoting('crun', create, true)).toEqual(pivoting('crun', create));
  });

  describe('and forks before audit has told of that', () => {
    const host = { containerId: null };
    const init = { ...exec(25, 30).caller, comm: 'runc:[2:INIT]' };
    const told = (...last: PipelineEvent[]) =>
      record(
        snapshot(0, { tgid: 5 }),
        fork(10, { tgid: 20, parentTgid: 5, proc: { startTicks: 5001, ...host } }),
        exec(11, 20, { argv: create, caller: runc }),
        fork(20, { tgid: 30, parentTgid: 20, proc: { startTicks: 5002, ...host } }),
        fork(28, { tgid: 40, parentTgid: 30 }),
        { ...pivotRoot(25, 30, '/run/bundle/rootfs'), caller: init },
        exec(26, 30, { argv: ['sh'], caller: { comm: 'sh', exe: '/bin/sh' } }),
        ...last,
      );
    const places = ({ pids, files }: ReturnType<typeof record>) => ({
      forked: pids.find(({ tgid, observation }) => tgid === 40 && observation === 'fork')?.containerId,
      executed: pids.find(({ tgid, observation }) => tgid === 40 && observation === 'exec')?.containerId,
      files: files.map(({ containerId }) => containerId),
    });

    it('has children in the container, who are not said to be on the host', () => {
      expect(places(told(cloned(28, 30, 2), exec(29, 40, { argv: ['cat'] }), open(29, 40), close(30, 40, 3)))).toEqual({
        forked: undefined,
        executed: id,
        files: [id],
      });
    });

    it('has so where the first call of the child tells of it, too', () => {
      expect(places(told(exec(29, 40, { argv: ['cat'] }), open(29, 40), close(30, 40, 3)))).toEqual({
        forked: undefined,
        executed: id,
        files: [id],
      });
    });
  });

  it('is in none where it is no runtime’s, or the runtime makes none', () => {
    const outside = [
      ['root', null, undefined],
      ['exec', null, undefined],
    ];

    expect([pivoting('bwrap', create), pivoting('runc', ['runc', 'list'])]).toEqual([outside, outside]);
  });
});

describe('the container that a command line names', () => {
  it('is the last full id among the arguments of a runtime', () => {
    expect(containerNamedBy('/usr/bin/runc', create)).toBe(id);
    expect(containerNamedBy('/usr/bin/containerd-shim-runc-v2', ['shim', '-id', id, '-address', '/x'])).toBe(id);
    expect(containerNamedBy('/usr/bin/conmon', ['conmon', other, id])).toBe(id);
  });

  it('is none of another program, and none without a full id', () => {
    expect(containerNamedBy('/bin/echo', ['echo', id])).toBeNull();
    expect(containerNamedBy('/usr/bin/runc', ['runc', 'list', id.slice(1), `${id}0`])).toBeNull();
    expect(containerNamedBy(null, create)).toBeNull();
    expect(containerNamedBy('/usr/bin/runc', null)).toBeNull();
  });
});
