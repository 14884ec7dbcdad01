/** What the evidence must show of the activity in container-run.ts, whichever database keeps it. */

import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { type EngineFacts, numbersLine, type OlderContainer, shellLine } from './container-run.ts';
import type { DockerEngine } from './docker-engine.ts';
import { findProgram } from './needs.ts';
import {
  ancestry,
  type ShownChanger,
  type ShownEvidence,
  type ShownFile,
  type ShownProcess,
} from './shown-evidence.ts';

export interface Scene {
  readonly engine: DockerEngine;
  readonly facts: EngineFacts;
  readonly older: OlderContainer;
  /** Id of the container that was run while godo listened. */
  readonly runId: string;
  readonly shown: ShownEvidence;
}

const busybox = '/bin/busybox';

/** Declares the tests; `scene` is called in them, when the activity is over. */
export function itExplainsTheContainers(scene: () => Scene): void {
  it('has dockerd as the star, the root of its tree', () => {
    const { engine, facts } = scene();
    expect(starsOf(scene()).map(({ key, start, children, ...rest }) => pick(rest))).toEqual([
      {
        tgid: engine.pid,
        star: true,
        startedBefore: true,
        parentKey: null,
        parentSource: null,
        depth: 0,
        exe: facts.exe,
        argv: facts.argv,
        cwd: facts.cwd,
        rootfs: '/',
        containerId: null,
      },
    ]);
  });

  it('leads from every process by its parents to a star, and back by the children', () => {
    const { processes } = scene().shown;
    const byKey = new Map(processes.map((process) => [process.key, process]));
    const wrong = processes.filter((process) => {
      const chain = ancestry(processes, process);
      const inParent =
        process.parentKey === null || byKey.get(process.parentKey)?.children.includes(process.key) === true;
      return !chain.at(-1)?.star || chain.length - 1 !== process.depth || !inParent;
    });
    expect(wrong).toEqual([]);
  });

  it('knows program, arguments, folder and root of every process below dockerd', () => {
    const incomplete = treeOf(scene()).filter(
      (process) =>
        !process.exe?.startsWith('/') ||
        !process.cwd?.startsWith('/') ||
        !process.rootfs?.startsWith('/') ||
        (process.argv?.length ?? 0) === 0,
    );
    expect(incomplete).toEqual([]);
  });

  it('hangs what ran before it under its engine: containerd, the shim and the first process of the older container', () => {
    const { older } = scene();
    const tree = treeOf(scene());
    const first = tree.find((process) => process.tgid === older.pid);
    const shim = tree.find((process) => process.tgid === older.shimPid);
    expect(tree.some((process) => process.startedBefore && basename(process.exe ?? '') === 'containerd')).toBe(true);
    expect(first && summary(first)).toEqual({
      argv: ['sleep', '3600'],
      exe: busybox,
      cwd: '/',
      containerId: older.id,
      executed: [],
    });
    expect({ ofFirst: first?.parentKey, source: shim?.parentSource, depth: (shim?.depth ?? 0) > 0 }).toEqual({
      ofFirst: shim?.key,
      source: 'engine',
      depth: true,
    });
  });

  it('has every process of the new container with each program it became', () => {
    const { runId } = scene();
    const [outer, inner, ...others] = inContainer(scene(), runId);
    expect([outer, inner].map((process) => process && summary(process))).toEqual([
      {
        argv: ['/bin/true', 'arg'],
        exe: busybox,
        cwd: '/',
        containerId: runId,
        executed: [
          { argv: ['sh', '-c', shellLine], exe: busybox, cwd: '/' },
          { argv: ['/bin/true', 'arg'], exe: busybox, cwd: '/' },
        ],
      },
      {
        argv: ['cat', '/tmp/x'],
        exe: busybox,
        cwd: '/',
        containerId: runId,
        executed: [
          { argv: ['sh', '-c', 'cat /tmp/x > /root/y'], exe: busybox, cwd: '/' },
          { argv: ['cat', '/tmp/x'], exe: busybox, cwd: '/' },
        ],
      },
    ]);
    expect(others).toEqual([]);
    expect({ parent: inner?.parentKey, exits: [outer?.exitCode, inner?.exitCode] }).toEqual({
      parent: outer?.key,
      exits: [0, 0],
    });
  });

  it('shows who started the new container: runc, shim, containerd, dockerd', () => {
    const [outer] = inContainer(scene(), scene().runId);
    const chain = outer === undefined ? [] : ancestry(scene().shown.processes, outer);
    const shim = installed('containerd-shim-runc-v2');
    expect(chain.map((process) => process.exe)).toEqual([
      ...[busybox, installed('runc'), shim, shim, installed('containerd'), scene().facts.exe],
    ]);
  });

  it('has the processes put into the older container, which godo did not see starting', () => {
    const { older } = scene();
    const put = inContainer(scene(), older.id).filter((process) => !process.startedBefore);
    expect(put.map((process) => summary(process))).toEqual(
      [
        { argv: ['sh', '-c', 'echo exec > /tmp/e'], cwd: '/' },
        { argv: ['cp', 'e', 'copy'], cwd: '/tmp' },
        { argv: ['rm', '/tmp/e', '/tmp/copy'], cwd: '/' },
        { argv: ['sh', '-c', numbersLine], cwd: '/' },
        { argv: ['sleep', '0.5'], cwd: '/' },
        { argv: ['sh', '-c', 'exit $$'], cwd: '/' },
      ].map(({ argv, cwd }) => ({
        ...{ argv, exe: busybox, cwd, containerId: older.id },
        executed: [{ argv, exe: busybox, cwd }],
      })),
    );
  });

  it('knows the numbers that processes have in their containers, and the namespaces', () => {
    const { older, runId } = scene();
    const [before, ...put] = inContainer(scene(), older.id);
    const numbers = put.filter(({ argv }) => argv?.some((argument) => argument.includes('exit $$')));
    const [outer] = inContainer(scene(), runId);
    expect({ first: before?.innerPid, chain: before?.pids, own: before?.namespaces }).toEqual({
      ...{ first: 1, chain: [older.pid, 1], own: older.namespaces },
    });
    expect(numbers.map(({ innerPid, namespaces }) => ({ innerPid, namespaces }))).toEqual(
      numbers.map(({ exitCode }) => ({ innerPid: exitCode, namespaces: older.namespaces })),
    );
    expect(numbers.length).toBe(2);
    // It may be gone before all of it is looked at: then nothing is said.
    const kinds = Object.keys(older.namespaces);
    expect([
      { number: 1, kinds },
      { number: 1, kinds: undefined },
      { number: undefined, kinds },
      { number: undefined, kinds: undefined },
    ]).toContainEqual({ number: outer?.innerPid, kinds: outer?.namespaces && Object.keys(outer.namespaces) });
    expect(outer?.namespaces).not.toEqual(older.namespaces);
  });

  it('gives all processes of a container the one root file system of that container', () => {
    const { engine, older, runId } = scene();
    const rootsOf = (id: string) => [
      ...new Set(treeOf(scene()).flatMap((process) => (process.containerId === id ? [process.rootfs] : []))),
    ];
    const [[olderRoot, ...olderOthers], [runRoot, ...runOthers]] = [rootsOf(older.id), rootsOf(runId)];
    expect([olderOthers, runOthers]).toEqual([[], []]);
    expect(olderRoot?.startsWith(`${engine.folder}/data/`)).toBe(true);
    expect(runRoot?.startsWith(`${engine.folder}/data/`)).toBe(true);
    expect(runRoot).not.toBe(olderRoot);
    if (older.rootfs !== null) expect(olderRoot).toBe(older.rootfs);
  });

  it('lists both containers under their engine', () => {
    const { older, runId } = scene();
    const [star] = starsOf(scene());
    const listed = scene().shown.containers.filter(({ containerId }) => [older.id, runId].includes(containerId));
    const rootOf = (id: string) => inContainer(scene(), id)[0]?.rootfs;
    expect(
      listed.map(({ containerId, engineKey, rootfs }) => ({ containerId, engineKey, rootfs })).sort(byContainer),
    ).toEqual(
      [older.id, runId]
        .map((containerId) => ({ containerId, engineKey: star?.key, rootfs: rootOf(containerId) }))
        .sort(byContainer),
    );
  });

  it('has the files that were written, with process, container, writes and the way they were closed', () => {
    const { older, runId } = scene();
    const [outer, inner] = inContainer(scene(), runId);
    const put = inContainer(scene(), older.id).filter((process) => !process.startedBefore);
    // The shell opens /tmp/x as 3, makes it 1 by dup2, closes 3, and ends the session when it puts the old 1 back by
    // dup2. /root/y stays the standard output of what the inner shell turned into, until its exit. Only cp closes.
    expect(
      [
        fileOf(runId, '/tmp/x'),
        fileOf(runId, '/root/y'),
        fileOf(older.id, '/tmp/e'),
        fileOf(older.id, '/tmp/copy'),
      ].map((file) => file && fileSummary(file)),
    ).toEqual([
      written('/tmp/x', runId, outer, 3, 'dup'),
      written('/root/y', runId, inner, 3, 'exit'),
      written('/tmp/e', older.id, put[0], 5, 'dup'),
      written('/tmp/copy', older.id, put[1], 5, 'close'),
    ]);
  });

  it('tells what is changed in the containers in the end, and by whom', () => {
    const { runId, older, shown } = scene();
    const inside = shown.changes.filter(({ containerId }) => containerId === runId || containerId === older.id);
    const by = (writer: ShownChanger | null) => [writer?.action, writer?.exe];
    expect(
      inside.map(({ containerId, change, path, firstWriter, lastWriter }) => [
        ...[containerId, change, path],
        ...[by(firstWriter), by(lastWriter)],
      ]),
    ).toEqual([
      [runId, 'A', '/root/y', ['create', busybox], ['write', busybox]],
      [runId, 'A', '/tmp/x', ['create', busybox], ['write', busybox]],
    ]);
  });

  it('puts opening, writing and closing of a file in order', () => {
    const { opened, writes, closed } = fileOf(scene().runId, '/root/y') ?? {};
    const times = [opened, writes?.first, writes?.last, closed];
    expect(times.every((time) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/.test(time ?? ''))).toBe(true);
    expect(times).toEqual([...times].sort());
  });

  it('lost nothing', () => {
    expect(scene().shown.losses.filter((loss) => loss.severity === 'loss')).toEqual([]);
  });

  function fileOf(containerId: string, path: string): ShownFile | undefined {
    const found = scene().shown.files.filter((file) => file.containerId === containerId && file.path === path);
    // Opening it for reading is not recorded, so there is one session a file.
    expect(found.length).toBe(1);
    return found[0];
  }
}

/** Path of an installed program with links followed, as the kernel names it. */
function installed(name: string): string {
  return realpathSync(findProgram(name) ?? name);
}

/** Stars of this engine; another one may run on the same machine. */
function starsOf({ engine, shown }: Scene): ShownProcess[] {
  return shown.processes.filter(
    (process) =>
      process.star &&
      (process.tgid === engine.pid || process.argv?.some((argument) => argument.includes(engine.folder)) === true),
  );
}

function treeOf(scene: Scene): ShownProcess[] {
  const { engine, shown } = scene;
  return shown.processes.filter((process) => ancestry(shown.processes, process).at(-1)?.tgid === engine.pid);
}

/** What ran from the image in a container, in order of start: runc's own helpers are in it too, but are not busybox. */
function inContainer(scene: Scene, id: string): ShownProcess[] {
  return treeOf(scene)
    .filter((process) => process.containerId === id && process.exe === busybox)
    .sort((a, b) => ((a.start ?? '') < (b.start ?? '') ? -1 : 1));
}

function pick(process: Partial<ShownProcess>) {
  const { tgid, star, startedBefore, parentKey, parentSource, depth, exe, argv, cwd, rootfs, containerId } = process;
  return { tgid, star, startedBefore, parentKey, parentSource, depth, exe, argv, cwd, rootfs, containerId };
}

function summary({ argv, exe, cwd, containerId, executions }: ShownProcess) {
  const executed = executions
    .filter((execution) => execution.success && execution.exe === busybox)
    .map((execution) => ({ argv: execution.argv, exe: execution.exe, cwd: execution.cwd }));
  return { argv, exe, cwd, containerId, executed };
}

function fileSummary(file: ShownFile) {
  const { path, pathResolved, containerId, key, exe, created, openedBefore, closedBy, closeInferred } = file;
  return {
    ...{ path, pathResolved, containerId, key, exe, created, openedBefore, closedBy, closeInferred },
    writes: { count: file.writes.count, bytes: file.writes.bytes },
    writers: file.writers.map((writer) => ({ key: writer.key, count: writer.count, bytes: writer.bytes })),
  };
}

/** A file made, written to once and closed by one process. */
function written(
  path: string,
  containerId: string,
  process: ShownProcess | undefined,
  bytes: number,
  closedBy: string,
): ReturnType<typeof fileSummary> {
  const key = process?.key ?? '(not shown)';
  return {
    ...{ path, pathResolved: true, containerId, key, exe: busybox, created: true, openedBefore: false },
    ...{ closedBy, closeInferred: false },
    writes: { count: 1, bytes },
    writers: [{ key, count: 1, bytes }],
  };
}

function byContainer(a: { containerId: string }, b: { containerId: string }): number {
  return a.containerId < b.containerId ? -1 : 1;
}
