/** Very many processes of very short lives, in a container: every one is told, with the right identity and place. */

import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AuditLock, takeAuditLock } from './support/audit-lock.ts';
import { type AuditState, readAuditState, restoreAuditState } from './support/audit-state.ts';
import { staticBusybox } from './support/busybox-image.ts';
import { type DockerEngine, startDockerEngine } from './support/docker-engine.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built, type RunningGodo, startGodo } from './support/programs.ts';
import { runOrThrow } from './support/run-program.ts';
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

  /**
   * The container's id, and all that is shown of it. `meanwhile` is done while the storm goes on; it gives the listener
   * that is to be ended.
   */
  async function record(
    name: string,
    children: number,
    meanwhile: (godo: RunningGodo, scene: { db: string; id: string }) => Promise<RunningGodo>,
  ) {
    const db = join(folder, name);
    let godo = await startGodo(['--db', db], { cwd: folder });
    const create = ['create', '--network', 'none', '-v', `${folder}/storm:/storm:ro`, engine.image];
    const id = await engine.dockerOrThrow([...create, '/storm', `${parents}`, `${children}`]);
    try {
      await engine.dockerOrThrow(['start', id]);
      godo = await meanwhile(godo, { db, id });
      await engine.dockerOrThrow(['wait', id], stormMs);
    } finally {
      expect((await godo.stop()).code).toBe(0);
    }
    await succeed('filter', ['--db', db]);
    const shown = await showEvidence(['--db', db]);
    return { id, shown, processes: shown.processes.filter((process) => process.argv?.[0] === '/storm') };
  }

  it.each([
    { pids: 'pids to spare', most: null },
    { pids: 'pids that come round', most: fewPids },
  ])(
    'loses none, and gives each its own arguments, parent, container and exit code, with $pids',
    async ({ pids, most }) => {
      if (most !== null) writeFileSync(pidMax, `${most}`);
      const { id, shown, processes } = await record(pids, childrenEach, async (godo) => godo);
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
    stormMs * 2,
  );

  it(
    'is whole but for a stated gap when the listener is killed in the middle and started again',
    async () => {
      const endless = 1_000_000;
      const { id, shown, processes } = await record('killed', endless, async (godo, { db, id }) => {
        await sleep(4_000);
        await godo.stop('SIGKILL');
        await sleep(500);
        const next = await startGodo(['--db', db], { cwd: folder });
        await sleep(2_000);
        await engine.dockerOrThrow(['kill', id]);
        return next;
      });
      const byKey = new Map(shown.processes.map((process) => [process.key, process]));
      const children = processes.filter(({ argv }) => argv?.[1] === 'child');
      const numbersOf = (parent: number) =>
        children
          .flatMap(({ argv }) => {
            const [own, number] = (argv?.[2] ?? '').split('-').map(Number);
            return own === parent && number !== undefined ? [number] : [];
          })
          .toSorted((a, b) => a - b);
      const told = Array.from({ length: parents }, (_, parent) => {
        const numbers = numbersOf(parent);
        const breaks = numbers.filter((number, index) => index > 0 && number !== (numbers[index - 1] ?? 0) + 1);
        // What the kernel had queued meanwhile comes as well, so there may be two: before it and behind it.
        return {
          first: numbers[0],
          broken: breaks.length === 1 || breaks.length === 2,
          twice: numbers.length - new Set(numbers).size,
        };
      });
      const astray = children
        .filter(({ argv, containerId, parentKey }) => {
          const parent = byKey.get(parentKey ?? '')?.argv;
          return containerId !== id || parent?.[1] !== 'parent' || parent[2] !== argv?.[2]?.split('-')[0];
        })
        .map(({ argv, parentKey, warnings }) => ({ argv, parent: byKey.get(parentKey ?? '')?.argv, warnings }));
      expect({ told, astray: astray.length, example: astray[0] }).toEqual({
        told: Array.from({ length: parents }, () => ({ first: 0, broken: true, twice: 0 })),
        astray: 0,
      });
      expect(shown.processes.filter(({ star, parentKey }) => !star && !byKey.has(parentKey ?? ''))).toEqual([]);
      const losses = shown.losses.filter(({ severity }) => severity === 'loss');
      expect(losses.map(({ source }) => source)).toEqual(['listener']);
      expect(losses[0]?.reason).toContain('was cut off');
    },
    stormMs * 2,
  );
});
