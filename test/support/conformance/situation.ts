/** A situation of the conformance table: what programs do, and what is true of it. */

export interface Situation {
  /** As conformance.c has it. */
  readonly name: string;
  readonly what: string;
  /** The system calls that matter. */
  readonly calls: string;
  /** What godo must tell: a line for each file session and operation (told.ts). */
  readonly told: readonly string[];
  /** Absent: all is told that happened. */
  readonly limit?: Limit;
  /** The same of programs of 32 bits, where that differs. */
  readonly told32?: readonly string[];
  /** i386 alone has the call. */
  readonly only?: 'i386';
}

/** What is not told, and why. */
export interface Limit {
  /** part: the lines are right, but do not say all. */
  readonly of: 'all' | 'part';
  readonly by: 'not visible to audit' | 'not recorded';
  readonly reason: string;
}

export interface Area {
  readonly title: string;
  readonly situations: readonly Situation[];
}

const because = (of: Limit['of'], by: Limit['by']) => (reason: string) => ({ limit: { of, by, reason } });

/** What godo leaves out by its own decision. */
export const notRecorded = because('all', 'not recorded');
/** What no audit record tells. */
export const notVisible = because('all', 'not visible to audit');
export const partlyNotRecorded = because('part', 'not recorded');
export const partlyNotVisible = because('part', 'not visible to audit');

/** Of a call that failed because a name was there, or was not (fs/namei.c gives audit the parent only). */
export const directoryAlone = 'the name that the failed call stumbled over: the records tell its directory alone';
export const behindPointer = (what: string) => `${what}: behind a pointer that no record follows`;
export const unnamed = 'the inode: the records tell the directory, and not the file that has no name in it';
export const stores = 'when it was written, and how much: a store into memory is no call';
