import { expect, it } from 'vitest';
import { TestThread } from './support/test-thread.ts';

const decodingThread = new URL('./support/decoding-thread.mjs', import.meta.url);

const options = {
  source: 'log',
  timeoutMs: 2000,
  maxOpen: 50,
  watchSerials: true,
  timeIsTheEnd: true,
  keepRecords: false,
  calls: Uint32Array.of(0xc000003e, 1, 9, 16, 0xc000003e, 257, 3, 19),
  recordTypes: { SYSCALL: 1300, PATH: 1302, CWD: 1307 },
  host: 'web-1',
  mostLineBytes: 1000,
} as const;

/** A log of two hosts with more directories and callers than the tables hold. */
function log(events: number): Uint8Array {
  const lines: string[] = [];
  for (let serial = 1; serial <= events; serial += 1) {
    const stamp = `msg=audit(${1_700_000_000 + (serial >> 6)}.000:${serial}):`;
    const node = serial % 3 === 0 ? 'node=web-2 ' : '';
    const who = `ppid=1 pid=${serial % 5000} uid=0 comm="task${serial % 4999}" exe="/bin/sh"`;
    lines.push(
      `${node}type=SYSCALL ${stamp} arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=0 a2=241 a3=0 items=1 ${who}`,
      `${node}type=CWD ${stamp} cwd="/srv/${serial}"`,
      `${node}type=PATH ${stamp} item=0 name="out" inode=${serial} dev=fe:00 mode=0100644 nametype=CREATE`,
    );
    if (serial % 1000 === 0) lines.push('rubbish');
  }
  const text = Buffer.from(`${lines.join('\n')}\n`);
  const shared = new Uint8Array(new SharedArrayBuffer(text.length));
  shared.set(text);
  return shared;
}

/** Digests of the entries that a thread made of the text, once a round. */
async function digests(text: Uint8Array, piece: number, room: number, rounds: number): Promise<string[]> {
  const thread = new TestThread(decodingThread, { options, text, piece, room, rounds });
  const all: string[] = [];
  while (all.length < rounds) all.push((await thread.message()) as string);
  expect(await thread.ended()).toBe(0);
  return all;
}

it('threads decode at the same time, each with a decoder of its own, from memory that they share', async () => {
  const text = log(20_000);
  const [alone] = await digests(text, text.length, 1 << 24, 1);
  const pieces = [997, 65_536, 300_000, text.length];
  const together = await Promise.all(pieces.map((piece, index) => digests(text, piece, 4096 * index, 3)));

  expect(alone).toMatch(/^[0-9a-f]{64}$/);
  expect(together).toEqual(pieces.map(() => [alone, alone, alone]));
});

it('a thread may be ended in the middle of it', async () => {
  const text = log(5_000);
  for (let delay = 0; delay < 5; delay += 1) {
    const workerData = { options, text, piece: 4096, room: 0, rounds: 1_000_000 };
    const thread = new TestThread(decodingThread, workerData);
    await thread.message();
    await new Promise((resolve) => setTimeout(resolve, delay * 7));

    expect(await thread.terminate()).toBe(1);
  }
});
