import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { closeSocket, openTaskStatistics, receiveTaskStatistics, taskStatisticsBytes } from '../index.js';
import { describeAsRoot } from './support/privilege.ts';

const { decodeTaskStatistics } = createRequire(import.meta.url)('../build/Release/godo_native.node') as {
  decodeTaskStatistics(payload: Uint8Array): Uint8Array | null;
};
const processors = readFileSync('/sys/devices/system/cpu/possible', 'latin1').trim();
const open = (options = {}) => openTaskStatistics({ receiveBufferBytes: 1 << 20, processors, ...options }, 1000);

function recordsIn(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / taskStatisticsBytes }, (_, index) => {
    const at = index * taskStatisticsBytes;
    return {
      pid: view.getUint32(at, true),
      cpuUs: Number(view.getBigUint64(at + 8, true)),
      maxRssKb: Number(view.getBigUint64(at + 16, true)),
    };
  });
}

function received(fd: number) {
  const memory = new Uint8Array(10_000 * taskStatisticsBytes);
  return recordsIn(memory.subarray(0, Math.max(0, receiveTaskStatistics(fd, memory))));
}

/** A netlink attribute. */
function attribute(type: number, value: Uint8Array): Buffer {
  const padded = Buffer.alloc(4 + ((value.length + 3) & ~3));
  padded.writeUInt16LE(4 + value.length, 0);
  padded.writeUInt16LE(type, 2);
  padded.set(value, 4);
  return padded;
}

/** A message of the kernel: struct taskstats with these fields (linux/taskstats.h), cut off after `length` bytes. */
function message(
  pid: number,
  fields: { ranNs?: number; userUs?: number; systemUs?: number; rssKb?: number },
  length = 440,
  version = 13,
) {
  const statistics = Buffer.alloc(440);
  const added = version === 15 ? 48 : 0;
  statistics.writeUInt16LE(version, 0);
  const offsets = { ranNs: 72, userUs: 152, systemUs: 160, rssKb: 200 };
  for (const [name, offset] of Object.entries(offsets)) {
    statistics.writeBigUInt64LE(BigInt(fields[name as keyof typeof fields] ?? 0), offset + added);
  }
  const number = Buffer.alloc(4);
  number.writeUInt32LE(pid);
  const head = Buffer.from([2, 1, 0, 0]);
  return Buffer.concat([
    head,
    attribute(4, Buffer.concat([attribute(1, number), attribute(3, statistics.subarray(0, length))])),
  ]);
}

it('tells of a task what the scheduler counted, or else what the ticks did', () => {
  const decoded = (payload: Uint8Array) => {
    const record = decodeTaskStatistics(payload);
    return record === null ? null : recordsIn(record)[0];
  };
  const ticked = { userUs: 4000, systemUs: 8000, rssKb: 77 };
  expect(decoded(message(9, { ranNs: 1_234_567, ...ticked }))).toEqual({ pid: 9, cpuUs: 1235, maxRssKb: 77 });
  expect(decoded(message(9, ticked))).toEqual({ pid: 9, cpuUs: 12_000, maxRssKb: 77 });
  for (const version of [15, 16]) {
    expect(decoded(message(9, { ranNs: 5000, rssKb: 77 }, 440, version))).toEqual({ pid: 9, cpuUs: 5, maxRssKb: 77 });
  }
  // Of a kernel whose structure is shorter.
  expect(decoded(message(9, { ranNs: 5000, rssKb: 77 }, 168))).toEqual({ pid: 9, cpuUs: 5, maxRssKb: 0 });
});

it('takes nothing of what is no such message, wherever it is cut off', () => {
  const whole = message(9, { ranNs: 5000 });
  const cut = Array.from({ length: whole.length }, (_, length) => decodeTaskStatistics(whole.subarray(0, length)));
  expect(cut.filter((record) => record !== null)).toEqual([]);
  expect(decodeTaskStatistics(Buffer.concat([Buffer.from([1, 1, 0, 0]), whole.subarray(4)]))).toBeNull();
  expect(decodeTaskStatistics(message(0, { ranNs: 5000 }))).toBeNull();
});

describeAsRoot('task statistics', () => {
  it('tell of a child that has been waited for, without waiting', () => {
    const fd = open();
    try {
      const busy = spawnSync('sh', ['-c', 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done']);
      const [one, ...more] = received(fd).filter(({ pid }) => pid === busy.pid);
      expect(more).toEqual([]);
      expect(one?.cpuUs).toBeGreaterThan(10_000);
      expect(one?.maxRssKb).toBeGreaterThan(400);
    } finally {
      closeSocket(fd);
    }
  });

  it('say when the socket overran, and what is there behind it', () => {
    const fd = open({ receiveBufferBytes: 4096 });
    try {
      for (let index = 0; index < 30; index += 1) spawnSync('/bin/true');
      const memory = new Uint8Array(10_000 * taskStatisticsBytes);
      const answers = [
        receiveTaskStatistics(fd, memory),
        receiveTaskStatistics(fd, memory),
        receiveTaskStatistics(fd, memory),
      ];
      expect(answers.filter((bytes) => bytes === -1)).toEqual([-1]);
      expect(answers.at(-1)).toBe(0);
      expect(Math.max(...answers)).toBeGreaterThan(0);
    } finally {
      closeSocket(fd);
    }
  });

  it('are refused for processors that are none', () => {
    expect(() => open({ processors: 'none' })).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    expect(() => open({ processors: '0,'.repeat(40_000) })).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT' }));
    expect(() => open({ processors: 7 as unknown as string })).toThrow(
      expect.objectContaining({ code: 'BAD_ARGUMENT' }),
    );
  });
});
