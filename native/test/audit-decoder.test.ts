import { describe, expect, it } from 'vitest';
import { AuditDecoder, auditEntryRoomBytes, type NativeError } from '../index.js';

const good = {
  source: 'log',
  timeoutMs: 2000,
  maxOpen: 100,
  watchSerials: true,
  timeIsTheEnd: true,
  keepRecords: false,
  calls: Uint32Array.of(0xc000003e, 1, 9, 16),
  recordTypes: { SYSCALL: 1300, PATH: 1302 },
  host: 'web-1',
  mostLineBytes: 1000,
} as const;

const make = AuditDecoder as unknown as new (options: unknown) => AuditDecoder;

function codeOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return (error as NativeError).code;
  }
  return 'none';
}

describe('a decoder is not made of', () => {
  it.each([
    ['nothing', undefined],
    ['another source', { ...good, source: 'tape' }],
    ['a negative time', { ...good, timeoutMs: -1 }],
    ['an endless time for a log', { ...good, timeoutMs: Number.POSITIVE_INFINITY }],
    ['no events at all', { ...good, maxOpen: 0 }],
    ['a number for a boolean', { ...good, watchSerials: 1 }],
    ['records of a log', { ...good, keepRecords: true }],
    ['calls in bytes', { ...good, calls: Uint8Array.of(1, 2, 3, 4) }],
    ['half a call', { ...good, calls: Uint32Array.of(1, 2) }],
    ['a call without a number of its own', { ...good, calls: Uint32Array.of(1, 2, 0, 0) }],
    ['a call that needs what there is not', { ...good, calls: Uint32Array.of(1, 2, 3, 32) }],
    ['a system call beyond all', { ...good, calls: Uint32Array.of(1, 1024, 3, 0) }],
    ['types that are no numbers', { ...good, recordTypes: { SYSCALL: '1300' } }],
    ['a name of a thousand letters and more', { ...good, host: 'x'.repeat(1025) }],
  ])('%s', (_, options) => {
    expect(codeOf(() => new make(options))).toBe('BAD_ARGUMENT');
  });
});

describe('a decoder refuses', () => {
  const input = Buffer.from('type=SYSCALL msg=audit(1.000:2): a\n');
  const output = new Uint8Array(auditEntryRoomBytes + 8);
  const progress = new Float64Array(9);
  const log = new AuditDecoder(good);
  const text = (...args: unknown[]) =>
    codeOf(() => (log.decodeText as (...all: unknown[]) => unknown).apply(log, args));

  it.each([
    ['input that is no bytes', ['text', 0, 4, true, output, 0, output.length, progress]],
    ['input beyond its memory', [input, 1, input.length, true, output, 0, output.length, progress]],
    ['no word on the end', [input, 0, input.length, 1, output, 0, output.length, progress]],
    ['too little room', [input, 0, input.length, true, output, 0, auditEntryRoomBytes - 1, progress]],
    ['room that begins between two words', [input, 0, input.length, true, output, 4, auditEntryRoomBytes, progress]],
    ['room beyond the memory', [input, 0, input.length, true, output, 16, auditEntryRoomBytes, progress]],
    ['too few numbers for its progress', [input, 0, input.length, true, output, 0, output.length, new Float64Array(8)]],
    ['whole numbers for its progress', [input, 0, input.length, true, output, 0, output.length, new Uint32Array(9)]],
  ])('%s', (_, args) => {
    expect(text(...args)).toBe('BAD_ARGUMENT');
  });

  it('input of another kind than it was made for', () => {
    expect(codeOf(() => log.decodeRecords(input, 0, 0, 1, output, 0, output.length, progress))).toBe('BAD_ARGUMENT');
  });

  it('to be anybody else', () => {
    expect(() => log.finish.call({} as AuditDecoder, output, 0, output.length, progress)).toThrow(TypeError);
  });
});

it('a decoder writes into shared memory, from shared memory', () => {
  const decoder = new AuditDecoder(good);
  const input = new Uint8Array(new SharedArrayBuffer(64));
  input.set(Buffer.from('rubbish\n'));
  const output = new Uint8Array(new SharedArrayBuffer(auditEntryRoomBytes));
  const progress = new Float64Array(9);
  const written = decoder.decodeText(input, 0, 8, false, output, 0, output.length, progress);

  expect([...progress]).toEqual([8, written, 0, 1, 0, 0, 1, 0, 0]);
  expect([...output.subarray(0, written)]).toEqual([
    ...[32, 0, 0, 0, 8, 5, 0, 0],
    ...[0, 0, 0, 0, 7, 0, 0, 0],
    ...[0, 0, 0, 0, 0, 0, 240, 63],
    ...Buffer.from('rubbish\0'),
  ]);
});
