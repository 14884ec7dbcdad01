import { expect, test } from 'vitest';
import { rewriteGoStyle } from '../src/go-style.ts';

const options = new Map([
  ['mongo', true],
  ['cooked-db', true],
  ['path', true],
  ['json', false],
]);

test.each<[string, string[], string[]]>([
  ['-name=value', ['-mongo=127.0.0.1:27017', 'files'], ['--mongo=127.0.0.1:27017', 'files']],
  ['-name value', ['-mongo', 'host:1', '-json'], ['--mongo', 'host:1', '--json']],
  ['a name with a dash in it', ['-cooked-db=other'], ['--cooked-db=other']],
  ['a value over several lines', ['-path=a\nb'], ['--path=a\nb']],
  ['an empty value', ['-path='], ['--path=']],
  ['our own form, which stays', ['--mongo=x', '--json'], ['--mongo=x', '--json']],
  [
    'a value that looks like an option, which stays',
    ['--path', '-json', '-mongo', '-path=x'],
    ['--path', '-json', '--mongo', '-path=x'],
  ],
  ['unknown and short options, which stay', ['-diag=1.txt', '-h', '-V', '-'], ['-diag=1.txt', '-h', '-V', '-']],
  ['what is behind --, which stays', ['--', '-json'], ['--', '-json']],
])('%s', (_case, given, expected) => {
  expect(rewriteGoStyle(given, options)).toEqual(expected);
});
