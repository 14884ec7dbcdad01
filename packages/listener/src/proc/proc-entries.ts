/** Folders and links of /proc, of processes that may be gone at any time. */

import { readdirSync, readlinkSync } from 'node:fs';
import type { BinaryString } from '../events.ts';

/** The entries of a folder that are numbers: processes, tasks, descriptors. None where it is gone. */
export function numericEntries(directory: string): number[] {
  try {
    return readdirSync(directory).flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return [];
  }
}

/** null: it is gone, or may not be looked at. */
export function linkTarget(path: string): BinaryString | null {
  try {
    return readlinkSync(path, 'buffer').toString('latin1');
  } catch {
    return null;
  }
}
