import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import {
  closeSocket,
  connectorListen,
  gatherMessages,
  getAuditStatus,
  hasMessages,
  openAudit,
  openConnector,
  readClocks,
  receiveConnector,
  waitForMessages,
  wakeReceiver,
} from '../index.js';
import { type ConnectorMessage, unpackMessages } from './support/packed-records.ts';
import { describeAsRoot } from './support/privilege.ts';
import { TestThread } from './support/test-thread.ts';
import { aThreadReceives } from './support/waiting-threads.ts';

const receivingThread = new URL('./support/receiving-thread.mjs', import.meta.url);
const sharedMemory = (bytes: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(bytes));

interface ThreadInput {
  receive: 'receiveAudit' | 'receiveConnector';
  fd: number;
  memory: Uint8Array;
  timeoutMs: number;
  stop?: Int32Array;
}

/** What a descriptor is, by the name that /proc gives it: its number may be somebody else's at once. */
function linkOf(fd: number): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  }
}

async function startReceiving(workerData: ThreadInput) {
  const thread = new TestThread(receivingThread, workerData);
  expect(await thread.message()).toEqual({ started: true });
  return {
    /** Bytes that it has received. It ends then. */
    async result(): Promise<number> {
      const { bytes } = (await thread.message()) as { bytes: number };
      expect(await thread.ended()).toBe(0);
      return bytes;
    },
  };
}

describeAsRoot('several threads', () => {
  it('share memory: what one receives the other reads', async () => {
    const { monotonicNs } = readClocks();
    const fd = openConnector({ receiveBufferBytes: 1 << 20 });
    try {
      const memory = sharedMemory(1 << 16);
      const thread = await startReceiving({
        receive: 'receiveConnector',
        fd,
        memory: memory.subarray(4096),
        timeoutMs: 5000,
      });
      connectorListen(fd, true);
      const bytes = await thread.result();
      expect(bytes).toBeGreaterThan(0);
      // Where another process listens, they may have come before we did, and have been made before the socket was.
      const messages = unpackMessages(memory.subarray(4096), bytes);
      expect(
        messages.map((m) => m.monotonicNs > 0n && m.arrivalNs > m.monotonicNs && m.arrivalNs > monotonicNs),
      ).toEqual(messages.map(() => true));
      expect(memory.subarray(0, 4096).every((byte) => byte === 0)).toBe(true);
    } finally {
      connectorListen(fd, false);
      closeSocket(fd);
    }
  });

  it('receive into shared memory of their own thread as well', () => {
    const fd = openConnector({ receiveBufferBytes: 1 << 20 });
    try {
      const memory = sharedMemory(1 << 16);
      connectorListen(fd, true);
      const { pid } = spawnSync('/bin/true');
      const receive = () => receiveConnector(fd, memory, 128, memory.length - 128, 1000);
      const isOfChild = ({ data }: ConnectorMessage): boolean => data.includes(pid);
      // What others do on the host comes first.
      let messages: ConnectorMessage[] = [];
      for (let left = 100; left > 0 && !messages.some(isOfChild); left -= 1)
        messages = unpackMessages(memory.subarray(128), receive());
      expect(messages.some(isOfChild)).toBe(true);
      expect(memory.subarray(0, 128).every((byte) => byte === 0)).toBe(true);
    } finally {
      connectorListen(fd, false);
      closeSocket(fd);
    }
  });

  it('get the answers to their requests on a socket that another thread receives from', async () => {
    const fd = openAudit({ multicast: false, receiveBufferBytes: 1 << 20 });
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const thread = await startReceiving({
      receive: 'receiveAudit',
      fd,
      memory: sharedMemory(1 << 16),
      timeoutMs: 100,
      stop,
    });
    try {
      const answers = Array.from({ length: 200 }, () => typeof getAuditStatus(fd, 2000).enabled);
      expect(new Set(answers)).toEqual(new Set(['number']));
    } finally {
      Atomics.store(stop, 0, 1);
      expect(await thread.result()).toBe(0);
      closeSocket(fd);
    }
  });

  it('can end the wait of a receive, also before it has begun', async () => {
    const fd = openAudit({ multicast: false, receiveBufferBytes: 65536 });
    try {
      const began = performance.now();
      const input = { receive: 'receiveAudit', fd, memory: sharedMemory(1 << 16), timeoutMs: 30_000 } as const;
      const waiting = await startReceiving(input);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(wakeReceiver(fd)).toBe(true);
      expect(await waiting.result()).toBe(0);

      wakeReceiver(fd);
      const later = await startReceiving(input);
      expect(await later.result()).toBe(0);
      expect(performance.now() - began).toBeLessThan(10_000);
    } finally {
      closeSocket(fd);
    }
    expect(wakeReceiver(fd)).toBe(false);
  });

  it('can end the wait for messages, and ask whether there are any without taking that wake', () => {
    // Nothing comes here, whereas what others listen to comes to every socket of the connector.
    const silent = openAudit({ multicast: false, receiveBufferBytes: 65536 });
    const fd = openConnector({ receiveBufferBytes: 1 << 20 });
    const began = performance.now();
    try {
      wakeReceiver(silent);
      const wakeIsLeft = [hasMessages(silent), waitForMessages(silent, 30_000), waitForMessages(silent, 1)];
      connectorListen(fd, true);
      const told = [waitForMessages(fd, 5000), hasMessages(fd)];

      expect({ wakeIsLeft, told }).toEqual({ wakeIsLeft: [false, false, false], told: [true, true] });
      expect(performance.now() - began).toBeLessThan(10_000);
    } finally {
      connectorListen(fd, false);
      closeSocket(fd);
      closeSocket(silent);
    }
    expect(hasMessages(fd)).toBe(true);
    expect(() => waitForMessages(fd, 0)).toThrow('closed');
  });

  it('let messages gather for a time, until there are enough, or until they are woken', () => {
    const fd = openConnector({ receiveBufferBytes: 1 << 20 });
    const msOf = (timeoutMs: number, enoughBytes: number): number => {
      const began = performance.now();
      gatherMessages(fd, timeoutMs, enoughBytes);
      return performance.now() - began;
    };
    try {
      connectorListen(fd, true);
      expect(waitForMessages(fd, 5000)).toBe(true);
      const waited = [msOf(150, 1 << 30), msOf(30_000, 1)];
      wakeReceiver(fd);
      const woken = msOf(30_000, 1 << 30);

      expect(waited[0]).toBeGreaterThanOrEqual(149);
      expect(Math.max(...waited, woken)).toBeLessThan(10_000);
      expect(hasMessages(fd)).toBe(true);
    } finally {
      connectorListen(fd, false);
      closeSocket(fd);
    }
  });

  it('keep a socket open under a receive that another thread has closed, until it returns', async () => {
    // Nothing but its time ends the receive, and how much of that it takes to get there is for the machine to say.
    for (const timeoutMs of [500, 4000, 25_000]) {
      const fd = openAudit({ multicast: false, receiveBufferBytes: 65536 });
      const link = linkOf(fd);
      const began = performance.now();
      const thread = await startReceiving({ receive: 'receiveAudit', fd, memory: sharedMemory(1 << 16), timeoutMs });
      while (!aThreadReceives() && performance.now() - began < timeoutMs) await sleep(2);
      closeSocket(fd);
      const open = linkOf(fd) === link;
      const inTime = performance.now() - began < timeoutMs;
      const received = await thread.result().catch((error: Error) => error.message);
      if (!inTime) continue;

      expect({ open, received, openAfter: linkOf(fd) === link }).toEqual({ open: true, received: 0, openAfter: false });
      return;
    }
    throw new Error('no receive was closed before its time was over');
  });
});
