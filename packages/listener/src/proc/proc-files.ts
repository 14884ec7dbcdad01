/** The files of /proc, so that tests can stand in for them. */

import { readFileSync, readlinkSync } from 'node:fs';
import type { BinaryString } from '../events.ts';

/** The two system calls that are needed, so that tests can stand in for /proc. */
export interface ProcFiles {
  /** Contents as a binary string, or null. `path` is relative to /proc. */
  read(path: string): BinaryString | null;
  /** Target of a symbolic link as a binary string, or null. */
  link(path: string): BinaryString | null;
}

export const realProc: ProcFiles = {
  read(path) {
    try {
      return readFileSync(`/proc/${path}`, 'latin1');
    } catch {
      return null;
    }
  },
  link(path) {
    try {
      return readlinkSync(`/proc/${path}`, 'buffer').toString('latin1');
    } catch {
      return null;
    }
  },
};
