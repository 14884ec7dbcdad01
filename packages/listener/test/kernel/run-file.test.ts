import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { isRunning, type RunState, unstated } from '../../src/kernel/run-file.ts';
import { ProcReader } from '../../src/proc/proc-reader.ts';

const isThere = (pid: number) => new ProcReader().stat(pid) !== null;
const stateOf = (pid: number) => /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1];

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('a listener', () => {
  let parent: ChildProcess | undefined;

  afterEach(() => parent?.kill('SIGKILL'));

  const told = (pid: number) => ({ pid, startTicks: new ProcReader().stat(pid)?.startTicks ?? Number.NaN });

  it('is running as long as its process lives', async () => {
    parent = spawn('sleep', ['60']);
    const state = told(parent.pid as number);

    expect(isRunning(state)).toBe(true);
    expect(isRunning({ ...state, startTicks: state.startTicks - 1 })).toBe(false);
    parent.kill('SIGKILL');
    await until(() => !isThere(state.pid));
    expect(isRunning(state)).toBe(false);
  });

  it('is not running when it has ended, and its parent does not wait for it', async () => {
    parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60']);
    const pid = Number(await new Promise((told) => parent?.stdout?.once('data', told)));
    const state = told(pid);
    // The shell would wait for it.
    await until(() => new ProcReader().stat(parent?.pid as number)?.comm === 'sleep');

    expect(isRunning(state)).toBe(true);
    process.kill(pid, 'SIGKILL');
    await until(() => stateOf(pid) === 'Z');
    expect(isRunning(state)).toBe(false);
  });

  it('is running while threads of it go on after its first one', async () => {
    const program = [
      'import ctypes, threading, time',
      'threading.Thread(target=time.sleep, args=(60,)).start()',
      'ctypes.CDLL(None).syscall(ctypes.c_long({ "x64": 60, "arm64": 93 }["ARCH"]), 0)',
    ];
    parent = spawn('python3', ['-c', program.join('\n').replace('ARCH', process.arch)]);
    const state = told(parent.pid as number);

    await until(() => stateOf(state.pid) === 'Z');
    expect(isRunning(state)).toBe(true);
  });
});

describe('of listeners that were cut off one after the other', () => {
  const run = (sessionId: string, more: Partial<RunState> = {}): RunState => ({
    pid: 1,
    startTicks: 1,
    sessionId,
    started: '2023-11-14T22:13:20.000Z',
    intake: 'unicast',
    store: '/var/lib/godo',
    found: { enabled: 0, failure: 1, backlogLimit: 64, backlogWaitTime: 0 },
    updated: '2023-11-14T22:13:20.000Z',
    counters: {},
    ...more,
  });
  const ended = (serial: number) => ({ endOfRules: { serial, lost: 0 } });

  it('the gap begins with the first whose gap nobody has stated, and ends with the rules of the last', () => {
    const first = run('a', ended(10));
    const second = run('b', { before: first, ...ended(20) });

    expect(unstated(first)).toEqual(first);
    expect(unstated(second)).toEqual(run('a', ended(20)));
    expect(unstated(run('c', { before: unstated(second), ...ended(30) }))).toEqual(run('a', ended(30)));
    // Nobody knows when that was.
    expect(unstated(run('b', { before: first }))).toEqual(run('a'));
  });
});
