import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commandLine, quoteArgument } from '../../src/render/command-line.ts';

test('arguments are quoted as a shell would need them', () => {
  const argv = ['/bin/sh', '-c', 'echo "hi" > $x', '', "it's", 'a\nb\u001b[2J', "'\n\\", 'k=v', '~', 'größe', '*'];
  expect(commandLine(argv, undefined, 'unicode', 1000)).toBe(
    String.raw`/bin/sh -c 'echo "hi" > $x' '' 'it'\''s' $'a\nb\x1b[2J' $'\'\n\\' k=v '~' größe '*'`,
  );
});

test('a shell gives the very same arguments back', () => {
  const argument = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0') && !/\p{Cs}/u.test(text));
  fc.assert(
    fc.property(fc.array(argument, { minLength: 1, maxLength: 20 }), (argv) => {
      const line = commandLine(argv, undefined, 'unicode', 1_000_000);
      const environment = { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' };
      const echoed = execFileSync('bash', ['--norc', '-c', `printf '%s\\0' ${line}`], {
        env: environment,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      expect(echoed.split('\0').slice(0, -1)).toEqual(argv);
    }),
    { numRuns: 50 },
  );
});

test('the exact bytes of an argument that is not UTF-8 are shown', () => {
  expect(commandLine(['cat', 'a\ufffd'], [null, '61ff'], 'unicode', 100)).toBe(String.raw`cat $'a\xff'`);
});

test('unknown arguments are not an empty list', () => {
  expect([commandLine(null, undefined, 'unicode', 10), commandLine([], undefined, 'unicode', 10)]).toEqual([null, '']);
});

test('a list of megabytes ends soon after the limit', () => {
  const many = Array.from({ length: 100_000 }, (_, index) => `argument-${index}`);
  expect(commandLine(many, undefined, 'unicode', 24)).toBe('argument-0 argument-1 argument-2 …');
  expect(commandLine(['x'.repeat(5_000_000)], undefined, 'unicode', 100)).toHaveLength(400);
});

test('something that is not text does not pass for an argument', () => {
  expect(commandLine(['a', 7, null, { b: 1 }], 'no list', 'unicode', 100)).toBe('a ? ? ?');
  expect(quoteArgument('?', 'unicode')).toBe("'?'");
});
