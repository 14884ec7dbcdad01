import { isAbsolute, join, resolve } from 'node:path';
import { readDatabaseFile } from './database-file.ts';
import { maskedAddress } from './masked-text.ts';
import { StoreError } from './store-error.ts';

/** The options of a command line that say where the evidence is, as given. */
export interface StoreOptions {
  /** `--db`: `mongodb://…`, `mongodb+srv://…` or a directory. */
  readonly db?: string;
  /** `--db-file`: a file with what `--db` takes. */
  readonly dbFile?: string;
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

/** What a program knows of who runs it. */
export interface TargetEnvironment {
  readonly uid: number;
  readonly environment: NodeJS.ProcessEnv;
  /** What the file of `--db-file` holds: {@link readDatabaseFile}, if it is not another one. */
  readonly readFile?: (file: string, uid: number, from: string) => string;
}

/** {@link resolveTarget} for the program that this is. @throws StoreError BAD_TARGET */
export function ownTarget(options: StoreOptions): StoreTarget {
  return resolveTarget(options, { uid: process.getuid?.() ?? -1, environment: process.env });
}

/**
 * Decides which database the options mean: `--mongo`, `--db` or `--db-file` (one of them), else `$GODO_DB`, which takes what
 * `--db` takes, or `$GODO_DB_FILE`, else `/var/lib/godo` for root and `$XDG_STATE_HOME/godo` (`~/.local/state/godo`) for
 * others.
 *
 * A database name in the path of a MongoDB URI says where the user is kept (as `authSource` does) and nothing else: the
 * evidence is in `rawDb` and `cookedDb`.
 *
 * @throws StoreError BAD_TARGET
 */
export function resolveTarget(options: StoreOptions, env: TargetEnvironment): StoreTarget {
  const given = only([
    ['--mongo', options.mongo],
    ['--db', options.db],
    ['--db-file', options.dbFile],
  ]);
  // An empty variable is as good as none; an empty option is a mistake.
  const { GODO_DB, GODO_DB_FILE } = env.environment;
  const named = given ?? only([...nonEmpty('$GODO_DB', GODO_DB), ...nonEmpty('$GODO_DB_FILE', GODO_DB_FILE)]);
  if (named === null) return { kind: 'sqlite', directory: defaultDirectory(env.uid, env.environment) };
  const { from, value } = named;
  if (from === '--mongo') return mongoTarget(mongoUri(value), options);
  if (from !== '--db-file' && from !== '$GODO_DB_FILE') return targetOf(value, from, options);
  if (value === '') throw new StoreError('BAD_TARGET', `${from} is empty: give the path of a file.`);
  const { readFile = readDatabaseFile } = env;
  return targetOfFile(value, readFile(value, env.uid, from), options);
}

/** What stands in a file is a secret until it is known not to be one: nothing of it is told, or made a directory. */
function targetOfFile(file: string, line: string, options: StoreOptions): StoreTarget {
  if (isMongoUri(line)) return mongoTarget(line, options);
  if (isAbsolute(line)) return { kind: 'sqlite', directory: resolve(line) };
  throw new StoreError('BAD_TARGET', `${file} holds neither a mongodb:// URI nor the absolute path of a directory.`);
}

function isMongoUri(text: string): boolean {
  return /^mongodb(\+srv)?:\/\//.test(text);
}

type Named = readonly [from: string, value: string | undefined];

function nonEmpty(from: string, value: string | undefined): Named[] {
  return value ? [[from, value]] : [];
}

function only(named: readonly Named[]): { readonly from: string; readonly value: string } | null {
  const given = named.flatMap(([from, value]) => (value === undefined ? [] : [{ from, value }]));
  const [first, second] = given;
  if (first !== undefined && second !== undefined) {
    throw new StoreError('BAD_TARGET', `${first.from} and ${second.from} both name a database: give only one of them.`);
  }
  return first ?? null;
}

/** The URI without user name, password, and whatever its options hold of keys and tokens. */
export function redactUri(uri: string): string {
  // The last @, for an unescaped one belongs to a password more likely than to a host.
  return maskedAddress(uri.replace(/^([a-z+]+:\/\/).*@/is, '$1***@'));
}

function targetOf(db: string, from: string, options: StoreOptions): StoreTarget {
  if (isMongoUri(db)) return mongoTarget(db, options);
  if (/^mongodb(?:\+srv)?:/i.test(db)) {
    throw new StoreError(
      'BAD_TARGET',
      `${from} begins like an address of MongoDB and is none: it is mongodb://HOST:PORT/.`,
    );
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(db);
  if (db === '' || scheme) {
    const what = scheme ? `a ${scheme[1]} address` : 'empty';
    throw new StoreError('BAD_TARGET', `${from} is ${what}: give a mongodb:// URI or a directory.`);
  }
  return { kind: 'sqlite', directory: resolve(db) };
}

function mongoUri(mongo: string): string {
  if (isMongoUri(mongo)) return mongo;
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
