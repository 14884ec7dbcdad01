/** Records as Linux 6.18 wrote them: calls on a descriptor have no PATH record, but for MMAP's own. */

import { describe, expect, it } from 'vitest';
import { type Call, eventOf, mmapRecord, shellCaller, stamp, syscallRecord } from '../support/audit-records.ts';
import { interpret } from '../support/interpreting.ts';

const told = (call: Call, mmap?: string) =>
  interpret(eventOf(syscallRecord(call), ...(mmap === undefined ? [] : [mmapRecord(mmap)])));

describe('a shared mapping', () => {
  const call: Call = { name: 'mmap', exit: 0x7f7f33eb5000, arguments: '0 1000 3 1' };
  const mapped = { kind: 'map', fd: 3, writable: true, ...stamp, caller: shellCaller };

  it('is told with its descriptor, and whether it is writable', () => {
    expect(told(call, 'fd=3 flags=0x1')).toEqual(mapped);
    expect(told({ ...call, arguments: '0 1000 1 3' }, 'fd=3 flags=0x3')).toEqual({ ...mapped, writable: false });
    expect(told({ ...call, name: 'mmap2', arch: 'i386' }, 'fd=3 flags=0x1')).toEqual(mapped);
    expect(told({ ...call, arch: 'aarch64' }, 'fd=3 flags=0x1')).toEqual(mapped);
  });

  it('by the first mmap of i386, whose arguments are not told, may be either', () => {
    const old: Call = { ...call, arch: 'i386', arguments: 'ffbb1234 1000 3 1' };

    expect(told(old, 'fd=3 flags=0x1')).toEqual({ ...mapped, writable: null });
    expect(told(old, 'fd=3 flags=0x2')).toBeNull();
  });

  it('is none without a file, where it failed, or where its record is none of the kernel’s', () => {
    expect(told(call)).toBeNull();
    expect(told({ ...call, exit: -9 }, 'fd=3 flags=0x1')).toBeNull();
    for (const body of ['fd=-1 flags=0x1', 'fd=x flags=0x1', 'flags=0x1', 'fd=3', 'fd=3 flags=0x2']) {
      expect([body, told(call, body)]).toEqual([body, null]);
    }
  });
});

describe('a call on a descriptor', () => {
  const at = (operation: string, fields: object) => ({ kind: 'operation', operation, success: true, fd: 3, ...fields });

  it('of ftruncate has the size, in halves for the one of i386 that takes 64 bits', () => {
    expect(told({ name: 'ftruncate', arguments: '3 123456789 0 0' })).toMatchObject(
      at('truncate', { size: 0x123456789, dev: null, inode: null }),
    );
    expect(told({ name: 'ftruncate64', arch: 'i386', arguments: '3 23456789 1 0' })).toMatchObject(
      at('truncate', { size: 0x123456789 }),
    );
    expect(told({ name: 'ftruncate', exit: -22, arguments: '3 ffffffffffffffff 0 0' })).toMatchObject(
      at('truncate', { success: false, exit: -22, size: -1 }),
    );
  });

  it.each([
    ['0', 'allocate', false],
    ['1', 'allocate', true],
    ['3', 'punch-hole', true],
    ['8', 'collapse-range', false],
    ['10', 'zero-range', false],
    ['11', 'zero-range', true],
    ['20', 'insert-range', false],
    ['40', 'unshare-range', false],
    ['80', 'write-zeroes', false],
    ['6', null, false],
    ['1000', null, false],
  ])('of fallocate with mode %s tells what it does', (mode, allocation, keepSize) => {
    expect(told({ name: 'fallocate', arguments: `3 ${mode} 100000000 2000` })).toMatchObject(
      at('fallocate', { content: { allocation, keepSize, offset: 2 ** 32, length: 8192, fromFd: null } }),
    );
  });

  it('of fallocate on i386 has an offset in halves, and no room for the length', () => {
    expect(told({ name: 'fallocate', arch: 'i386', arguments: '3 0 1000 1' })).toMatchObject(
      at('fallocate', { content: { allocation: 'allocate', offset: 2 ** 32 + 4096, length: null } }),
    );
  });

  it('of ioctl is a clone, a dedupe or a change of flags by its command, and tells the source where it can', () => {
    const ioctl = (given: string, exit = 0) => told({ name: 'ioctl', arguments: given, exit });

    expect(ioctl('3 40049409 5 0')).toMatchObject(at('clone', { content: { fromFd: 5, allocation: null } }));
    expect(ioctl('3 4020940d 7ffee1918410 0')).toMatchObject(at('clone', {}));
    expect(ioctl('3 4020940d 7ffee1918410 0')).not.toHaveProperty('content');
    expect(ioctl('3 c0189436 7ffee1918410 0')).toMatchObject(at('dedupe', {}));
    for (const command of ['40086602', '40046602', '401c5820']) {
      expect(ioctl(`3 ${command} 7ffee1918410 0`, -1)).toMatchObject(at('setflags', { success: false, exit: -1 }));
    }
    expect(ioctl('3 80086601 7ffee1918410 0')).toBeNull();
    expect(ioctl('3 5451 0 0', -9)).toBeNull();
  });
});
