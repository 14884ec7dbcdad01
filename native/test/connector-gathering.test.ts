import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  closeSocket,
  connectorListen,
  gatherConnector,
  openConnector,
  receiveConnector,
  wakeReceiver,
} from '../index.js';
import { unpackMessages, what } from './support/packed-records.ts';
import { describeAsRoot } from './support/privilege.ts';

const [stat, cgroup, cmdline, exe] = [1, 2, 4, 8];
const ownGroup = readFileSync('/proc/self/cgroup', 'latin1');
const texts = (...all: string[]) => new Uint8Array(Buffer.from(all.map((text) => `${text}\0`).join(''), 'latin1'));
const none = texts();

function groupsOfHost(): string[] {
  const groups = readdirSync('/proc').flatMap((name) => {
    try {
      return /^\d+$/.test(name) ? [readFileSync(`/proc/${name}/cgroup`, 'latin1')] : [];
    } catch {
      return [];
    }
  });
  return [...new Set(groups)];
}

describeAsRoot('the connector, gathered', () => {
  let socket: number;
  const messages = new Uint8Array(new ArrayBuffer(256 * 64));
  const readings = Buffer.from(new ArrayBuffer(1 << 18));
  const told = new Float64Array(3);

  beforeEach(() => {
    socket = openConnector({ receiveBufferBytes: 4 << 20 });
    messages.fill(0);
  });

  afterEach(() => {
    connectorListen(socket, false);
    closeSocket(socket);
  });

  interface Options {
    readonly mostReadings?: number;
    readonly knownGroups?: Uint8Array;
    readonly promptPrograms?: Uint8Array;
    readonly room?: Buffer;
    readonly timeoutMs?: number;
  }

  function gather({ room = readings, timeoutMs = 0, ...options }: Options = {}) {
    const all = { mostReadings: 100, knownGroups: none, promptPrograms: none, ...options };
    const parts = { forkParts: stat + cgroup, execParts: stat + cgroup + cmdline + exe };
    const began = performance.now();
    const bytes = gatherConnector(socket, messages, room, { ...parts, ...all }, timeoutMs, told);
    const ms = performance.now() - began;
    return { all: unpackMessages(messages, bytes), looked: told[1], metGroup: told[2] === 1, ms };
  }

  /** What a gathering says of the exec of a program that lives on. The host may start others: then it is tried again. */
  function gatherSleeper(options: Options = {}) {
    for (let round = 0; round < 50; round += 1) {
      while (receiveConnector(socket, new Uint8Array(64 * 64), 0, 64 * 64, 0) !== 0);
      const child = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
      try {
        const told = gather(options);
        const index = told.all.findIndex(({ what: kind, data }) => kind === what.exec && data[1] === child.pid);
        if (index >= 0 && told.all.length <= 8) return { ...told, pid: child.pid, place: placeOf(index) };
      } finally {
        child.kill('SIGKILL');
      }
    }
    throw new Error('the host never left the test alone');
  }

  const placeOf = (index: number): number => Buffer.from(messages.buffer).readUInt32LE(64 * index + 60);

  /** Of what readProcess writes. */
  function textAt(place: number, part: number): string {
    const offset = place + readings.readUInt32LE(place + 24 + 8 * part);
    return readings.toString('latin1', offset, offset + readings.readUInt32LE(place + 28 + 8 * part));
  }

  beforeEach(() => connectorListen(socket, true));

  it('shows a process as /proc had it when it executed, and ends there where its group is not known', () => {
    const { place, metGroup, ms } = gatherSleeper({ timeoutMs: 30_000 });

    expect([0, 1, 3].map((part) => textAt(place, part))).toEqual(['sleep', ownGroup, expect.stringMatching(/\/\w+$/)]);
    expect({ metGroup, soon: ms < 10_000 }).toEqual({ metGroup: true, soon: true });
  });

  it('goes on for its time where the group is known', () => {
    // Others on the host may have their own reasons to end it: one that nobody ended is enough.
    let longestMs = 0;
    for (let round = 0; round < 100 && longestMs < 199; round += 1) {
      longestMs = Math.max(longestMs, gatherSleeper({ timeoutMs: 200, knownGroups: texts('x', ...groupsOfHost()) }).ms);
    }

    expect(longestMs).toBeGreaterThanOrEqual(199);
  });

  it('ends at once at a program that is named, whatever its group', () => {
    const program = basename(realpathSync('/bin/sleep'));
    const { ms, metGroup, place } = gatherSleeper({
      timeoutMs: 30_000,
      knownGroups: texts(ownGroup),
      promptPrograms: texts('other', program),
    });

    expect({ soon: ms < 10_000, metGroup, read: place > 1 }).toEqual({ soon: true, metGroup: false, read: true });
  });

  it('ends so at one that has no name but what it is called: it executes a copy of itself', () => {
    const knownGroups = texts(ownGroup, ...groupsOfHost());
    const asCopy = `import os, sys
fd = os.memfd_create('copy', 0)
os.write(fd, open('/bin/sleep', 'rb').read())
os.execve(fd, ['/usr/bin/my-runtime', '60'], {})`;
    const child = spawn('python3', ['-c', asCopy], { stdio: 'ignore' });
    let soon = false;
    try {
      const began = performance.now();
      for (let found = false; !found && performance.now() - began < 20_000; ) {
        const { all, ms } = gather({ timeoutMs: 15_000, knownGroups, promptPrograms: texts('my-runtime') });
        found = all.some(
          ({ what: kind, data }, index) =>
            kind === what.exec &&
            data[1] === child.pid &&
            placeOf(index) > 1 &&
            textAt(placeOf(index), 3).startsWith('/memfd:'),
        );
        soon = found && ms < 10_000;
      }
    } finally {
      child.kill('SIGKILL');
    }

    expect(soon).toBe(true);
  });

  it('ends, and reads nothing more, where it may not, or has no room', () => {
    const results = [{ mostReadings: 0 }, { room: Buffer.from(new ArrayBuffer(8)) }].map((options) => {
      const { place, ms } = gatherSleeper({ timeoutMs: 30_000, ...options });
      return { place, soon: ms < 10_000 };
    });

    expect(results).toEqual([
      { place: 0, soon: true },
      { place: 0, soon: true },
    ]);
  });

  it('says where there is no such process any more', () => {
    let found: number[] = [];
    for (let round = 0; round < 50 && found.length === 0; round += 1) {
      while (receiveConnector(socket, new Uint8Array(64 * 64), 0, 64 * 64, 0) !== 0);
      const { pid } = spawnSync('/bin/true');
      const { all } = gather();
      if (all.length > 8) continue;
      found = all.flatMap(({ what: kind, data }, index) =>
        kind === what.exec && data[1] === pid ? [placeOf(index)] : [],
      );
    }

    expect(found).toEqual([1]);
  });

  it('ends when it is woken, also where that came before', () => {
    connectorListen(socket, false);
    wakeReceiver(socket);
    const { ms } = gather({ timeoutMs: 30_000 });

    expect(ms).toBeLessThan(10_000);
  });

  it('refuses memory that is too small, before anything is received', () => {
    const small = new Uint8Array(new ArrayBuffer(7 * 64));
    const options = { forkParts: 1, execParts: 1, mostReadings: 1, knownGroups: none, promptPrograms: none };

    expect(() => gatherConnector(socket, small, readings, options, 0, told)).toThrow('messages');
    expect(() => gatherConnector(socket, messages, new Uint8Array(7), options, 0, told)).toThrow('readings');
    expect(() => gatherConnector(socket, messages, readings, options, 0, new Float64Array(2))).toThrow('told');
    expect(() => gatherConnector(socket, messages, readings, { ...options, forkParts: 1024 }, 0, told)).toThrow(
      'forkParts',
    );
  });
});
