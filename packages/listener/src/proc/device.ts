/** Device numbers in the form of audit's PATH records: two hexadecimal numbers of at least two digits. */

import { statSync } from 'node:fs';

/** `dev` as stat(2) gives it: glibc's makedev keeps the low 8 bits of the minor lowest, the major from bit 8. */
export function auditDevice(dev: bigint): string {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xffff_f000n);
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffff_ff00n);
  return `${hex(major)}:${hex(minor)}`;
}

export function auditDeviceOf(major: number, minor: number): string {
  return `${hex(BigInt(major))}:${hex(BigInt(minor))}`;
}

/** `MAJOR:MINOR` in decimal, as mountinfo has it. */
export function auditDeviceOfMount(device: string): string | null {
  const match = /^(\d+):(\d+)$/.exec(device);
  return match === null ? null : `${hex(BigInt(match[1] as string))}:${hex(BigInt(match[2] as string))}`;
}

/** Of the file system that a path leads to; null: there is nothing. */
export function deviceOf(path: string): string | null {
  try {
    return auditDevice(statSync(path, { bigint: true }).dev);
  } catch {
    return null;
  }
}

function hex(value: bigint): string {
  return value.toString(16).padStart(2, '0');
}
