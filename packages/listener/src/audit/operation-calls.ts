/** The system calls that are operations on files: what each does, and which of its arguments says what. */

import type { OperationName } from '@godo/evidence';
import type { Architecture, SyscallName } from './syscalls.ts';

/** Number of an argument that a SYSCALL record tells. */
export type Argument = 0 | 1 | 2 | 3;

export interface OperationCall {
  readonly operation: OperationName;
  /** The file's descriptor, in place of a path. */
  readonly fd?: Argument;
  /** The directory descriptor that the path hangs on where it is relative; absent: the working directory. */
  readonly dirfd?: Argument;
  /** The same of the second path. */
  readonly toDirfd?: Argument;
  /** Where the paths stand, for calls that may be given one address for both, or none (then the file is that of `dirfd`). */
  readonly path?: Argument;
  readonly toPath?: Argument;
  /** Flags with AT_REMOVEDIR. */
  readonly flags?: Argument;
  readonly mode?: Argument;
  readonly uid?: Argument;
  readonly gid?: Argument;
  /** uid and gid have 16 bits. */
  readonly narrow?: true;
  /** The size is of 64 bits also where arguments have 32: the low half here, the high half in the next one. */
  readonly size?: Argument;
  readonly sizeInHalves?: true;
  /** The mode of fallocate; offset and length follow it. */
  readonly allocation?: Argument;
  /** It can exchange two files (RENAME_EXCHANGE); its flags are not told. */
  readonly exchanges?: true;
}

const owner = { operation: 'chown', uid: 1, gid: 2 } as const;
const oldOwner = { ...owner, narrow: true } as const;
const twoAt = { dirfd: 0, path: 1, toDirfd: 2, toPath: 3 } as const;
const times = { operation: 'utimes', dirfd: 0, path: 1 } as const;

const calls = {
  rename: { operation: 'rename', path: 0, toPath: 1 },
  renameat: { operation: 'rename', ...twoAt },
  renameat2: { operation: 'rename', ...twoAt, exchanges: true },
  unlink: { operation: 'unlink' },
  unlinkat: { operation: 'unlink', dirfd: 0, flags: 2 },
  rmdir: { operation: 'rmdir' },
  mkdir: { operation: 'mkdir', mode: 1 },
  mkdirat: { operation: 'mkdir', dirfd: 0, mode: 2 },
  mknod: { operation: 'mknod', mode: 1 },
  mknodat: { operation: 'mknod', dirfd: 0, mode: 2 },
  link: { operation: 'link', path: 0, toPath: 1 },
  linkat: { operation: 'link', ...twoAt },
  symlink: { operation: 'symlink' },
  symlinkat: { operation: 'symlink', dirfd: 1 },
  truncate: { operation: 'truncate', size: 1 },
  truncate64: { operation: 'truncate', size: 1, sizeInHalves: true },
  ftruncate: { operation: 'truncate', fd: 0, size: 1 },
  ftruncate64: { operation: 'truncate', fd: 0, size: 1, sizeInHalves: true },
  fallocate: { operation: 'fallocate', fd: 0, allocation: 1 },
  file_setattr: { operation: 'setflags', dirfd: 0, path: 1 },
  chmod: { operation: 'chmod', mode: 1 },
  fchmod: { operation: 'chmod', fd: 0, mode: 1 },
  fchmodat: { operation: 'chmod', dirfd: 0, mode: 2 },
  fchmodat2: { operation: 'chmod', dirfd: 0, mode: 2 },
  chown: owner,
  lchown: owner,
  fchown: { ...owner, fd: 0 },
  fchownat: { operation: 'chown', dirfd: 0, uid: 2, gid: 3 },
  chown32: owner,
  lchown32: owner,
  fchown32: { ...owner, fd: 0 },
  setxattr: { operation: 'setxattr' },
  lsetxattr: { operation: 'setxattr' },
  fsetxattr: { operation: 'setxattr', fd: 0 },
  setxattrat: { operation: 'setxattr', dirfd: 0, path: 1 },
  removexattr: { operation: 'removexattr' },
  lremovexattr: { operation: 'removexattr' },
  fremovexattr: { operation: 'removexattr', fd: 0 },
  removexattrat: { operation: 'removexattr', dirfd: 0, path: 1 },
  utime: { operation: 'utimes' },
  utimes: { operation: 'utimes' },
  futimesat: times,
  utimensat: times,
  utimensat_time64: times,
} as const satisfies Partial<Record<SyscallName, OperationCall>>;

export type OperationSyscall = keyof typeof calls;
export const operationSyscalls = Object.keys(calls) as readonly OperationSyscall[];

/** i386 had these before uids had 32 bits. */
const narrowCalls = { chown: oldOwner, lchown: oldOwner, fchown: { ...oldOwner, fd: 0 } } as const;

/** By their numbers: those of the calls in their order, then the narrow ones. */
const numbered: readonly OperationCall[] = [...Object.values(calls), ...Object.values(narrowCalls)];

/** The number by which {@link operationCall} finds what a call does. */
export function operationNumber(arch: Architecture, name: OperationSyscall): number {
  const narrow = arch === 'i386' ? Object.keys(narrowCalls).indexOf(name) : -1;
  return narrow < 0 ? operationSyscalls.indexOf(name) : operationSyscalls.length + narrow;
}

/** undefined: there is no call of this number. */
export function operationCall(number: number): OperationCall | undefined {
  return numbered[number];
}

export function isOperation(name: SyscallName): name is OperationSyscall {
  return Object.hasOwn(calls, name);
}

/** Whether it is given a name, not a descriptor alone. */
export function givesName(name: OperationSyscall): boolean {
  return !('fd' in calls[name]);
}

/** Whether more is read of its records than entries have: all bits of a size, whose the file was. */
export function needsBodies(name: OperationSyscall): boolean {
  const { operation } = calls[name];
  return operation === 'truncate' || operation === 'chown' || operation === 'fallocate';
}
