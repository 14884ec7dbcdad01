import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
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
import { unpackMessages } from './support/packed-records.ts';
import { describeAsRoot } from './support/privilege.ts';

const receivingThread = new URL('./support/receiving-thread.mjs', import.meta.url);
const sharedMemory = (bytes: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(bytes));

interface ThreadInput {
  receive: 'receiveAudit' | 'receiveConnector';
  fd: number;
  memory: Uint8Array;
  timeoutMs: number;
  stop?: Int32Array;
}

async function startReceiving(workerData: ThreadInput) {
  const worker = new Worker(receivingThread, { workerData });
  await once(worker, 'message');
  const result = once(worker, 'message').then(([message]) => (message as { bytes: number }).bytes);
  return { result, ended: once(worker, 'exit') };
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
      const bytes = await thread.result;
      expect(bytes).toBeGreaterThan(0);
      const messages = unpackMessages(memory.subarray(4096), bytes);
      expect(messages.map((m) => m.monotonicNs > monotonicNs && m.arrivalNs > monotonicNs)).toEqual(
        messages.map(() => true),
      );
      expect(memory.subarray(0, 4096).every((byte) => byte === 0)).toBe(true);
      await thread.ended;
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
      const bytes = receiveConnector(fd, memory, 128, memory.length - 128, 1000);
      expect(unpackMessages(memory.subarray(128), bytes).some((message) => message.data.includes(pid))).toBe(true);
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
      expect(await thread.result).toBe(0);
      await thread.ended;
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
      expect(await waiting.result).toBe(0);
      await waiting.ended;

      wakeReceiver(fd);
      const later = await startReceiving(input);
      expect(await later.result).toBe(0);
      await later.ended;
      expect(performance.now() - began).toBeLessThan(10_000);
    } finally {
      closeSocket(fd);
    }
    expect(wakeReceiver(fd)).toBe(false);
  });

  it('can end the wait for messages, and ask whether there are any without taking that wake', () => {
    const fd = openConnector({ receiveBufferBytes: 1 << 20 });
    const began = performance.now();
    try {
      wakeReceiver(fd);
      const wakeIsLeft = [hasMessages(fd), waitForMessages(fd, 30_000), waitForMessages(fd, 1)];
      connectorListen(fd, true);
      const told = [waitForMessages(fd, 5000), hasMessages(fd)];

      expect({ wakeIsLeft, told }).toEqual({ wakeIsLeft: [false, false, false], told: [true, true] });
      expect(performance.now() - began).toBeLessThan(10_000);
    } finally {
      connectorListen(fd, false);
      closeSocket(fd);
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
    const fd = openAudit({ multicast: false, receiveBufferBytes: 65536 });
    const isOpen = (): boolean => existsSync(`/proc/self/fd/${fd}`);
    const thread = await startReceiving({ receive: 'receiveAudit', fd, memory: sharedMemory(1 << 16), timeoutMs: 500 });
    // It has said that it is about to receive; give it the moment to get there.
    await new Promise((resolve) => setTimeout(resolve, 100));
    closeSocket(fd);
    expect({ open: isOpen(), received: await thread.result, openAfter: isOpen() }).toEqual({
      open: true,
      received: 0,
      openAfter: false,
    });
    await thread.ended;
  });
});
