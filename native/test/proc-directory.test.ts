import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { closeProcess, openProcess, processHeadBytes, readProcess } from '../index.js';
import { describeAsRoot } from './support/privilege.ts';

const names = ['stat', 'cgroup', 'cmdline', 'exe', 'cwd', 'root', 'status', 'loginuid', 'sessionid', 'mountinfo'];
const all = 1023;

interface Reading {
  readonly startTicks: number;
  readonly ppid: number;
  readonly flags: number;
  readonly texts: Readonly<Record<string, string>>;
}

function reading(process: number, parts: number, bytes = 1 << 20): Reading {
  const memory = Buffer.from(new ArrayBuffer(bytes));
  expect(readProcess(process, parts, memory)).toBeGreaterThanOrEqual(processHeadBytes);
  const found = memory.readUInt32LE(16);
  const texts = names.flatMap((name, index) => {
    const offset = memory.readUInt32LE(24 + 8 * index);
    const text = memory.toString('latin1', offset, offset + memory.readUInt32LE(28 + 8 * index));
    return (found & (1 << index)) === 0 ? [] : [[name, text] as const];
  });
  return {
    startTicks: memory.readDoubleLE(0),
    ppid: memory.readInt32LE(8),
    flags: memory.readUInt32LE(12),
    texts: Object.fromEntries(texts),
  };
}

const nothing: Reading = { startTicks: -1, ppid: 0, flags: 0, texts: {} };
const gone = (child: ChildProcess) => new Promise((resolve) => child.once('exit', resolve));

async function sleeper(...argv: string[]): Promise<ChildProcess & { pid: number }> {
  const child = spawn('/bin/sleep', ['60', ...argv], { stdio: 'ignore' });
  await new Promise((resolve) => child.once('spawn', resolve));
  // Node tells of it in the middle of the exec, when there may be no command line yet.
  await expect.poll(() => readFileSync(`/proc/${child.pid}/cmdline`, 'latin1')).toMatch(/^\/bin\/sleep\0/);
  return child as ChildProcess & { pid: number };
}

describe('a process that is opened', () => {
  const opened: number[] = [];
  const children: ChildProcess[] = [];
  const open = (pid: number) => {
    const process = openProcess(pid);
    if (process >= 0) opened.push(process);
    return process;
  };
  afterEach(() => {
    for (const process of opened.splice(0)) closeProcess(process);
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  it('shows what is asked for, and nothing else', () => {
    const { startTicks, ppid, texts } = reading(open(process.pid), 1 + 2 + 8 + 16);

    expect([startTicks > 0, ppid]).toEqual([true, process.ppid]);
    expect(texts).toEqual({
      stat: expect.any(String),
      cgroup: expect.stringContaining('0::'),
      exe: process.execPath,
      cwd: process.cwd(),
    });
  });

  it('shows everything', async () => {
    const child = await sleeper('1');
    children.push(child);
    const { ppid, texts } = reading(open(child.pid), all);

    expect(ppid).toBe(process.pid);
    expect(texts).toMatchObject({ stat: 'sleep', cmdline: '/bin/sleep\x0060\x001\0', cwd: process.cwd() });
    expect(Object.keys(texts)).toEqual(names);
    expect(texts.status).toMatch(/^Name:\tsleep\n/);
    expect(texts.mountinfo).toMatch(/ - /);
  });

  it('says no when it does not fit, however little is missing', async () => {
    const child = await sleeper();
    children.push(child);
    const process = open(child.pid);
    const { cmdline = '' } = reading(process, 4).texts;

    expect(readProcess(process, 4, new Uint8Array(processHeadBytes + cmdline.length))).toBe(-1);
    expect(reading(process, 4, processHeadBytes + cmdline.length + 1).texts).toEqual({ cmdline });
  });

  it('has the same root as its child, and another than one that sees other mounts', async () => {
    const child = await sleeper();
    const apart = spawn('unshare', ['--mount', '/bin/sleep', '60'], { stdio: 'ignore' });
    children.push(child, apart);
    const rootOf = (pid: number | undefined) => reading(open(pid as number), 32).texts.root;
    const own = rootOf(process.pid);

    expect(own).toBeDefined();
    expect(rootOf(child.pid)).toBe(own);
    await expect.poll(() => rootOf(apart.pid) !== own || apart.exitCode !== null).toBe(true);
  });

  // The claim that one reading of stat is enough rests on the next two.
  it('shows nothing any more once it has ended, though it was open before', async () => {
    const child = await sleeper();
    const process = open(child.pid);
    expect(reading(process, all).texts.stat).toBe('sleep');
    child.kill('SIGKILL');
    await gone(child);

    expect(reading(process, all)).toEqual(nothing);
    expect(openProcess(child.pid)).toBe(-1);
  });

  describeAsRoot('whose number was given out again', () => {
    it('is not taken for the other: it shows nothing', async () => {
      const first = await sleeper('1');
      const process = open(first.pid);
      const firstStart = reading(process, 1).startTicks;
      first.kill('SIGKILL');
      await gone(first);
      const second = await withNumber(first.pid);
      children.push(second);

      expect(reading(process, all)).toEqual(nothing);
      const again = reading(open(second.pid), 1 + 4);
      expect(again.texts.cmdline).toBe('/bin/sleep\x0060\x002\0');
      expect(again.startTicks).toBeGreaterThanOrEqual(firstStart);
    });
  });

  it('is none where there is no such process', () => {
    expect(openProcess(0)).toBe(-1);
    expect(openProcess(0x7fffffff)).toBe(-1);
  });

  it('must be one that was opened here, and is closed once', () => {
    const badArgument = expect.objectContaining({ code: 'BAD_ARGUMENT' });
    const memory = new Uint8Array(processHeadBytes);
    const process = openProcess(globalThis.process.pid);
    closeProcess(process);

    expect(() => closeProcess(process)).toThrow(badArgument);
    expect(() => readProcess(process, 1, memory)).toThrow(badArgument);
    expect(() => closeProcess(1)).toThrow(badArgument);
    expect(() => openProcess(-1)).toThrow(badArgument);
    expect(() => readProcess(open(globalThis.process.pid), 1024, memory)).toThrow(badArgument);
    expect(() => readProcess(open(globalThis.process.pid), 1, memory.subarray(1))).toThrow(badArgument);
  });
});

/** A process with this number: the kernel gives the one behind ns_last_pid next, unless another fork is quicker. */
async function withNumber(pid: number): Promise<ChildProcess & { pid: number }> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1));
    const child = await sleeper('2');
    if (child.pid === pid) return child;
    child.kill('SIGKILL');
    await gone(child);
  }
  throw new Error(`No process got the number ${pid} again.`);
}
