import type { CookedCollection, CookedQuery } from '@godo/evidence';
import { InvalidArgumentError } from 'commander';
import { compileGlob, type Pattern } from './glob.ts';

/** What the reader asked for; every given condition must hold. */
export interface Filters {
  /** Prefix of a container id. */
  readonly container?: string;
  /** tgid in the host's pid namespace. */
  readonly pid?: number;
  readonly path?: Pattern;
  readonly exe?: Pattern;
  readonly sinceNs?: bigint;
  readonly untilNs?: bigint;
  readonly session?: string;
  /** File sessions that changed nothing, too. */
  readonly all?: boolean;
  /** File sessions that only read, too. */
  readonly reads?: boolean;
  /** File sessions of this kind only: those that could only read, or all others. */
  readonly access?: Access;
}

export const accessKinds = ['read', 'write'] as const;
export type Access = (typeof accessKinds)[number];

export type FilterName = Exclude<keyof Filters, 'all' | 'reads' | 'access'>;

/** The options a reader types for each filter. */
export const filterOptions: Readonly<Record<FilterName, string>> = {
  container: '--container',
  pid: '--pid',
  path: '--path',
  exe: '--exe',
  sinceNs: '--since',
  untilNs: '--until',
  session: '--session',
};

const times = ['sinceNs', 'untilNs', 'session'] as const satisfies readonly FilterName[];
const everything = ['container', 'pid', 'path', 'exe', ...times] as const satisfies readonly FilterName[];

/** Filters that say something about a collection; the others cannot be applied to it. */
const applicable: Readonly<Record<CookedCollection, readonly FilterName[]>> = {
  processes: everything,
  files: everything,
  operations: everything,
  containers: everything,
  events: everything,
  // A loss can concern any process.
  losses: times,
  runs: times,
};

/** Options that were given but cannot be applied to the collection. */
export function inapplicable(filters: Filters, collection: CookedCollection): string[] {
  return everything
    .filter((name) => filters[name] !== undefined && !applicable[collection].includes(name))
    .map((name) => filterOptions[name]);
}

/** The part of the filters that the stores answer themselves; the rest (globs) is in select.ts. */
export function storeQuery(filters: Filters): CookedQuery {
  const { container, pid, exe, sinceNs, untilNs, session } = filters;
  return {
    ...(container === undefined ? {} : { container }),
    ...(pid === undefined ? {} : { pid }),
    ...(exe?.exact ? { exe: exe.source } : {}),
    ...(sinceNs === undefined ? {} : { sinceNs }),
    ...(untilNs === undefined ? {} : { untilNs }),
    ...(session === undefined ? {} : { sessionId: session }),
  };
}

/** @throws InvalidArgumentError */
export function parsePid(text: string): number {
  const pid = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (pid < 1) throw new InvalidArgumentError('A process id is a whole number above 0.');
  return pid;
}

/** @throws InvalidArgumentError */
export function parseContainer(text: string): string {
  const id = text.trim();
  if (!/^[\w+.-]{1,1024}$/.test(id)) throw new InvalidArgumentError('A container is named by the beginning of its id.');
  return /^[0-9a-f]+$/i.test(id) ? id.toLowerCase() : id;
}

/** @throws InvalidArgumentError */
export function parsePattern(text: string): Pattern {
  if (text === '') throw new InvalidArgumentError('An empty pattern matches nothing.');
  return compileGlob(text);
}
