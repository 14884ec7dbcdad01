/** What a process is in namespaces of its own: its numbers there, and which they are. */

import { type Namespaces, namespaceKinds } from '@godo/evidence';
import type { BinaryString } from '../events.ts';
import type { ProcFiles } from './proc-files.ts';

/** The numbers of a process from our pid namespace to its own (`NSpid` of its status); null where that is ours. */
export function pidsOf(status: BinaryString): readonly number[] | null {
  const numbers = /^NSpid:((?:\t\d+)+)$/m.exec(status)?.[1]?.slice(1).split('\t').map(Number);
  return numbers === undefined || numbers.length < 2 ? null : numbers;
}

/** The namespaces of processes, as far as they are not those of the host: ours. */
export class NamespaceReadings {
  readonly #files: ProcFiles;
  #host: readonly number[] | null = null;

  constructor(files: ProcFiles) {
    this.#files = files;
  }

  /** null where they cannot be compared. */
  othersThanHosts(inodes: readonly number[] | null): Namespaces | null {
    this.#host ??= this.#readHosts();
    if (inodes === null || this.#host === null) return null;
    const others: Record<string, number> = {};
    for (const [index, kind] of namespaceKinds.entries()) {
      const inode = inodes[index] ?? 0;
      if (inode !== 0 && inode !== this.#host[index]) others[kind] = inode;
    }
    return others;
  }

  #readHosts(): readonly number[] | null {
    const self = this.#files.open('self');
    if (self === null) return null;
    try {
      return self.namespaces();
    } finally {
      self.close();
    }
  }
}
