/** What a process is in namespaces of its own: its numbers there, and which they are. */

import { type Namespaces, namespaceKinds } from '@godo/evidence';
import type { BinaryString } from '../events.ts';
import type { ProcFiles } from './proc-files.ts';

/** The numbers of a process from our pid namespace to its own (`NSpid` of its status); null where that is ours. */
export function pidsOf(status: BinaryString): readonly number[] | null {
  const numbers = /^NSpid:((?:\t\d+)+)$/m.exec(status)?.[1]?.slice(1).split('\t').map(Number);
  return numbers === undefined || numbers.length < 2 ? null : numbers;
}

const mounts = namespaceKinds.indexOf('mnt');

/** The namespaces of processes, as far as they are not those of the host. */
export class NamespaceReadings {
  readonly #files: ProcFiles;
  #host: readonly number[] | null = null;

  constructor(files: ProcFiles) {
    this.#files = files;
  }

  /** Inodes of the host's, in the order of `namespaceKinds`; null: not to be had. */
  get hosts(): readonly number[] | null {
    this.#host ??= this.#readHosts();
    return this.#host;
  }

  /** null where they cannot be compared. */
  othersThanHosts(inodes: readonly number[] | null): Namespaces | null {
    const hosts = this.hosts;
    if (inodes === null || hosts === null) return null;
    // A process that ends has given most of them up: which they were is not to be had any more.
    if ((inodes[mounts] ?? 0) === 0 && (hosts[mounts] ?? 0) !== 0) return null;
    const others: Record<string, number> = {};
    for (const [index, kind] of namespaceKinds.entries()) {
      const inode = inodes[index] ?? 0;
      if (inode !== 0 && inode !== hosts[index]) others[kind] = inode;
    }
    return others;
  }

  #readHosts(): readonly number[] | null {
    const host = this.#files.open('host');
    if (host === null) return null;
    try {
      return host.namespaces();
    } finally {
      host.close();
    }
  }
}
