/** The files of /proc, so that tests can stand in for them. */

import { closeSync, openSync, readSync } from 'node:fs';
import { namespaceKinds } from '@godo/evidence';
import { closeProcess, exeLinks, openProcess, processHeadBytes, readNamespaces, readProcess } from '@godo/native';
import type { BinaryString } from '../events.ts';

/** What can be read of a process; a set of them is their sum. */
export const procPart = {
  stat: 1,
  cgroup: 2,
  cmdline: 4,
  exe: 8,
  cwd: 16,
  root: 32,
  status: 64,
  loginuid: 128,
  sessionid: 256,
  mountinfo: 512,
} as const;
export type ProcPart = (typeof procPart)[keyof typeof procPart];

export interface StatFacts {
  readonly comm: BinaryString;
  readonly ppid: number;
  readonly startTicks: number;
  /** PF_… of linux/sched.h. */
  readonly flags: number;
}

/** PF_EXITING of linux/sched.h. */
const exiting = 0x4;

export function isExiting({ flags }: StatFacts): boolean {
  return (flags & exiting) !== 0;
}

/**
 * One process, opened. /proc/PID as a descriptor belongs to that life of the number: fs/proc holds the kernel's
 * `struct pid` behind it, which is never given to another process, so whatever is read through it is of one and the
 * same process, and once that is gone nothing is read any more. Therefore a single reading of stat says whose facts
 * these are, wherever it stands among them.
 */
export interface OpenProcess {
  /** Reads these parts; `text` and `stat` then tell of them, until the next `look` at any process. */
  look(parts: number): void;
  /** Contents of a file, target of a link, or the bytes that tell one root directory from another; null: not readable. */
  text(part: ProcPart): BinaryString | null;
  stat(): StatFacts | null;
  /** How many names the file has that it runs; null: not to be had. */
  exeLinks(): number | null;
  /** Its environment, as much of it as fits `mostEnvironmentBytes`; null: not readable. */
  environment(): { readonly text: BinaryString; readonly whole: boolean } | null;
  /** Inodes of its namespaces, in the order of `namespaceKinds`; null: it is gone. */
  namespaces(): readonly number[] | null;
  close(): void;
}

export interface ProcFiles {
  /** null: there is no such process. `host`: one that is where the host's own are. */
  open(pid: number | 'host'): OpenProcess | null;
}

/** What is read of an environment at most. */
export const mostEnvironmentBytes = 256 * 1024;

/** Mostly enough. More is taken for one reading only: command lines may have megabytes. */
const usualBytes = 64 * 1024;
const mostBytes = 16 * 1024 * 1024;

class ProcMemory {
  readonly #usual = Buffer.from(new ArrayBuffer(usualBytes));
  #memory = this.#usual;

  read(process: number, parts: number): void {
    this.#memory = this.#usual;
    while (readProcess(process, parts, this.#memory) < 0) {
      if (this.#memory.length >= mostBytes) {
        // Larger than anything the kernel makes of one of these: taken for not readable.
        this.#memory.fill(0, 0, processHeadBytes);
        return;
      }
      this.#memory = Buffer.from(new ArrayBuffer(this.#memory.length * 4));
    }
  }

  text(part: ProcPart): BinaryString | null {
    return textIn(this.#memory, 0, part);
  }

  stat(): StatFacts | null {
    return statIn(this.#memory, 0);
  }
}

/** Of what readProcess wrote from `at` on. */
export function textIn(memory: Buffer, at: number, part: ProcPart): BinaryString | null {
  if ((memory.readUInt32LE(at + 16) & part) === 0) return null;
  const place = at + 24 + 8 * (31 - Math.clz32(part));
  const offset = at + memory.readUInt32LE(place);
  return memory.toString('latin1', offset, offset + memory.readUInt32LE(place + 4));
}

export function statIn(memory: Buffer, at: number): StatFacts | null {
  const comm = textIn(memory, at, procPart.stat);
  if (comm === null) return null;
  return {
    comm,
    ppid: memory.readInt32LE(at + 8),
    startTicks: memory.readDoubleLE(at),
    flags: memory.readUInt32LE(at + 12),
  };
}

/** One for each thread: readings follow each other there. */
let memory: ProcMemory | null = null;

class RealProcess implements OpenProcess {
  readonly #descriptor: number;
  readonly #memory: ProcMemory;

  constructor(descriptor: number, memory: ProcMemory) {
    this.#descriptor = descriptor;
    this.#memory = memory;
  }

  look(parts: number): void {
    this.#memory.read(this.#descriptor, parts);
  }

  text(part: ProcPart): BinaryString | null {
    return this.#memory.text(part);
  }

  stat(): StatFacts | null {
    return this.#memory.stat();
  }

  exeLinks(): number | null {
    const count = exeLinks(this.#descriptor);
    return count < 0 ? null : count;
  }

  environment(): { readonly text: BinaryString; readonly whole: boolean } | null {
    const bytes = readBeginning(`/proc/self/fd/${this.#descriptor}/environ`, mostEnvironmentBytes + 1);
    if (bytes === null) return null;
    return { text: bytes.toString('latin1', 0, mostEnvironmentBytes), whole: bytes.length <= mostEnvironmentBytes };
  }

  namespaces(): readonly number[] | null {
    const inodes = new Float64Array(namespaceKinds.length);
    return readNamespaces(this.#descriptor, inodes) ? [...inodes] : null;
  }

  close(): void {
    closeProcess(this.#descriptor);
  }
}

/** Up to so many bytes of a file of /proc, which hands them over in pieces. */
function readBeginning(path: string, most: number): Buffer | null {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return null;
  }
  try {
    const bytes = Buffer.allocUnsafe(most);
    let length = 0;
    for (let read = -1; read !== 0 && length < most; length += read)
      read = readSync(fd, bytes, length, most - length, null);
    return bytes.subarray(0, length);
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}

let hostPid: number | null = null;

/** We may have been put into a mount namespace of our own (ProtectSystem= of systemd.exec(5)), the first process is in none. */
function pidOfHost(): number {
  hostPid ??= hasNamespaces(1) ? 1 : process.pid;
  return hostPid;
}

function hasNamespaces(pid: number): boolean {
  const descriptor = openProcess(pid);
  if (descriptor < 0) return false;
  try {
    const inodes = new Float64Array(namespaceKinds.length);
    return readNamespaces(descriptor, inodes) && inodes.every((inode) => inode !== 0);
  } finally {
    closeProcess(descriptor);
  }
}

export const realProc: ProcFiles = {
  open(pid) {
    const descriptor = openProcess(pid === 'host' ? pidOfHost() : pid);
    if (descriptor < 0) return null;
    memory ??= new ProcMemory();
    return new RealProcess(descriptor, memory);
  },
};
