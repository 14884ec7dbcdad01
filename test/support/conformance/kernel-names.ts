/** Numbers of the kernel by their names, as programmers know them. */

import { constants } from 'node:os';

/** asm-generic/fcntl.h, as x86 has them. */
const openFlags = [
  ['CREAT', 0o100],
  ['EXCL', 0o200],
  ['NOCTTY', 0o400],
  ['TRUNC', 0o1000],
  ['APPEND', 0o2000],
  ['NONBLOCK', 0o4000],
  ['TMPFILE', 0o20200000],
  ['DIRECTORY', 0o200000],
  ['NOFOLLOW', 0o400000],
  ['CLOEXEC', 0o2000000],
  ['PATH', 0o10000000],
] as const;

/** Programs of 64 bits need not say it, and are taken to have. */
const largeFile = 0o100000;

/** The access mode, then what else was asked for; what has no name here as a number. */
export function openFlagNames(flags: number): string[] {
  const names: string[] = [['RDONLY', 'WRONLY', 'RDWR'][flags & 3] ?? '3'];
  let rest = flags & ~(3 | largeFile);
  for (const [name, bits] of openFlags) {
    if ((rest & bits) !== bits) continue;
    names.push(name);
    rest &= ~bits;
  }
  return rest === 0 ? names : [...names, `0${rest.toString(8)}`];
}

export function errnoName(errno: number): string {
  const name = Object.entries(constants.errno).find(([, value]) => value === errno)?.[0];
  return name ?? String(errno);
}
