/** Very many processes of very short lives, in a container: every one is told, with the right identity and place. */

import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AuditLock, takeAuditLock } from './support/audit-lock.ts';
import { type AuditState, readAuditState, restoreAuditState } from './support/audit-state.ts';
import { staticBusybox } from './support/busybox-image.ts';
import { type DockerEngine, startDockerEngine } from './support/docker-engine.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built, startGodo } from './support/programs.ts';
import { type Outcome, runOrThrow } from './support/run-program.ts';
import { type ShownProcess, showEvidence, succeed } from './support/shown-evidence.ts';

const parents = 4;
const childrenEach = 5_000;
const pidMax = '/proc/sys/kernel/pid_max';
/** 20,000 processes go more than five times through what is left of it above 300, where the kernel begins again. */
const fewPids = 4_000;
const stormMs = 5 * 60_000;

const needs = [
  ...[root, built, staticBusybox],
  ...[program('dockerd', 'docker.io'), program('docker', 'docker.io'), program('gcc', 'gcc')],
];

describeWith('a storm of processes in a container', needs, () => {
  let lock: AuditLock;
  let before: AuditState;
  let engine: DockerEngine;
  let folder: string;
  const pidMaxBefore = readFileSync(pidMax, 'utf8');

  beforeAll(async () => {
    lock = await takeAuditLock();
    before = await readAuditState();
    folder = await mkdtemp(join(tmpdir(), 'godo-storm-'));
    const source = fileURLToPath(new URL('./programs/storm.c', import.meta.url));
    await runOrThrow('gcc', ['-static', '-O1', '-o', join(folder, 'storm'), source]);
    engine = await startDockerEngine();
  }, 17 * 60_000);

  afterAll(async () => {
    writeFileSync(pidMax, pidMaxBefore);
    await engine?.stop();
    if (before !== undefined) await restoreAuditState(before);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    await lock?.release();
  });

  /** The container's id, and all that is shown of it. */
  async function record() {
    const db = await mkdtemp(join(folder, 'db-'));
    const godo = await startGodo(['--db', db], { cwd: folder });
    let ended: Outcome;
    let id: string;
    try {
      const create = ['create', '--network', 'none', '-v', `${folder}/storm:/storm:ro`, engine.image];
      id = await engine.dockerOrThrow([...create, '/storm', `${parents}`, `${childrenEach}`]);
      await engine.dockerOrThrow(['start', '--attach', id], stormMs);
    } finally {
      ended = await godo.stop();
    }
    expect(ended.code).toBe(0);
    await succeed('filter', ['--db', db]);
    const shown = await showEvidence(['--db', db]);
    return { id, shown, processes: shown.processes.filter((process) => process.argv?.[0] === '/storm') };
  }

  it.each([
    { pids: 'pids to spare', most: null },
    { pids: 'pids that come round', most: fewPids },
  ])(
    'loses none, and gives each its own arguments, parent, container and exit code, with $pids',
    { timeout: stormMs * 2 },
    async ({ most }) => {
      if (most !== null) writeFileSync(pidMax, `${most}`);
      const { id, shown, processes } = await record();
      const byKey = new Map(shown.processes.map((process) => [process.key, process]));
      const parentOf = (process: ShownProcess) => byKey.get(process.parentKey ?? '');
      const children = processes.filter(({ argv }) => argv?.[1] === 'child');
      const told = children.map((process) => ({
        argv: process.argv?.slice(1),
        parent: parentOf(process)?.argv?.slice(1),
        parentSource: process.parentSource,
        containerId: process.containerId,
        exitCode: process.exitCode,
        executions: process.executions.length,
      }));
      const expected = Array.from({ length: parents * childrenEach }, (_, index) => {
        const [parent, child] = [Math.floor(index / childrenEach), index % childrenEach];
        return {
          argv: ['child', `${parent}-${child}`],
          parent: ['parent', `${parent}`, `${childrenEach}`],
          parentSource: 'kernel',
          containerId: id,
          exitCode: child % 251,
          executions: 1,
        };
      });
      const name = (value: { argv: readonly string[] | undefined }) => value.argv?.join(' ') ?? '';
      const sorted = <T extends { argv: readonly string[] | undefined }>(values: readonly T[]) =>
        values.toSorted((a, b) => (name(a) < name(b) ? -1 : 1)).map((value) => JSON.stringify(value));
      const [found, wanted] = [sorted(told), sorted(expected)];
      const differences = found.filter((text, index) => text !== wanted[index]);
      if (differences.length > 0) process.stderr.write(`${differences.slice(0, 5).join('\n')}\n`);
      expect({
        found: found.length,
        differences: differences.slice(0, 5),
        others: processes.length - children.length,
      }).toEqual({
        found: wanted.length,
        differences: [],
        others: parents + 1,
      });
      expect(byKey.size).toBe(shown.processes.length);
      expect(shown.losses.filter((loss) => loss.severity === 'loss')).toEqual([]);
      const tooYoung = shown.processes.filter((process) => {
        const parent = parentOf(process);
        return parent?.start != null && process.start !== null && parent.start > process.start;
      });
      expect(tooYoung).toEqual([]);
      if (most !== null) {
        const lives = new Map<number, number>();
        for (const { tgid } of children) lives.set(tgid, (lives.get(tgid) ?? 0) + 1);
        const counts = [...lives.values()].toSorted((a, b) => a - b);
        expect(counts[Math.floor(counts.length / 2)]).toBeGreaterThanOrEqual(5);
      }
    },
  );
});
