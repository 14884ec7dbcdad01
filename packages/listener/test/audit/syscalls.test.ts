import { describe, expect, it } from 'vitest';
import { isOperation, type OperationSyscall, operationSyscalls } from '../../src/audit/operation-calls.ts';
import { auditArch, openForWriteMask, type SyscallName, syscallName, syscallNumber } from '../../src/audit/syscalls.ts';
import { eventOf, mmapRecord, pairRecord, syscallRecord } from '../support/audit-records.ts';
import { interpret } from '../support/interpreting.ts';

/** They are told only with the name of a socket (sensitive-events.test.ts). */
type Connecting = 'connect' | 'socketcall';

/** What a successful call of each name is to godo. */
const kinds: Readonly<Record<Exclude<SyscallName, OperationSyscall | Connecting>, string>> = {
  execve: 'exec',
  execveat: 'exec',
  open: 'open',
  openat: 'open',
  openat2: 'open',
  creat: 'open',
  close: 'close',
  close_range: 'close-range',
  ioctl: 'descriptor-flags',
  write: 'write',
  pwrite64: 'write',
  writev: 'write',
  pwritev: 'write',
  pwritev2: 'write',
  sendfile: 'write',
  sendfile64: 'write',
  splice: 'write',
  copy_file_range: 'write',
  dup: 'dup',
  dup2: 'dup',
  dup3: 'dup',
  fcntl: 'dup',
  fcntl64: 'dup',
  fork: 'clone',
  vfork: 'clone',
  clone: 'clone',
  clone3: 'clone',
  pidfd_getfd: 'descriptor-made',
  memfd_create: 'descriptor-made',
  open_by_handle_at: 'descriptor-made',
  pipe: 'pipe',
  pipe2: 'pipe',
  pivot_root: 'pivot-root',
  chroot: 'chroot',
  umount: 'unmount',
  umount2: 'unmount',
  unshare: 'unshare',
  setns: 'setns',
  io_uring_setup: 'uring-setup',
  mmap: 'map',
  mmap2: 'map',
};
const names = [...Object.keys(kinds), ...operationSyscalls] as SyscallName[];

function kindOf(name: SyscallName): string {
  return isOperation(name) ? 'operation' : kinds[name as keyof typeof kinds];
}

/** asm/unistd_64.h, asm/unistd_32.h and asm-generic/unistd.h. */
const someNumbers = {
  x86_64: {
    ...{ execve: 59, openat: 257, write: 1, clone: 56, pivot_root: 155, fork: 57, dup2: 33, fcntl64: undefined },
    ...{ rename: 82, renameat2: 316, unlinkat: 263, fchmodat2: 452, chown32: undefined, utimensat: 280 },
  },
  i386: {
    ...{ execve: 11, openat: 295, write: 4, clone: 120, pivot_root: 217, fork: 2, dup2: 63, fcntl64: 221 },
    ...{ rename: 38, renameat2: 353, unlinkat: 301, fchmodat2: 452, chown32: 212, utimensat: 320 },
  },
  aarch64: {
    execve: 221,
    openat: 56,
    write: 64,
    clone: 220,
    pivot_root: 41,
    fork: undefined,
    dup2: undefined,
    fcntl64: undefined,
    ...{ rename: undefined, renameat2: 276, unlinkat: 35, fchmodat2: 452, chown32: undefined, utimensat: 88 },
  },
} as const;

describe.each(['x86_64', 'i386', 'aarch64'] as const)('on %s', (arch) => {
  it('system calls have the numbers of the kernel', () => {
    const asked = Object.keys(someNumbers[arch]) as (keyof (typeof someNumbers)[typeof arch])[];

    expect(Object.fromEntries(asked.map((name) => [name, syscallNumber(arch, name)]))).toEqual(someNumbers[arch]);
  });

  it('every recorded call is told by its number', () => {
    const there = names.filter((name) => syscallNumber(arch, name) !== undefined);
    const told = there.map((name) => {
      // The command of an ioctl decides what it is: FIOCLEX.
      const given = name === 'ioctl' ? '3 5451 0 0' : '3 0 4 0';
      const call = syscallRecord({ name, arch, exit: 5, arguments: given });
      const records = [call, mmapRecord('fd=3 flags=0x1'), pairRecord('fd0=3 fd1=4')];
      const event = interpret(eventOf(...records), {
        keepLines: false,
      });
      return [name, event?.kind];
    });

    expect(there.length).toBeGreaterThanOrEqual(19);
    expect(told).toEqual(there.map((name) => [name, kindOf(name)]));
  });

  it('a name and its number lead to each other', () => {
    const there = names.filter((name) => syscallNumber(arch, name) !== undefined);

    expect(there.map((name) => syscallName(auditArch[arch], syscallNumber(arch, name) ?? -1))).toEqual(there);
  });
});

it('an open for writing is one that could write, create or truncate', () => {
  expect(openForWriteMask).toBe(0o1103);
});
