import type { TaskDocument } from '@godo/evidence';
import { describe, expect, test } from 'vitest';
import { none } from '../src/columns.ts';
import * as inheritance from '../src/inheritance.ts';
import type { ProcessTable } from '../src/process-table.ts';
import { auditExec, became, containerId, fork, keyOf, task } from './support/raw.ts';
import { linkedTableOf } from './support/tree.ts';

type Process = readonly [table: ProcessTable, row: number];

function process(tgid: number, observations: TaskDocument[]): Process {
  const table = linkedTableOf(observations);
  const row = table.find(keyOf(tgid));
  if (row === none) throw new Error(`no process ${tgid}`);
  return [table, row];
}

const finalFacts = (of: Process) => inheritance.finalFacts(...of);
const containerOf = (of: Process) => inheritance.containerOf(...of);
const ownRoot = (of: Process) => inheritance.ownRoot(...of);
const credentialsOf = (of: Process) => inheritance.credentialsOf(...of);

const shell = task('snapshot', 10, 0, { exe: '/bin/sh', comm: 'sh', argv: ['sh', '-i'], cwd: '/home' });

describe('program and directory', () => {
  test('a process that never executed anything is what its parent was at the fork', () => {
    const observations = [shell, fork(10, 11, 5), auditExec(10, 9, '/bin/later')];
    expect(finalFacts(process(11, observations))).toEqual({
      exe: '/bin/sh',
      comm: 'sh',
      argv: ['sh', '-i'],
      cwd: '/home',
    });
  });

  test('through several generations', () => {
    expect(finalFacts(process(13, [shell, fork(10, 11, 5), fork(11, 12, 6), fork(12, 13, 7)])).exe).toBe('/bin/sh');
  });

  test('of several executions of the parent the last one before the fork counts', () => {
    const observations = [
      fork(1, 10, 0),
      auditExec(10, 10, '/bin/a'),
      became(10, 14),
      auditExec(10, 100, '/bin/b'),
      became(10, 104),
      fork(10, 11, 12),
      fork(10, 12, 50),
      fork(10, 13, 110),
    ];
    expect([11, 12, 13].map((tgid) => finalFacts(process(tgid, observations)).exe)).toEqual([null, '/bin/a', '/bin/b']);
  });

  test('a fork whose own stamp is coarse may follow an exec by up to 10 ms less than it seems', () => {
    const observations = [shell, became(10, 14, { exe: '/bin/b', comm: null, argv: null })];
    const inferred = { inferred: true, source: 'audit' } as const;
    expect(finalFacts(process(11, [...observations, fork(10, 11, 10, inferred)])).exe).toBe('/bin/b');
    expect(finalFacts(process(11, [...observations, fork(10, 11, 10)])).exe).toBe('/bin/sh');
  });

  test('a failed attempt changes nothing', () => {
    const failed = auditExec(10, 3, '/bin/none', { success: false, errno: -2 });
    expect(finalFacts(process(10, [shell, failed])).exe).toBe('/bin/sh');
    expect(finalFacts(process(11, [shell, failed, fork(10, 11, 5)])).exe).toBe('/bin/sh');
  });

  test('after an exec nothing of the old program is left, only the directory', () => {
    const blind = became(11, 6);
    expect(finalFacts(process(11, [shell, fork(10, 11, 5), blind]))).toEqual({
      exe: null,
      comm: null,
      argv: null,
      cwd: '/home',
    });
  });

  test('where another program was read than the parent ran, its arguments are not the parent’s', () => {
    const learnt = fork(10, 11, 5, { exe: '/bin/cat', comm: 'cat' });
    expect(finalFacts(process(11, [shell, learnt]))).toEqual({
      exe: '/bin/cat',
      comm: 'cat',
      argv: null,
      cwd: '/home',
    });
  });

  test('an orphan that was only read as running has nothing of its adopter', () => {
    const init = task('snapshot', 1, 0, { exe: '/sbin/init', cwd: '/' });
    expect(finalFacts(process(20, [init, task('snapshot', 20, 0, { parent: 1, comm: 'kept' })]))).toEqual({
      exe: null,
      comm: 'kept',
      argv: null,
      cwd: null,
    });
  });

  test('what /proc showed later is newer', () => {
    const later = task('snapshot', 10, 100, { sessionId: 'run-2', cwd: '/var', comm: 'renamed' });
    expect(finalFacts(process(10, [fork(1, 10, 0), auditExec(10, 1, '/bin/a'), later]))).toEqual({
      exe: '/bin/a',
      comm: 'renamed',
      argv: ['/bin/a'],
      cwd: '/var',
    });
  });
});

describe('containers', () => {
  const shim = task('snapshot', 10, 0, { containerId: null });
  const inside = containerId('a');

  test('where it was never read, the parent’s', () => {
    const observations = [
      shim,
      fork(10, 11, 1, { containerId: null }),
      became(11, 2, { containerId: inside }),
      fork(11, 12, 3),
      fork(12, 13, 4),
    ];
    expect([10, 11, 12, 13].map((tgid) => containerOf(process(tgid, observations)))).toEqual([
      null,
      inside,
      inside,
      inside,
    ]);
  });

  test('a process that was read outside stays outside', () => {
    const observations = [task('snapshot', 10, 0, { containerId: inside }), fork(10, 11, 1, { containerId: null })];
    expect(containerOf(process(11, observations))).toBe(null);
  });
});

describe('root file systems', () => {
  const pivot = (tgid: number, ms: number, rootfs: string | null) =>
    task('root', tgid, ms, { source: 'audit', rootfs });

  test('a child has the root its parent had at the fork', () => {
    const observations = [fork(1, 10, 0, { rootfs: '/' }), fork(10, 11, 5), pivot(10, 8, '/new'), fork(10, 12, 9)];
    expect([10, 11, 12].map((tgid) => ownRoot(process(tgid, observations))?.rootfs)).toEqual(['/new', '/', '/new']);
  });

  test('what pivot_root said stands against later readings of /proc', () => {
    const observations = [fork(1, 10, 0, { rootfs: '/' }), pivot(10, 8, '/new'), became(10, 50, { rootfs: '/other' })];
    expect(ownRoot(process(10, observations))?.rootfs).toBe('/new');
  });

  test('a pivot_root to an unknown place makes the root unknown until /proc tells', () => {
    const before = [fork(1, 10, 0, { rootfs: '/' }), pivot(10, 8, null)];
    expect(ownRoot(process(10, before))?.rootfs).toBe(null);
    expect(ownRoot(process(10, [...before, became(10, 12, { rootfs: '/' })]))?.rootfs).toBe(null);
    expect(ownRoot(process(10, [...before, became(10, 60, { rootfs: '/new' })]))?.rootfs).toBe('/new');
  });

  test('a process of the host has no root from a parent in a container', () => {
    const observations = [
      task('snapshot', 10, 0, { containerId: containerId('a'), rootfs: '/merged' }),
      fork(10, 11, 5, { containerId: null }),
    ];
    expect(ownRoot(process(11, observations))).toBe(undefined);
  });
});

describe('credentials', () => {
  test('from the parent, as long as the parent’s never changed', () => {
    const observations = [task('snapshot', 10, 0, { uid: 5, gid: 6 }), fork(10, 11, 1), fork(11, 12, 2)];
    expect(credentialsOf(process(12, observations))).toEqual({ uid: 5, gid: 6 });
    const changing = [...observations, auditExec(10, 9, '/bin/su', { uid: 7 })];
    expect(credentialsOf(process(12, changing))).toEqual({});
    expect(credentialsOf(process(10, changing))).toEqual({ uid: 7, gid: 6 });
  });
});
