import { type ChildProcess, spawn } from 'node:child_process';
import { closeProcess, openProcess, readProcess } from '@godo/native';
import { afterEach, describe, expect, it } from 'vitest';
import { EarlyReading } from '../../src/proc/early-reading.ts';
import { procPart } from '../../src/proc/proc-files.ts';
import { fakeProc, stat } from '../support/fake-proc.ts';

const at = 8;
const parts = procPart.stat | procPart.cgroup;

describe('a process that was read early', () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  /** What the addon writes of a process that lives now. */
  function reading(): { memory: Buffer; pid: number; startTicks: number } {
    const child = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
    children.push(child);
    const pid = child.pid ?? 0;
    const memory = Buffer.from(new ArrayBuffer(65_536));
    const opened = openProcess(pid);
    readProcess(opened, parts, memory.subarray(at));
    closeProcess(opened);
    return { memory, pid, startTicks: memory.readDoubleLE(at) };
  }

  it('is shown as it was, without a look at it', () => {
    const { memory, pid, startTicks } = reading();
    const proc = fakeProc({});
    const process = new EarlyReading(memory, at, parts, proc, pid);
    process.look(parts);

    expect([process.stat()?.startTicks, process.text(procPart.cgroup)]).toEqual([
      startTicks,
      expect.stringContaining('0::'),
    ]);
    expect(proc.looks).toEqual([]);
  });

  it('is looked at for what was not read, and for what is asked for again', () => {
    const { memory, pid, startTicks } = reading();
    const now = { stat: stat('later', 1, startTicks), cgroup: '0::/later\n', exe: '/later' };
    const proc = fakeProc({ [pid]: now });
    const process = new EarlyReading(memory, at, parts, proc, pid);
    process.look(parts);
    process.look(procPart.exe);
    const exe = process.text(procPart.exe);
    process.look(procPart.cgroup);
    const cgroup = process.text(procPart.cgroup);
    process.close();

    expect({ exe, cgroup, held: proc.held() }).toEqual({ exe: '/later', cgroup: '0::/later\n', held: 0 });
    expect(proc.looks).toEqual([`${pid} stat`, `${pid} exe`, `${pid} cgroup`]);
  });

  it('is not taken for another that has its number now', () => {
    const { memory, pid, startTicks } = reading();
    const proc = fakeProc({ [pid]: { stat: stat('other', 1, startTicks + 1), exe: '/other' } });
    const process = new EarlyReading(memory, at, parts, proc, pid);
    process.look(procPart.exe);

    expect([process.text(procPart.exe), process.stat(), proc.held()]).toEqual([null, null, 0]);
  });
});
