import { Command } from 'commander';
import { expect, test } from 'vitest';
import { checkListenOptions } from '../../src/commands/install-service.ts';

const said: string[] = [];
const asked = new Command().exitOverride().configureOutput({ writeErr: (text) => void said.push(text) });
const check = (...options: string[]) => checkListenOptions(options, asked);

test('a unit is written only with options that the listener takes', () => {
  expect(() => check('--mongo', 'db:27017', '--quiet', '--hash')).not.toThrow();
  expect(() => check('-mongo=db:27017', '-backlog=65536')).not.toThrow();
  expect(() => check('--nonsense')).toThrow();
  expect(() => check('--spool-max', 'much')).toThrow();
  expect(() => check('one-word-more')).toThrow();
  expect(said.map((text) => text.split('\n')[0])).toEqual([
    "error: unknown option '--nonsense'",
    expect.stringMatching(/^error: option '--spool-max <bytes>' argument 'much' is invalid\./),
    expect.stringMatching(/^error: too many arguments/),
  ]);
});

test('its paths are absolute, for it runs in another folder', () => {
  expect(() => check('--db', '/srv/godo', '--diag', '/srv/diag.log')).not.toThrow();
  expect(() => check('--db', 'mongodb://db:27017/')).not.toThrow();
  for (const option of ['--db', '--db-file', '--diag', '--spool', '--sign-key']) {
    expect(() => check(option, 'here/it')).toThrow(
      'here/it is no absolute path: a service runs in another folder than you.',
    );
  }
});

test('it names one database, in a form that can be one, and a key that is there', () => {
  for (const options of [
    ['--db', '/x', '--mongo', 'h:1'],
    ['--mongo', 'a/b'],
    ['--mongo', 'h', '--raw-db', 'a.b'],
    ['--db', 'mongodb://h', '--db-file', '/etc/x'],
    ['--db', 'mongodb:/h/'],
    ['--db', 'mongodb-evidence'],
    ['--sign-key', '/nonexistent'],
    ['--receive-buffer', '2G'],
  ]) {
    expect(() => check(...options)).toThrow();
  }
});
