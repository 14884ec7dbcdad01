import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as native from '../index.js';

// As plain JavaScript sees the door, without what the types forbid.
const door: Record<string, unknown> = { ...native };

type AnyCall = (...args: unknown[]) => unknown;

function codeOf(name: keyof typeof native, ...args: unknown[]): unknown {
  try {
    return (door[name] as AnyCall)(...args);
  } catch (error) {
    return (error as native.NativeError).code;
  }
}

const memory = new Uint8Array(64 * 1024);
let audit: number;
let control: number;

beforeAll(() => {
  audit = native.openAudit({ multicast: false, receiveBufferBytes: 65536 });
  control = native.openAuditControl();
});

afterAll(() => {
  native.closeSocket(audit);
  native.closeSocket(control);
});

describe('the door rejects with BAD_ARGUMENT', () => {
  it.each([
    ['no options', []],
    ['options that are no object', [7]],
    ['no receive buffer size', [{ multicast: false }]],
    ['a receive buffer of no bytes', [{ multicast: false, receiveBufferBytes: 0 }]],
    ['a receive buffer beyond what an int holds', [{ multicast: false, receiveBufferBytes: 2 ** 31 }]],
    ['half a byte', [{ multicast: false, receiveBufferBytes: 4096.5 }]],
    ['multicast that is no boolean', [{ multicast: 1, receiveBufferBytes: 65536 }]],
  ])('openAudit with %s', (_, args) => {
    expect(codeOf('openAudit', ...args)).toBe('BAD_ARGUMENT');
  });

  it.each([
    ['a descriptor that is not ours', () => [0, memory, 0, memory.length, 0]],
    ['a negative descriptor', () => [-1, memory, 0, memory.length, 0]],
    ['a descriptor given as text', () => [String(audit), memory, 0, memory.length, 0]],
    ['a socket of another kind', () => [control, memory, 0, memory.length, 0]],
    ['memory of another type', () => [audit, new Uint16Array(64 * 1024), 0, memory.length, 0]],
    ['a bare buffer', () => [audit, memory.buffer, 0, memory.length, 0]],
    ['an offset beyond the memory', () => [audit, memory, memory.length + 1, 0, 0]],
    ['a length beyond the memory', () => [audit, memory, 8, memory.length, 0]],
    ['a negative offset', () => [audit, memory, -8, memory.length, 0]],
    ['too little room for one record', () => [audit, memory, 0, native.auditRecordRoomBytes - 1, 0]],
    ['a negative time limit', () => [audit, memory, 0, memory.length, -1]],
    ['an endless time limit', () => [audit, memory, 0, memory.length, Number.POSITIVE_INFINITY]],
    ['no time limit', () => [audit, memory, 0, memory.length]],
  ])('receiveAudit with %s', (_, args) => {
    expect(codeOf('receiveAudit', ...args())).toBe('BAD_ARGUMENT');
  });

  it.each([
    ['no fields', {}],
    ['only fields that are undefined', { enabled: undefined }],
    ['an unknown field', { backlog: 1 }],
    ['text for a number', { enabled: '1' }],
    ['a value out of range', { enabled: 3 }],
    ['a loss counter that is not reset', { lost: 1 }],
    ['a pid over the control socket', { pid: process.pid }],
  ])('setAuditStatus with %s', (_, fields) => {
    expect(codeOf('setAuditStatus', control, fields, 100)).toBe('BAD_ARGUMENT');
  });

  it.each([
    ['no rule', undefined],
    ['a rule shorter than its fixed part', new Uint8Array(1039)],
    ['a rule whose buffer is longer than it says', new Uint8Array(1041)],
    ['a rule with more fields than there is place for', new Uint8Array(1040).fill(65, 8, 9)],
  ])('addAuditRule and deleteAuditRule with %s', (_, rule) => {
    expect([codeOf('addAuditRule', control, rule, 100), codeOf('deleteAuditRule', control, rule, 100)]).toEqual([
      'BAD_ARGUMENT',
      'BAD_ARGUMENT',
    ]);
  });

  it('a descriptor that is closed already', () => {
    const fd = native.openAuditControl();
    expect([codeOf('closeSocket', fd), codeOf('closeSocket', fd), codeOf('getAuditStatus', fd, 100)]).toEqual([
      undefined,
      'BAD_ARGUMENT',
      'BAD_ARGUMENT',
    ]);
  });
});

describe('receiveAudit on a socket that gets nothing', () => {
  it.each([0, 250])('returns 0 after its time limit of %i ms', (limitMs) => {
    const start = performance.now();
    const bytes = native.receiveAudit(audit, memory, 0, memory.length, limitMs);
    const took = performance.now() - start;
    expect({ bytes, inTime: took >= limitMs - 1 && took < limitMs + 200 }).toEqual({ bytes: 0, inTime: true });
  });
});

it('receiveBufferBytes tells what the kernel granted', () => {
  // The kernel doubles what is asked for, to cover its own bookkeeping (socket(7)).
  expect(native.receiveBufferBytes(audit)).toBe(131072);
});
