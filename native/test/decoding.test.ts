import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';

// The decoders stand behind the door, not in it: what other kernels say is shown to them directly.
const { decodeAuditStatus, decodeConnectorMessage, parseProcStat } = createRequire(import.meta.url)(
  '../build/Release/godo_native.node',
);

const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);

const status32 = {
  enabled: 1,
  failure: 2,
  pid: 3,
  rateLimit: 4,
  backlogLimit: 5,
  lost: 6,
  backlog: 7,
  featureBitmap: null,
  backlogWaitTime: null,
  backlogWaitTimeActual: null,
};
const statusWords = [127, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

describe('an audit_status reply', () => {
  it.each([
    [32, status32],
    [36, { ...status32, featureBitmap: 8 }],
    [40, { ...status32, featureBitmap: 8, backlogWaitTime: 9 }],
    [44, { ...status32, featureBitmap: 8, backlogWaitTime: 9, backlogWaitTimeActual: 10 }],
  ])('of %i bytes has null for the fields that its kernel did not know', (bytes, expected) => {
    expect(decodeAuditStatus(words(...statusWords).subarray(0, bytes))).toEqual(expected);
  });

  it('may be longer than we know', () => {
    expect(decodeAuditStatus(words(...statusWords, 11, 12))).toMatchObject({ backlogWaitTimeActual: 10 });
  });

  it('shorter than any kernel sends is an error', () => {
    expect(() => decodeAuditStatus(words(1, 2, 3))).toThrow(expect.objectContaining({ code: 'EPROTO' }));
  });
});

interface Event {
  what: number;
  data: number[];
  idx?: number;
}

/** struct cn_msg { idx, val, seq, ack, u16 len, u16 flags } and struct proc_event { what, cpu, timestamp_ns, data }. */
function connectorPayload({ what, data, idx = 1 }: Event): Uint8Array {
  return words(idx, 1, 77, 5, 16 + 4 * data.length, what, 3, 0x89abcdef, 0x01234567, ...data);
}

const decodedWords = (message: Uint8Array | null): number[] | null =>
  message && Array.from(new Uint32Array(message.buffer, message.byteOffset, message.byteLength / 4));

const message = (what: number, data: number[], flags: number): number[] => [
  what,
  3,
  77,
  5,
  0x89abcdef,
  0x01234567,
  0,
  0,
  ...[...data, 0, 0, 0, 0, 0, 0].slice(0, 6),
  flags,
  0,
];

describe('a proc connector message', () => {
  it.each([
    [
      'an exit with its parent',
      { what: 0x80000000, data: [1, 2, 3, 4, 5, 6] },
      message(0x80000000, [1, 2, 3, 4, 5, 6], 0),
    ],
    [
      'an exit of a kernel before 4.18 is marked short',
      { what: 0x80000000, data: [1, 2, 3, 4] },
      message(0x80000000, [1, 2, 3, 4], 1),
    ],
    [
      'a non-zero exit counts as exit',
      { what: 0x20000000, data: [1, 2, 3, 4, 5, 6] },
      message(0x80000000, [1, 2, 3, 4, 5, 6], 0),
    ],
    ['a fork needs four words', { what: 1, data: [1, 2, 3, 4] }, message(1, [1, 2, 3, 4], 0)],
    ['a fork cut off', { what: 1, data: [1, 2] }, message(1, [1, 2], 1)],
    ['an unknown kind is passed on', { what: 0x1000, data: [9] }, message(0x1000, [9], 0)],
    [
      'more data than we know is left out',
      { what: 2, data: [1, 2, 3, 4, 5, 6, 7, 8] },
      message(2, [1, 2, 3, 4, 5, 6], 0),
    ],
    ['of another connector is none', { what: 1, data: [1, 2, 3, 4], idx: 2 }, null],
  ])('%s', (_, event, expected) => {
    expect(decodedWords(decodeConnectorMessage(connectorPayload(event)))).toEqual(expected);
  });

  it('too short to name its kind is none', () => {
    expect(decodeConnectorMessage(connectorPayload({ what: 1, data: [] }).subarray(0, 32))).toBeNull();
  });
});

describe('/proc/PID/stat', () => {
  const between = '20 20 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0';
  const parse = (text: string) => {
    const stat = parseProcStat(Buffer.from(text, 'latin1'));
    return stat && { ...stat, comm: Buffer.from(stat.comm).toString('latin1') };
  };

  it('has comm, the parent, the flags and the start', () => {
    expect(parse(`20 (sh) S 10 ${between} 5001 2834432 210 18446744073709551615 1 1 0\n`)).toEqual({
      comm: 'sh',
      ppid: 10,
      flags: 4194304,
      startTicks: 5001,
    });
  });

  it.each(['a) S 1 (b', ')', '(', ') (', 'two words', '\xff', ''])('may have the comm %j', (comm) => {
    expect(parse(`20 (${comm}) S 10 ${between} 5001 0\n`)).toMatchObject({ comm, ppid: 10, startTicks: 5001 });
  });

  it('may have negative numbers, and a start in hundreds of years', () => {
    const text = `20 (sh) Z 0 -1 -1 0 -1 4228108 1 0 0 0 0 0 0 0 -2 -20 1 0 999999999999 0\n`;

    expect(parse(text)).toEqual({ comm: 'sh', ppid: 0, flags: 4228108, startTicks: 999999999999 });
  });

  it.each([
    '',
    '20',
    '20 sh S 10',
    ')20 (sh',
    '20 (sh)',
    '20 (sh) S 10',
    '20 (sh) S x 1 1',
    `20 (sh) S 10 ${between}`,
    `20 (sh) S 10 ${between} `,
    `20 (sh) S 10 ${between} 5001`,
    `20 (sh) S 10 ${between.replace('-1', '-')} 5001 0`,
  ])('that is %j tells nothing', (text) => {
    expect(parse(text)).toBeNull();
  });
});
