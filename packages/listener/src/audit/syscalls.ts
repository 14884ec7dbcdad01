/** What the system calls that are recorded do with their arguments, by architecture. */

import { syscallNumbers } from './syscall-numbers.ts';

/** AUDIT_ARCH_* of linux/audit.h. */
export const auditArch = { x86_64: 0xc000_003e, i386: 0x4000_0003, aarch64: 0xc000_00b7 } as const;
export type Architecture = keyof typeof auditArch;
/** Stands for the architecture of io_uring's operations in the table of calls. */
export const uringArch = 0;
export type SyscallName = keyof (typeof syscallNumbers)['x86_64'] | keyof (typeof syscallNumbers)['i386'];

const byNumber = new Map<number, Map<number, SyscallName>>();
for (const [arch, table] of Object.entries(syscallNumbers)) {
  const names = new Map<number, SyscallName>();
  for (const [name, number] of Object.entries(table)) names.set(number, name as SyscallName);
  byNumber.set(auditArch[arch as Architecture], names);
}

/** `arch` is the AUDIT_ARCH_* value of the record. undefined: not one of those that godo records. */
export function syscallName(arch: number, number: number): SyscallName | undefined {
  return byNumber.get(arch)?.get(number);
}

/** undefined where the architecture has no such call. */
export function syscallNumber(arch: Architecture, name: SyscallName): number | undefined {
  return (syscallNumbers[arch] as Partial<Record<SyscallName, number>>)[name];
}

/** AT_FDCWD as an argument: its low 32 bits. */
export const currentDirectory = 0xffff_ff9c;

/** SYS_CONNECT of linux/net.h, the first argument of socketcall. */
export const socketcallConnect = 3;

/** AT_REMOVEDIR of linux/fcntl.h, for unlinkat. */
export const removesDirectory = 0x200;

/**
 * O_* bits. Write, create, truncate, close-on-exec and the access mode have the same numbers on the three
 * architectures (include/uapi/asm-generic/fcntl.h; arch/arm64 differs in O_DIRECTORY, O_NOFOLLOW, O_DIRECT only).
 */
export const openFlag = {
  accessMode: 0o3,
  writeOnly: 0o1,
  readWrite: 0o2,
  create: 0o100,
  truncate: 0o1000,
  closeOnExec: 0o2000000,
  path: 0o10000000,
  /** __O_TMPFILE: an unnamed file in the directory that the path names. */
  unnamed: 0o20000000,
} as const;

/** O_DIRECTORY, which is another bit on each. */
export const openDirectoryFlag: Readonly<Record<Architecture, number>> = {
  x86_64: 0o200000,
  i386: 0o200000,
  aarch64: 0o40000,
};

/** Bits any of which makes an open call able to change something. */
export const openForWriteMask = openFlag.writeOnly | openFlag.readWrite | openFlag.create | openFlag.truncate;

/** Bits of the open calls that are recorded: those, and what gives a descriptor that names may hang on. */
export function openRecordedMask(arch: Architecture): number {
  return openForWriteMask | openDirectoryFlag[arch] | openFlag.path;
}

export const fcntlCommand = { dupFd: 0, setFd: 2, dupFdCloseOnExec: 1030 } as const;

export const ioctlCommand = { keepOnExec: 0x5450, closeOnExec: 0x5451 } as const;

/** CLONE_FILES of linux/sched.h. */
export const cloneFiles = 0x400;

/** CLONE_FS: root and working directory are shared. */
export const cloneFileSystem = 0x200;

/** CLOSE_RANGE_UNSHARE of linux/close_range.h. */
export const closeRangeUnshare = 2;

/** ioctl commands that change a file's content or attributes (linux/fs.h); 32-bit programs have a FS_IOC_SETFLAGS of their own. */
export const fileIoctl = {
  clone: 0x4004_9409,
  cloneRange: 0x4020_940d,
  dedupeRange: 0xc018_9436,
  setFlags: 0x4008_6602,
  setFlags32: 0x4004_6602,
  setAttributes: 0x401c_5820,
} as const;

/** MAP_* and PROT_* of mman.h, the same on the three architectures. MAP_SHARED_VALIDATE has the bit of MAP_SHARED. */
export const mapShared = 1;
export const protectionWrite = 2;

/** FALLOC_FL_KEEP_SIZE of linux/falloc.h. */
export const allocationFlag = { keepSize: 1 } as const;

/** CLOSE_RANGE_CLOEXEC of linux/close_range.h. */
export const closeRangeOnExec = 4;

/** MFD_CLOEXEC of linux/memfd.h. */
export const memfdCloseOnExec = 1;

/** The one failure of close(2) after which the descriptor is not gone: it never was there. */
export const errnoBadDescriptor = -9;
