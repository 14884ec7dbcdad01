import { describe, expect, it } from 'vitest';
import { AuditDecoder, auditEntryRoomBytes, auditProgressNumbers, type NativeError } from '../index.js';

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
    ['options that are no object', 7],
    ['no source', { ...good, source: undefined }],
    ['a negative time', { ...good, timeoutMs: -1 }],
    ['a time that is none', { ...good, timeoutMs: Number.NaN }],
    ['a time in words', { ...good, timeoutMs: '2000' }],
    ['an endless time for a log', { ...good, timeoutMs: Number.POSITIVE_INFINITY }],
    ['no events at all', { ...good, maxOpen: 0 }],
    ['more events than there may be', { ...good, maxOpen: 2 ** 20 + 1 }],
    ['half an event', { ...good, maxOpen: 1.5 }],
    ['a number for a boolean', { ...good, watchSerials: 1 }],
    ['records of a log', { ...good, keepRecords: true }],
    ['no word on the end of events', { ...good, timeIsTheEnd: null }],
    ['no word on the records', { ...good, source: 'kernel', keepRecords: undefined }],
    ['no calls', { ...good, calls: undefined }],
    ['calls in a plain array', { ...good, calls: [0xc000003e, 1, 9, 16] }],
    ['a call with a number of two bytes', { ...good, calls: Uint32Array.of(1, 2, 256, 0) }],
    [
      'more architectures than there are',
      { ...good, calls: Uint32Array.from({ length: 36 }, (_, index) => (index % 4 < 3 ? index + 1 : 0)) },
    ],
    ['calls in bytes', { ...good, calls: Uint8Array.of(1, 2, 3, 4) }],
    ['half a call', { ...good, calls: Uint32Array.of(1, 2) }],
    ['a call without a number of its own', { ...good, calls: Uint32Array.of(1, 2, 0, 0) }],
    ['a call that needs what there is not', { ...good, calls: Uint32Array.of(1, 2, 3, 256) }],
    ['a system call beyond all', { ...good, calls: Uint32Array.of(1, 1024, 3, 0) }],
    ['no types', { ...good, recordTypes: null }],
    ['types that are no numbers', { ...good, recordTypes: { SYSCALL: '1300' } }],
    ['types beyond 16 bits', { ...good, recordTypes: { SYSCALL: 65_536 } }],
    ['types with endless names', { ...good, recordTypes: { ['X'.repeat(65)]: 1 } }],
    ['lines of no bytes', { ...good, mostLineBytes: 0 }],
    ['lines beyond all memory', { ...good, mostLineBytes: 2 ** 28 + 1 }],
    ['no name for the host', { ...good, host: undefined }],
    ['a name of a thousand letters and more', { ...good, host: 'x'.repeat(1025) }],
  ])('%s', (_, options) => {
    expect(codeOf(() => new make(options))).toBe('BAD_ARGUMENT');
  });

  it('options that cannot be read: it says why', () => {
    const options = {
      ...good,
      get host(): string {
        throw new RangeError('not now');
      },
    };

    expect(() => new make(options)).toThrow(new RangeError('not now'));
  });

  it('a call without `new`', () => {
    expect(() => (make as unknown as (options: unknown) => unknown)(good)).toThrow(TypeError);
  });
});

describe('a decoder refuses', () => {
  const input = Buffer.from('type=SYSCALL msg=audit(1.000:2): a\n');
  const output = new Uint8Array(auditEntryRoomBytes + 8);
  const progress = new Float64Array(auditProgressNumbers);
  const log = new AuditDecoder(good);
  const text = (...args: unknown[]) =>
    codeOf(() => (log.decodeText as (...all: unknown[]) => unknown).apply(log, args));

  it.each([
    ['input that is no bytes', ['text', 0, 4, true, output, 0, output.length, progress]],
    ['input beyond its memory', [input, 1, input.length, true, output, 0, output.length, progress]],
    ['no word on the end', [input, 0, input.length, 1, output, 0, output.length, progress]],
    ['an offset before its memory', [input, -1, 4, true, output, 0, output.length, progress]],
    ['half a byte', [input, 0.5, 4, true, output, 0, output.length, progress]],
    ['no room', [input, 0, input.length, true]],
    ['room that is no bytes', [input, 0, input.length, true, new Float64Array(20_000), 0, 131_072, progress]],
    ['too little room', [input, 0, input.length, true, output, 0, auditEntryRoomBytes - 1, progress]],
    ['room that begins between two words', [input, 0, input.length, true, output, 4, auditEntryRoomBytes, progress]],
    ['room beyond the memory', [input, 0, input.length, true, output, 16, auditEntryRoomBytes, progress]],
    ['too few numbers for its progress', [input, 0, input.length, true, output, 0, output.length, new Float64Array(9)]],
    ['whole numbers for its progress', [input, 0, input.length, true, output, 0, output.length, new Uint32Array(9)]],
  ])('%s', (_, args) => {
    expect(text(...args)).toBe('BAD_ARGUMENT');
  });

  it('input of another kind than it was made for', () => {
    expect(codeOf(() => log.decodeRecords(input, 0, 0, 1, output, 0, output.length, progress))).toBe('BAD_ARGUMENT');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, '1', undefined])('a clock that says %s', (now) => {
    const kernel = new make({ ...good, source: 'kernel' });
    const decode = kernel.decodeRecords as (...all: unknown[]) => unknown;

    expect(codeOf(() => decode.call(kernel, input, 0, 0, now, output, 0, output.length, progress))).toBe(
      'BAD_ARGUMENT',
    );
  });

  it('the text of a log as records, and records as text', () => {
    const kernel = new make({ ...good, source: 'kernel' });

    expect(codeOf(() => kernel.decodeText(input, 0, 0, true, output, 0, output.length, progress))).toBe('BAD_ARGUMENT');
  });

  it('more input when it was told that the input is over', () => {
    const decoder = new make(good);
    const again = () => decoder.decodeText(input, 0, input.length, true, output, 0, output.length, progress);
    again();
    decoder.finish(output, 0, output.length, progress);

    expect(codeOf(again)).toBe('BAD_ARGUMENT');
    expect(decoder.finish(output, 0, output.length, progress)).toBe(0);
  });

  it.each([{}, null, new Map(), Object.create(AuditDecoder.prototype), AuditDecoder.prototype])(
    'to be anybody else: %o',
    (other) => {
      const { decodeText, decodeRecords, finish } = AuditDecoder.prototype;

      expect(() => finish.call(other, output, 0, output.length, progress)).toThrow(TypeError);
      expect(() => decodeText.call(other, input, 0, 4, true, output, 0, output.length, progress)).toThrow(TypeError);
      expect(() => decodeRecords.call(other, input, 0, 0, 1, output, 0, output.length, progress)).toThrow(TypeError);
    },
  );
});

it('a call that is refused takes nothing of the input', () => {
  const input = Buffer.from('rubbish\nmore\n');
  const output = new Uint8Array(auditEntryRoomBytes);
  const progress = new Float64Array(auditProgressNumbers);
  const decode = (numbers: Float64Array) => (decoder: AuditDecoder) =>
    decoder.decodeText(input, 0, input.length, true, output, 0, output.length, numbers);
  const [refused, other] = [new make(good), new make(good)];
  codeOf(() => decode(new Float64Array(3))(refused));
  const written = decode(progress)(refused);
  const told = [...output.subarray(0, written), ...progress];

  expect([...output.subarray(0, decode(progress)(other)), ...progress]).toEqual(told);
});

it('a decoder may be given the same memory to read and to write: what it makes of it is its own affair', () => {
  const line = 'type=SYSCALL msg=audit(1.000:2): arch=c000003e syscall=1 success=yes exit=1 a0=1 pid=2 comm="sh"\n';
  const memory = new Uint8Array(auditEntryRoomBytes);
  const progress = new Float64Array(auditProgressNumbers);
  for (let round = 0; round < 20; round += 1) {
    memory.set(Buffer.from(line.repeat(800)));
    const decoder = new make({ ...good, maxOpen: 1 + round });
    decoder.decodeText(memory, round, 60_000, true, memory, 0, memory.length, progress);

    expect(progress[0]).toBe(60_000);
  }
});

it('a decoder writes into shared memory, from shared memory', () => {
  const decoder = new AuditDecoder(good);
  const input = new Uint8Array(new SharedArrayBuffer(64));
  input.set(Buffer.from('rubbish\n'));
  const output = new Uint8Array(new SharedArrayBuffer(auditEntryRoomBytes));
  const progress = new Float64Array(auditProgressNumbers);
  const written = decoder.decodeText(input, 0, 8, false, output, 0, output.length, progress);

  expect([...progress]).toEqual([8, written, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, Number.NaN, Number.NaN, Number.NaN]);
  expect([...output.subarray(0, written)]).toEqual([
    ...[32, 0, 0, 0, 8, 5, 0, 0],
    ...[0, 0, 0, 0, 7, 0, 0, 0],
    ...[0, 0, 0, 0, 0, 0, 240, 63],
    ...Buffer.from('rubbish\0'),
  ]);
});

it('a decoder counts what tells of changes to audit itself', () => {
  const decoder = new AuditDecoder({ ...good, source: 'kernel' });
  const record = (type: number, payload: string) => {
    const bytes = Buffer.alloc(Math.ceil((16 + payload.length) / 8) * 8);
    bytes.writeUInt32LE(payload.length, 0);
    bytes.writeUInt16LE(type, 4);
    bytes.write(payload, 16, 'latin1');
    return bytes;
  };
  // The kernel asks with the binary id of the process that wants the role: no record.
  const asked = record(1329, '\x07\x01\0\0');
  const change = 'audit(1.000:2): op=remove_rule key="godo" list=4 res=1';
  const input = Buffer.concat([record(1305, change), record(1320, 'audit(1.000:3): '), record(1305, change), asked]);
  const output = new Uint8Array(auditEntryRoomBytes);
  const progress = new Float64Array(auditProgressNumbers);
  decoder.decodeRecords(input, 0, input.length, 0, output, 0, output.length, progress);

  expect([progress[3], progress[6], progress[9], progress[10]]).toEqual([3, 0, 2, 1]);
});
