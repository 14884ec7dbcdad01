import fc from 'fast-check';
import { expect, test } from 'vitest';
import { holdsSecret, maskedArguments, withoutOwnSecrets, withoutSecrets } from '../src/index.ts';

test('of a command line only the passwords are hidden', () => {
  const lines: readonly (readonly [given: string[], shown: string[]])[] = [
    [
      ['godo', '--mongo=mongodb://ann:s3cret@db:27017/?tls=true', '-q'],
      ['godo', '--mongo=mongodb://ann:***@db:27017/?tls=true', '-q'],
    ],
    [
      ['filter', '--db', 'mongodb+srv://ann:p@ss w/o"rd@c.example/'],
      ['filter', '--db', 'mongodb+srv://ann:***@c.example/'],
    ],
    [
      ['godo', '-mongo=ann:s3cret@db:1', '-diag=1.txt'],
      ['godo', '-mongo=ann:***@db:1', '-diag=1.txt'],
    ],
    [
      ['viewer', '--mongo', 'ann:s3cret@db', 'tree'],
      ['viewer', '--mongo', 'ann:***@db', 'tree'],
    ],
    [
      ['sudo', 'GODO_DB=mongodb://ann:s3cret@db/', 'godo'],
      ['sudo', 'GODO_DB=mongodb://ann:***@db/', 'godo'],
    ],
    [
      ['sh', '-c', 'filter --mongo ann:s3cret@db && viewer --db "mongodb://a:s3cret@x/" files'],
      ['sh', '-c', 'filter --mongo ann:***@db && viewer --db "mongodb://a:***@x/" files'],
    ],
    [['mongodb://db/?proxyPassword=s3cret&appName=x'], ['mongodb://db/?proxyPassword=***&appName=x']],
    // The @ was forgotten.
    [['--db=mongodb://ann:s3cret.db:27017/'], ['--db=mongodb://ann:***']],
  ];
  expect(lines.map(([given]) => maskedArguments(given))).toStrictEqual(lines.map(([, shown]) => shown));
});

test('evidence of others is kept whole', () => {
  const shown = (...words: string[]) => withoutOwnSecrets(words).at(-1);
  const uri = 'mongodb://ann:s3cret@db/';
  const masked = 'mongodb://ann:***@db/';

  expect([
    shown('mongodump', uri),
    shown('my-filter', '--db', uri),
    shown('sh', '-c', `curl x | mongosh ${uri}`),
  ]).toEqual([...[uri, uri], `curl x | mongosh ${uri}`]);
  expect([
    shown('/usr/bin/node', '/opt/godo/packages/listener/bin/godo.js', '--db', uri),
    shown('sudo', 'godo', '--db', uri),
    shown('npx', 'viewer', '--db', uri),
    shown('sh', '-c', `exec filter --db '${uri}'`),
    shown('env', `GODO_DB=${uri}`),
  ]).toEqual([masked, masked, masked, `exec filter --db '${masked}'`, `GODO_DB=${masked}`]);
});

test('what holds no password stays as it is, to the same array', () => {
  const words = [
    ...['mongodb://db:27017,[::1]:27018/x?tls=true', '--mongo=db:27017', 'mongodb://ann@db/', 'mongodb://[fe80::1]/'],
    ...['a@b:c', 'http://u:p@h/', 'mongosh', '--mongo'],
  ];
  expect(maskedArguments(words)).toStrictEqual(words);
  const others = ['ls', '-l', 'u:p@h'];
  expect(maskedArguments(others)).toBe(others);
  expect(['mongodb://db/', 'db:27017', 'ann@db', 'ann:s3cret@db', 'mongodb://a:b@c'].map(holdsSecret)).toStrictEqual([
    ...[false, false, false],
    ...[true, true],
  ]);
});

test('whatever a password is made of, it is not shown, and hiding it twice changes nothing more', () => {
  const rest = fc.string({ unit: fc.constantFrom(...'ab1:/?#@%&= \'"<\\\n\u202eé'), maxLength: 12 });
  fc.assert(
    fc.property(
      rest,
      rest,
      fc.constantFrom('--db=', '--mongo=', '-mongo=', 'GODO_DB=', ''),
      (before, after, option) => {
        const word = `${option}mongodb://ann:${before}MARKER${after}@db:27017/?tls=true`;
        const shown = maskedArguments([word]);
        expect(shown).toStrictEqual([`${option}mongodb://ann:***@db:27017/?tls=true`]);
        expect(maskedArguments(shown)).toStrictEqual(shown);
      },
    ),
  );
});

test('an argument that is made to be slow is not', () => {
  const long = 128 * 1024;
  const words = ['token', 'mongodb://', '--mongo ', 'a:', '@', '=a', 'A1'].flatMap((piece) =>
    ['mongodb://', '--mongo=', "--mongo '"].map((begin) => begin + piece.repeat(long / piece.length)),
  );
  const begunMs = performance.now();
  maskedArguments(words);
  expect((performance.now() - begunMs) / words.length).toBeLessThan(100);
});

test('a text that is no address of ours is not touched', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!/mongo/i.test(text));
      expect(withoutSecrets(text)).toBe(text);
    }),
  );
  expect(withoutSecrets('see https://mongodb.example/x@y and mongodb://db/ for x: a@b')).toBe(
    'see https://mongodb.example/x@y and mongodb://db/ for x: a@b',
  );
});
