import {
  type OpenProcess,
  type ProcFiles,
  type ProcPart,
  procPart,
  type StatFacts,
} from '../../src/proc/proc-files.ts';

export interface FakeProcess {
  readonly stat?: StatFacts;
  readonly cgroup?: string;
  readonly cmdline?: string;
  readonly exe?: string;
  readonly cwd?: string;
  readonly root?: string;
  readonly status?: string;
  readonly loginuid?: string;
  readonly sessionid?: string;
  readonly mountinfo?: string;
  readonly exeLinks?: number;
  readonly namespaces?: readonly number[];
  readonly environ?: string;
}

export interface FakeProc extends ProcFiles {
  /** What was looked at, in order: `PID name+name`. */
  readonly looks: readonly string[];
  /** How many processes are held open. */
  held(): number;
}

const names = Object.keys(procPart) as (keyof typeof procPart)[];

/** A /proc of the given processes. A list is what successive looks find: a process that is `null` has ended. */
export function fakeProc(processes: Readonly<Record<string, FakeProcess | readonly (FakeProcess | null)[]>>): FakeProc {
  const looks: string[] = [];
  let held = 0;
  return {
    looks,
    held: () => held,
    open(pid) {
      const states = processes[pid];
      if (states === undefined) return null;
      held += 1;
      return new FakeOpenProcess(
        Array.isArray(states) ? states : [states],
        (parts) => looks.push(`${pid} ${names.filter((name) => (parts & procPart[name]) !== 0).join('+')}`),
        () => {
          held -= 1;
        },
      );
    },
  };
}

class FakeOpenProcess implements OpenProcess {
  readonly #states: readonly (FakeProcess | null)[];
  readonly #looked: (parts: number) => void;
  readonly #closed: () => void;
  #look = 0;
  #parts = 0;

  constructor(states: readonly (FakeProcess | null)[], looked: (parts: number) => void, closed: () => void) {
    this.#states = states;
    this.#looked = looked;
    this.#closed = closed;
  }

  get #seen(): FakeProcess {
    return this.#states[Math.min(Math.max(this.#look, 1), this.#states.length) - 1] ?? {};
  }

  look(parts: number): void {
    this.#looked(parts);
    this.#parts = parts;
    this.#look += 1;
  }

  text(part: ProcPart): string | null {
    if ((this.#parts & part) === 0) return null;
    if (part === procPart.stat) return this.#seen.stat?.comm ?? null;
    const name = names.find((candidate) => procPart[candidate] === part) as Exclude<
      keyof FakeProcess,
      'stat' | 'exeLinks' | 'namespaces' | 'environ'
    >;
    return this.#seen[name] ?? null;
  }

  stat(): StatFacts | null {
    return (this.#parts & procPart.stat) === 0 ? null : (this.#seen.stat ?? null);
  }

  exeLinks(): number | null {
    return this.#seen.exeLinks ?? null;
  }

  environment(): { readonly text: string; readonly whole: boolean } | null {
    const { environ } = this.#seen;
    return environ === undefined ? null : { text: environ, whole: true };
  }

  namespaces(): readonly number[] | null {
    return this.#seen.namespaces ?? null;
  }

  close(): void {
    this.#closed();
  }
}

export function stat(comm: string, ppid: number, startTicks: number, flags = 0): StatFacts {
  return { comm, ppid, startTicks, flags };
}
