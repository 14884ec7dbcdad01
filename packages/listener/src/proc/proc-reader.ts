/**
 * Readings of /proc/PID. Each result is null or an absent field when the process is gone or may not be looked at:
 * both are everyday events. A set of facts is kept only if the start time was the same before and after.
 */

import type { BinaryString, ProcFacts } from '../events.ts';
import { bundleOf } from './bundle.ts';
import { containerPath } from './cgroup.ts';
import { type ProcFiles, realProc } from './proc-files.ts';
import { RootFileSystems } from './root-file-system.ts';

export interface StatFacts {
  readonly comm: BinaryString;
  readonly ppid: number;
  readonly startTicks: number;
}

/** /proc/PID/stat: comm may hold blanks and parentheses, so the fields begin after the last `)`. */
export function parseStat(stat: BinaryString): StatFacts | null {
  const open = stat.indexOf('(');
  const close = stat.lastIndexOf(')');
  if (open < 0 || close < open) return null;
  const fields = stat.slice(close + 2).split(' ');
  const ppid = Number(fields[1]);
  // Field 22; the first after `)` is field 3.
  const startTicks = Number(fields[19]);
  if (!Number.isInteger(ppid) || !Number.isInteger(startTicks)) return null;
  return { comm: stat.slice(open + 1, close), ppid, startTicks };
}

export class ProcReader {
  readonly #files: ProcFiles;
  readonly #roots: RootFileSystems;

  constructor(files: ProcFiles = realProc) {
    this.#files = files;
    this.#roots = new RootFileSystems(files);
  }

  stat(pid: number): StatFacts | null {
    const stat = this.#files.read(`${pid}/stat`);
    return stat === null ? null : parseStat(stat);
  }

  /** What cannot wait: the start and the container, which a process that ends at once takes with it. */
  placeFacts(pid: number): ProcFacts | null {
    return this.#between(pid, (facts) => {
      const container = this.#container(pid);
      if (container === undefined) return facts;
      // A container may be gone before its next exec: its root is looked for as long as it is not known.
      return { ...facts, containerId: container, ...(container !== null && this.#root(pid, container)) };
    });
  }

  /** What an exec changed. `place` is the result of placeFacts for the same exec. */
  execFacts(pid: number, place: ProcFacts): ProcFacts {
    const container = place.containerId;
    const read = this.#between(pid, (facts) => {
      const argv = this.#argv(pid);
      const exe = this.#files.link(`${pid}/exe`);
      const makes = container === null && exe !== null && argv !== undefined ? bundleOf(exe, argv) : null;
      if (makes !== null) this.#roots.learn(makes);
      return {
        ...facts,
        ...present('argv', argv),
        ...present('comm', this.stat(pid)?.comm),
        ...present('exe', exe),
        ...present('cwd', this.#files.link(`${pid}/cwd`)),
        ...(container === null && this.#root(pid, null)),
        ...present('makes', makes),
      };
    });
    return read?.startTicks === place.startTicks ? { ...read, ...place } : place;
  }

  /** Everything that an observation of a process holds. */
  allFacts(pid: number): ProcFacts | null {
    const place = this.placeFacts(pid);
    return place === null ? null : { ...this.execFacts(pid, place), ...this.#credentials(pid) };
  }

  #root(pid: number, container: string | null): Partial<ProcFacts> {
    const root = this.#roots.of(pid, container);
    return root === undefined ? {} : { rootfs: root.path, ...present('rootDev', root.dev) };
  }

  #between(pid: number, read: (facts: ProcFacts) => ProcFacts): ProcFacts | null {
    const before = this.stat(pid);
    if (before === null) return null;
    const facts = read({ startTicks: before.startTicks });
    return this.stat(pid)?.startTicks === before.startTicks ? facts : null;
  }

  #container(pid: number): string | null | undefined {
    const cgroup = this.#files.read(`${pid}/cgroup`);
    return cgroup === null || cgroup === '' ? undefined : (containerPath(cgroup)?.innermost ?? null);
  }

  /** NUL after each argument; none at all for a kernel thread. A process may overwrite this with what it likes. */
  #argv(pid: number): BinaryString[] | undefined {
    const cmdline = this.#files.read(`${pid}/cmdline`);
    if (cmdline === null || cmdline === '') return undefined;
    return (cmdline.endsWith('\0') ? cmdline.slice(0, -1) : cmdline).split('\0');
  }

  #credentials(pid: number): Partial<ProcFacts> {
    const status = this.#files.read(`${pid}/status`);
    const uids = /^Uid:\s+(\d+)\s+(\d+)/m.exec(status ?? '');
    const gids = /^Gid:\s+(\d+)/m.exec(status ?? '');
    return {
      ...present('uid', decimal(uids?.[1])),
      ...present('euid', decimal(uids?.[2])),
      ...present('gid', decimal(gids?.[1])),
      ...present('auid', decimal(this.#files.read(`${pid}/loginuid`))),
      ...present('ses', decimal(this.#files.read(`${pid}/sessionid`))),
    };
  }
}

function decimal(text: string | null | undefined): number | undefined {
  return text != null && /^\d+\s*$/.test(text) ? Number(text) : undefined;
}

function present<Name extends string, Value>(name: Name, value: Value | null | undefined): { [K in Name]?: Value } {
  return value == null ? {} : ({ [name]: value } as { [K in Name]?: Value });
}
