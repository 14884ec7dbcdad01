/**
 * The descriptors of one process that names may hang on: directories, and files that were opened with O_PATH. No session
 * is made of them.
 */

import type { FileType } from '@godo/evidence';
import type { BinaryString, FileIdentity } from '../events.ts';

/** From where a path counts: who has the same root in the same mount namespace sees the same under it. */
export interface PathView {
  readonly containerId: string | null;
  /** 0: that of the host, or of the container's first process; others are numbered as they are met. */
  readonly mounts: number;
  /** Where its root lies in that: empty, or the path that chroot(2) led to. null: not known. */
  readonly chroot: BinaryString | null;
}

/** A directory that was opened or made. All that know it share it, so that it can be moved for all of them. */
export interface KnownFile extends FileIdentity {
  readonly view: PathView;
  /** Absolute; null: not known any more. */
  path: BinaryString | null;
  readonly fileType: FileType;
  /** The path is as the kernel states it, free of symbolic links. */
  readonly isPhysical: boolean;
  /** It was open when the listener started. */
  readonly openedBefore: boolean;
  /** How many changes of symbolic links there had been when the path was learnt (changed-links.ts). */
  readonly changes: number;
  /** Stamp of what told of it. */
  readonly learntMs: number;
}

interface Held {
  readonly file: KnownFile;
  closeOnExec: boolean;
}

export class DirectoryDescriptors {
  /** Most processes have none. */
  #held: Map<number, Held> | null = null;

  get(fd: number): KnownFile | undefined {
    return this.#held?.get(fd)?.file;
  }

  set(fd: number, file: KnownFile, closeOnExec: boolean): void {
    this.#held ??= new Map();
    this.#held.set(fd, { file, closeOnExec });
  }

  delete(fd: number): void {
    this.#held?.delete(fd);
  }

  /** dup. */
  copy(from: number, to: number, closeOnExec: boolean): void {
    const held = this.#held?.get(from);
    if (held === undefined) this.delete(to);
    else this.set(to, held.file, closeOnExec);
  }

  mark(fd: number, closeOnExec: boolean): void {
    const held = this.#held?.get(fd);
    if (held !== undefined) held.closeOnExec = closeOnExec;
  }

  numbers(): number[] {
    return this.#held === null ? [] : [...this.#held.keys()];
  }

  files(): KnownFile[] {
    return this.#held === null ? [] : [...this.#held.values()].map(({ file }) => file);
  }

  /** exec: those marked close-on-exec go, if `concerns` holds for them. */
  deleteOnExec(concerns: (file: KnownFile) => boolean): void {
    if (this.#held === null) return;
    for (const [fd, { file, closeOnExec }] of this.#held) if (closeOnExec && concerns(file)) this.#held.delete(fd);
  }

  clear(): void {
    this.#held = null;
  }

  /** Puts others in the place of what it holds. */
  replace(other: (file: KnownFile) => KnownFile): void {
    if (this.#held === null) return;
    for (const [fd, { file, closeOnExec }] of this.#held) this.#held.set(fd, { file: other(file), closeOnExec });
  }

  /** fork: those that the child has already stay. */
  copyTo(child: DirectoryDescriptors): void {
    if (this.#held === null) return;
    for (const [fd, { file, closeOnExec }] of this.#held) {
      if (child.get(fd) === undefined) child.set(fd, file, closeOnExec);
    }
  }
}
