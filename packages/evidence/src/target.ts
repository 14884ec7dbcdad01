import { isAbsolute, join, resolve } from 'node:path';
import { StoreError } from './store-error.ts';

/** The options of a command line that say where the evidence is, as given. */
export interface StoreOptions {
  /** `--db`: `mongodb://…`, `mongodb+srv://…` or a directory. */
  readonly db?: string;
  /** `--mongo`: HOST, HOST:PORT or a MongoDB URI. */
  readonly mongo?: string;
  /** `--raw-db`: MongoDB database of the raw evidence, `test` unless told. */
  readonly rawDb?: string;
  /** `--cooked-db`: MongoDB database of the cooked evidence, `cooked` unless told. */
  readonly cookedDb?: string;
}

export interface MongoTarget {
  readonly kind: 'mongodb';
  readonly uri: string;
  readonly rawDb: string;
  readonly cookedDb: string;
}

/** `raw.db` and `cooked.db` stand in the directory, which is absolute. */
export interface SqliteTarget {
  readonly kind: 'sqlite';
  readonly directory: string;
}

export type StoreTarget = MongoTarget | SqliteTarget;

/**
 * Decides which database the options mean: `--mongo` or `--db` (not both), else `$GODO_DB`, which takes what `--db`
 * takes, else `/var/lib/godo` for root and `$XDG_STATE_HOME/godo` (`~/.local/state/godo`) for others.
 *
 * A database name in the path of a MongoDB URI says where the user is kept (as `authSource` does) and nothing else: the
 * evidence is in `rawDb` and `cookedDb`.
 *
 * @throws StoreError BAD_TARGET
 */
export function resolveTarget(
  options: StoreOptions,
  env: { readonly uid: number; readonly environment: NodeJS.ProcessEnv },
): StoreTarget {
  if (options.mongo !== undefined && options.db !== undefined) {
    throw new StoreError('BAD_TARGET', '--mongo and --db both name a database: give only one of them.');
  }
  if (options.mongo !== undefined) return mongoTarget(mongoUri(options.mongo), options);
  if (options.db !== undefined) return targetOf(options.db, '--db', options);
  const fromEnvironment = env.environment.GODO_DB;
  if (fromEnvironment) return targetOf(fromEnvironment, '$GODO_DB', options);
  return { kind: 'sqlite', directory: defaultDirectory(env.uid, env.environment) };
}

/** The URI without user name, password, and whatever its options hold of keys and tokens. */
export function redactUri(uri: string): string {
  // The last @, for an unescaped one belongs to a password more likely than to a host.
  return uri.replace(/^([a-z+]+:\/\/).*@/is, '$1***@').replace(secretOption, '$1***');
}

const secretOption = /((?:password|token|secret|authMechanismProperties)[a-z]*=)[^&]*/gi;

function targetOf(db: string, from: string, options: StoreOptions): StoreTarget {
  if (/^mongodb(\+srv)?:\/\//.test(db)) return mongoTarget(db, options);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(db);
  if (db === '' || scheme) {
    const what = scheme ? `a ${scheme[1]} address` : 'empty';
    throw new StoreError('BAD_TARGET', `${from} is ${what}: give a mongodb:// URI or a directory.`);
  }
  return { kind: 'sqlite', directory: resolve(db) };
}

function mongoUri(mongo: string): string {
  if (/^mongodb(\+srv)?:\/\//.test(mongo)) return mongo;
  if (mongo === '' || /[/\s]/.test(mongo)) {
    throw new StoreError('BAD_TARGET', '--mongo takes HOST:PORT or a mongodb:// URI.');
  }
  return `mongodb://${mongo}/`;
}

function mongoTarget(uri: string, options: StoreOptions): MongoTarget {
  const rawDb = options.rawDb ?? 'test';
  const cookedDb = options.cookedDb ?? 'cooked';
  for (const name of [rawDb, cookedDb]) {
    // https://www.mongodb.com/docs/manual/reference/limits/#naming-restrictions
    if (!/^[^/\\. "$*<>:|?\0]{1,63}$/.test(name)) {
      throw new StoreError('BAD_TARGET', `MongoDB takes no database of the name "${name}": choose another.`);
    }
  }
  if (rawDb === cookedDb) {
    throw new StoreError(
      'BAD_TARGET',
      `Raw and cooked evidence cannot share the database "${rawDb}": give --raw-db and --cooked-db two names.`,
    );
  }
  return { kind: 'mongodb', uri, rawDb, cookedDb };
}

function defaultDirectory(uid: number, environment: NodeJS.ProcessEnv): string {
  if (uid === 0) return '/var/lib/godo';
  const state = environment.XDG_STATE_HOME;
  // The XDG base directory specification: relative paths are to be ignored.
  if (state && isAbsolute(state)) return join(state, 'godo');
  const home = environment.HOME;
  if (!home) throw new StoreError('BAD_TARGET', 'HOME is not set: say with --db where the evidence is.');
  return join(home, '.local', 'state', 'godo');
}
