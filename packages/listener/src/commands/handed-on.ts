/** How the database is told to the programs that we execute: never, where it has a password, by their arguments. */

import { type StoreTarget, secretArgument } from '@godo/evidence';

export interface StoreWords {
  readonly db?: string;
  readonly dbFile?: string;
  readonly mongo?: string;
}

export interface HandedOn {
  readonly words: readonly string[];
  /** What is set, or (undefined) taken out, of the environment. */
  readonly environment: { readonly GODO_DB?: string; readonly GODO_DB_FILE?: undefined };
}

/** For the other programs: arguments that name the database, or its address in their environment. */
export function handedOn(options: StoreWords, target: StoreTarget): HandedOn {
  const { db, dbFile, mongo } = options;
  if (dbFile !== undefined) return { words: [`--db-file=${dbFile}`], environment: {} };
  if (secretArgument(options) !== null && target.kind === 'mongodb') {
    return { words: [], environment: { GODO_DB: target.uri, GODO_DB_FILE: undefined } };
  }
  const words = [...(db === undefined ? [] : [`--db=${db}`]), ...(mongo === undefined ? [] : [`--mongo=${mongo}`])];
  return { words, environment: {} };
}

/**
 * A command line without the options that name the database by its address. `options`: the names of long options, and
 * whether each takes a value; `argv` has them in our form (`rewriteGoStyle`).
 */
export function withoutStoreOptions(argv: readonly string[], options: ReadonlyMap<string, boolean>): string[] {
  const kept: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] as string;
    if (word === '--') return [...kept, ...argv.slice(at)];
    const [, name, value] = /^--([a-z][a-z0-9-]*)(=.*)?$/s.exec(word) ?? [];
    const isPair = name !== undefined && value === undefined && options.get(name) === true;
    if (name !== 'db' && name !== 'mongo') kept.push(...argv.slice(at, isPair ? at + 2 : at + 1));
    if (isPair) at += 1;
  }
  return kept;
}
