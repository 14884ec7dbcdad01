import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { redactUri, resolveTarget, StoreError, type StoreOptions } from '../src/index.ts';

const user = { uid: 1000, environment: { HOME: '/home/ann' } };
const root = { uid: 0, environment: { HOME: '/root' } };

function codeOf(options: StoreOptions, env: Parameters<typeof resolveTarget>[1] = user): string {
  try {
    resolveTarget(options, env);
  } catch (error) {
    if (error instanceof StoreError) return error.code;
  }
  return 'none';
}

test('root keeps its evidence in /var/lib/godo, others in their state directory', () => {
  const state = { uid: 1000, environment: { HOME: '/home/ann', XDG_STATE_HOME: '/state' } };
  const relative = { uid: 1000, environment: { HOME: '/home/ann', XDG_STATE_HOME: 'state' } };
  expect([root, user, state, relative].map((env) => resolveTarget({}, env))).toStrictEqual([
    { kind: 'sqlite', directory: '/var/lib/godo' },
    { kind: 'sqlite', directory: '/home/ann/.local/state/godo' },
    { kind: 'sqlite', directory: '/state/godo' },
    { kind: 'sqlite', directory: '/home/ann/.local/state/godo' },
  ]);
});

test('an option comes before $GODO_DB, and that before the default', () => {
  const env = { uid: 0, environment: { GODO_DB: 'mongodb://db/' } };
  expect([{}, { db: '/srv/x' }, { mongo: 'other:1' }].map((options) => resolveTarget(options, env))).toStrictEqual([
    { kind: 'mongodb', uri: 'mongodb://db/', rawDb: 'test', cookedDb: 'cooked' },
    { kind: 'sqlite', directory: '/srv/x' },
    { kind: 'mongodb', uri: 'mongodb://other:1/', rawDb: 'test', cookedDb: 'cooked' },
  ]);
  expect(resolveTarget({}, { uid: 0, environment: { GODO_DB: '' } })).toStrictEqual({
    kind: 'sqlite',
    directory: '/var/lib/godo',
  });
});

test('a file may name the database, by its option or $GODO_DB_FILE', () => {
  const readFile = (file: string, uid: number, from: string) => `mongodb://ann:${uid}@${file.slice(1)}/?x=${from}`;
  const from = (options: StoreOptions, environment: NodeJS.ProcessEnv) =>
    resolveTarget(options, { uid: 7, environment, readFile });
  const uri = (text: string) => ({ kind: 'mongodb', uri: text, rawDb: 'test', cookedDb: 'cooked' });
  expect([
    from({ dbFile: '/f' }, { GODO_DB: '/x', GODO_DB_FILE: '/y' }),
    from({}, { GODO_DB: '', GODO_DB_FILE: '/f' }),
    from({ db: '/srv' }, { GODO_DB_FILE: '/f' }),
  ]).toStrictEqual([
    uri('mongodb://ann:7@f/?x=--db-file'),
    uri('mongodb://ann:7@f/?x=$GODO_DB_FILE'),
    { kind: 'sqlite', directory: '/srv' },
  ]);
  expect(resolveTarget({ dbFile: '/f' }, { ...user, readFile: () => '/evidence' })).toStrictEqual({
    kind: 'sqlite',
    directory: '/evidence',
  });
});

test('--db takes a MongoDB URI or a directory, which becomes absolute', () => {
  expect(
    ['mongodb+srv://c.example/x', 'here/db', '/abs'].map((db) => resolveTarget({ db, rawDb: 'r' }, user)),
  ).toStrictEqual([
    { kind: 'mongodb', uri: 'mongodb+srv://c.example/x', rawDb: 'r', cookedDb: 'cooked' },
    { kind: 'sqlite', directory: resolve('here/db') },
    { kind: 'sqlite', directory: '/abs' },
  ]);
});

test('--mongo takes a host, a host with port, several, or a URI', () => {
  const uris = ['127.0.0.1:27017', 'db', '[::1]:27017', 'a:1,b:2', 'mongodb://u:p@db/?tls=true'].map((mongo) => {
    const target = resolveTarget({ mongo }, user);
    return target.kind === 'mongodb' ? target.uri : null;
  });
  expect(uris).toStrictEqual([
    'mongodb://127.0.0.1:27017/',
    'mongodb://db/',
    'mongodb://[::1]:27017/',
    'mongodb://a:1,b:2/',
    'mongodb://u:p@db/?tls=true',
  ]);
});

test('what names no database, or two, is a bad target', () => {
  const bad: StoreOptions[] = [
    { db: '/x', mongo: 'db:1' },
    { db: '/x', dbFile: '/f' },
    { dbFile: '/f', mongo: 'db:1' },
    { dbFile: '' },
    { dbFile: '/proc/none' },
    { db: '' },
    { db: 'postgres://db/' },
    { mongo: '' },
    { mongo: 'http://db' },
    { mongo: 'db:1', rawDb: 'same', cookedDb: 'same' },
    { mongo: 'db:1', rawDb: 'a.b' },
    { mongo: 'db:1', cookedDb: '' },
  ];
  expect(bad.map((options) => codeOf(options))).toStrictEqual(bad.map(() => 'BAD_TARGET'));
  expect(codeOf({}, { uid: 1000, environment: {} })).toBe('BAD_TARGET');
  expect(codeOf({}, { uid: 1000, environment: { GODO_DB: '/x', GODO_DB_FILE: '/f' } })).toBe('BAD_TARGET');
  for (const line of ['postgres://ann:s3cret@db/', 'ann:s3cret@db:27017', '-----BEGIN PRIVATE KEY-----']) {
    expect(() => resolveTarget({ dbFile: '/f' }, { ...user, readFile: () => line })).toThrow(
      new StoreError('BAD_TARGET', '/f holds neither a mongodb:// URI nor the absolute path of a directory.'),
    );
  }
});

test('a URI is shown without what must stay secret', () => {
  expect(
    [
      'mongodb://db:27017/',
      'mongodb://ann:s3cret@db:27017/admin?tls=true',
      'mongodb+srv://ann:p@ss/w?rd@c.example/',
      'mongodb://db/?tlsCertificateKeyFilePassword=s3cret&authMechanismProperties=AWS_SESSION_TOKEN:s3cret&appName=x',
      'mongodb://ann:s3cret.db:27017/',
    ].map(redactUri),
  ).toStrictEqual([
    'mongodb://db:27017/',
    'mongodb://***@db:27017/admin?tls=true',
    'mongodb+srv://***@c.example/',
    'mongodb://db/?tlsCertificateKeyFilePassword=***&authMechanismProperties=***&appName=x',
    'mongodb://ann:***',
  ]);
});
