/** What each recorded system call is to the decoder and to the reader of its entries. */

import { givesName, isOperation, needsBodies, type OperationSyscall, operationNumber } from './operation-calls.ts';
import { syscallNumbers } from './syscall-numbers.ts';
import { type Architecture, auditArch, type SyscallName, uringArch } from './syscalls.ts';
import { uringNumbers } from './uring-numbers.ts';

/** Calls that are read in the same way have the same number; it stands in the entries of their events. */
export const callMeaning = {
  exec: 1,
  /** The four ways to open differ in where the flags and the directory stand. */
  open: 2,
  openat: 3,
  openat2: 4,
  creat: 5,
  close: 6,
  closeRange: 7,
  ioctl: 8,
  /** The descriptor that is written to is the first argument, or the third. */
  writeToFirst: 9,
  writeToThird: 10,
  dup: 11,
  dup2: 12,
  dup3: 13,
  fcntl: 14,
  clone: 15,
  pivotRoot: 16,
  /** An exec whose name may hang on a directory descriptor, the first argument. */
  execAt: 17,
  /** `clone` is without flags (fork, vfork); these have them in the first argument, or where no record shows them. */
  cloneWithFlags: 18,
  cloneWithHiddenFlags: 19,
  unshare: 20,
  setns: 21,
  /** They make a descriptor without saying what it refers to. */
  pidfdGetfd: 22,
  memfdCreate: 23,
  openByHandle: 24,
  /** Both descriptors stand in a record of their own. */
  pipe: 25,
  pipe2: 26,
  chroot: 30,
  unmount: 31,
  mmap: 36,
  /** The arguments are behind a pointer. */
  oldMmap: 37,
  /** io_uring_setup, and what io_uring then does; its operations on names have the numbers of the calls that do the same. */
  uringSetup: 48,
  uringOpen: 49,
  uringClose: 50,
  uringFallocate: 51,
  uringTruncate: 52,
  /** connect of a socket, and the call by which i386 does that and all else with sockets. */
  connect: 56,
  socketcall: 57,
  /** From here on: this and the number of an operation (operation-calls.ts). */
  operations: 64,
} as const;

/** Which records beside SYSCALL are read, and whether a call that failed makes an event (index.d.ts of the addon). */
const need = { paths: 1, cwd: 2, execve: 4, openat2: 8, success: 16, bodies: 32, fdPair: 64, mmap: 128 } as const;

interface CallReading {
  readonly meaning: number;
  readonly needs: number;
}

const opened = need.paths | need.cwd | need.success;
const written = { meaning: callMeaning.writeToFirst, needs: need.success };
const moved = { meaning: callMeaning.writeToThird, needs: need.success };
const executed = { meaning: callMeaning.exec, needs: need.paths | need.cwd | need.execve };
const executedAt = { ...executed, meaning: callMeaning.execAt };
const mapped = { meaning: callMeaning.mmap, needs: need.success | need.bodies | need.mmap };
const piped = need.success | need.bodies | need.fdPair;
const cloned = { meaning: callMeaning.clone, needs: need.success };

const readings: Readonly<Record<Exclude<SyscallName, OperationSyscall>, CallReading>> = {
  execve: executed,
  execveat: executedAt,
  open: { meaning: callMeaning.open, needs: opened },
  openat: { meaning: callMeaning.openat, needs: opened },
  openat2: { meaning: callMeaning.openat2, needs: opened | need.openat2 },
  creat: { meaning: callMeaning.creat, needs: opened },
  // A close that failed has closed all the same.
  close: { meaning: callMeaning.close, needs: 0 },
  close_range: { meaning: callMeaning.closeRange, needs: need.success },
  // Of some the attempt is told too.
  ioctl: { meaning: callMeaning.ioctl, needs: 0 },
  write: written,
  pwrite64: written,
  writev: written,
  pwritev: written,
  pwritev2: written,
  sendfile: written,
  sendfile64: written,
  splice: moved,
  copy_file_range: moved,
  dup: { meaning: callMeaning.dup, needs: need.success },
  dup2: { meaning: callMeaning.dup2, needs: need.success },
  dup3: { meaning: callMeaning.dup3, needs: need.success },
  fcntl: { meaning: callMeaning.fcntl, needs: need.success },
  fcntl64: { meaning: callMeaning.fcntl, needs: need.success },
  fork: cloned,
  vfork: cloned,
  clone: { ...cloned, meaning: callMeaning.cloneWithFlags },
  clone3: { ...cloned, meaning: callMeaning.cloneWithHiddenFlags },
  pivot_root: { meaning: callMeaning.pivotRoot, needs: need.paths | need.cwd | need.success },
  chroot: { meaning: callMeaning.chroot, needs: need.paths | need.cwd | need.success },
  umount: { meaning: callMeaning.unmount, needs: need.success },
  umount2: { meaning: callMeaning.unmount, needs: need.success },
  unshare: { meaning: callMeaning.unshare, needs: need.success },
  setns: { meaning: callMeaning.setns, needs: need.success },
  pidfd_getfd: { meaning: callMeaning.pidfdGetfd, needs: need.success },
  memfd_create: { meaning: callMeaning.memfdCreate, needs: need.success },
  open_by_handle_at: { meaning: callMeaning.openByHandle, needs: need.success },
  pipe: { meaning: callMeaning.pipe, needs: piped },
  pipe2: { meaning: callMeaning.pipe2, needs: piped },
  mmap: mapped,
  mmap2: mapped,
  connect: { meaning: callMeaning.connect, needs: need.paths | need.cwd },
  socketcall: { meaning: callMeaning.socketcall, needs: need.paths | need.cwd },
  io_uring_setup: { meaning: callMeaning.uringSetup, needs: need.success },
};

const uringOpened = { meaning: callMeaning.uringOpen, needs: opened };
const uringOperations = {
  // With flags, which are not told.
  renameat: 'renameat2',
  unlinkat: 'unlinkat',
  mkdirat: 'mkdirat',
  symlinkat: 'symlinkat',
  linkat: 'linkat',
  setxattr: 'setxattr',
  fsetxattr: 'fsetxattr',
} as const;

const uringReadings: Readonly<Record<Exclude<keyof typeof uringNumbers, keyof typeof uringOperations>, CallReading>> = {
  openat: uringOpened,
  openat2: uringOpened,
  close: { meaning: callMeaning.uringClose, needs: need.success },
  fallocate: { meaning: callMeaning.uringFallocate, needs: need.success },
  ftruncate: { meaning: callMeaning.uringTruncate, needs: need.success },
};

/** The table that the decoder is made with: architecture, number, meaning, needs of every call. */
export function callTable(): Uint32Array {
  const numbers: number[] = [];
  for (const [arch, table] of Object.entries(syscallNumbers)) {
    for (const [name, number] of Object.entries(table)) {
      const { meaning, needs } = readingOf(arch as Architecture, name as SyscallName);
      numbers.push(auditArch[arch as Architecture], number, meaning, needs);
    }
  }
  for (const [name, number] of Object.entries(uringNumbers)) {
    const { meaning, needs } = uringReadingOf(name as keyof typeof uringNumbers);
    numbers.push(uringArch, number, meaning, needs);
  }
  return Uint32Array.from(numbers);
}

/** What did not succeed at once is only being handed to a worker, of which another record tells. */
function uringReadingOf(name: keyof typeof uringNumbers): CallReading {
  if (!isUringOperation(name)) return uringReadings[name];
  const number = operationNumber('x86_64', uringOperations[name]);
  return { meaning: callMeaning.operations + number, needs: need.paths | need.cwd | need.success };
}

function isUringOperation(name: keyof typeof uringNumbers): name is keyof typeof uringOperations {
  return Object.hasOwn(uringOperations, name);
}

function readingOf(arch: Architecture, name: SyscallName): CallReading {
  // Its arguments do not say whether the memory is anonymous.
  if (arch === 'i386' && name === 'mmap') return { meaning: callMeaning.oldMmap, needs: mapped.needs & ~need.mmap };
  if (!isOperation(name)) return readings[name];
  const needs = need.paths | (givesName(name) ? need.cwd : 0) | (needsBodies(name) ? need.bodies : 0);
  return { meaning: callMeaning.operations + operationNumber(arch, name), needs };
}
