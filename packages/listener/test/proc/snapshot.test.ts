import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SnapshotEvent } from '../../src/events.ts';
import { auditDevice } from '../../src/proc/device.ts';
import { ProcReader } from '../../src/proc/proc-reader.ts';
import { takeSnapshot } from '../../src/proc/snapshot.ts';

const clock = { bootNs: 1_000n, nowNs: () => 77n };

describe('a snapshot of what runs', () => {
  let directory = '';
  let child: ChildProcess;
  let path = '';

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'godo-snapshot-'));
    path = join(directory, 'a file');
    const writing = openSync(path, 'a');
    const reading = openSync(path, 'r');
    child = spawn('sleep', ['60'], { stdio: ['ignore', writing, reading] });
    closeSync(writing);
    closeSync(reading);
  });
  afterEach(() => {
    child.kill();
    rmSync(directory, { recursive: true });
  });

  const taken = () => takeSnapshot(new ProcReader(), clock, process.pid);
  const of = (events: readonly SnapshotEvent[], tgid: number | undefined) =>
    events.find((event) => event.tgid === tgid);

  it('has each process with its parent, its tasks and its start', () => {
    const event = of(taken(), child.pid);

    expect(event).toMatchObject({
      kind: 'snapshot',
      timeNs: 77n,
      parentTgid: process.pid,
      tasks: [child.pid],
      startNs: 1_000n + BigInt(event?.proc.startTicks ?? 0) * 10_000_000n,
    });
  });

  it('has the files that are open for writing, and no other', () => {
    const { dev, ino } = statSync(path, { bigint: true });
    const file = { path, access: 'write', closeOnExec: false, dev: auditDevice(dev), inode: ino.toString() };

    expect(of(taken(), child.pid)?.files).toEqual([{ ...file, fd: 1, flags: expect.any(Number), fileType: 'regular' }]);
  });

  it('has the path of a file that was deleted', () => {
    unlinkSync(path);

    expect(of(taken(), child.pid)?.files.map((file) => file.path)).toEqual([path]);
  });

  it('has our own process too, without its files and with all its threads', () => {
    const own = of(taken(), process.pid);

    expect(own?.files).toEqual([]);
    expect(own?.tasks).toContain(process.pid);
    expect(own?.tasks.length).toBeGreaterThan(1);
  });

  it('has parents before their children', () => {
    const events = taken();
    const at = (tgid: number | undefined) => events.findIndex((event) => event.tgid === tgid);

    expect(at(process.pid)).toBeGreaterThanOrEqual(0);
    expect(at(process.pid)).toBeLessThan(at(child.pid));
  });
});
