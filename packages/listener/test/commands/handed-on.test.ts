import { longOptions, rewriteGoStyle, type StoreTarget } from '@godo/evidence';
import { describe, expect, it } from 'vitest';
import { handedOn, withoutStoreOptions } from '../../src/commands/handed-on.ts';
import { refuseSecrets } from '../../src/commands/install-service.ts';
import { program } from '../../src/commands/program.ts';
import { ListenerError } from '../../src/listener-error.ts';

const uri = 'mongodb://ann:s3cret@db/';
const target: StoreTarget = { kind: 'mongodb', uri, rawDb: 'test', cookedDb: 'cooked' };
const names = longOptions(
  program({ log: () => undefined as never, print: () => undefined, exitWith: () => undefined }),
);
const left = (...words: string[]) => withoutStoreOptions(rewriteGoStyle(words, names), names);

describe('what a listener hands on of its command line', () => {
  it('has no address, in whatever form that was given', () => {
    const forms = [
      ['--mongo', uri],
      [`--mongo=${uri}`],
      ['-mongo', uri],
      [`-mongo=${uri}`],
      ['--db', uri],
      [`-db=${uri}`],
    ];
    expect(forms.map((form) => left('-q', ...form, '--raw-db', 'raw'))).toEqual(
      forms.map(() => ['-q', '--raw-db', 'raw']),
    );
    expect(left('--db', uri, 'listen', '--db', uri)).toEqual(['listen']);
  });

  it('has all else as it was, also what only looks like one', () => {
    const words = [
      '--diag',
      '--mongo',
      '--lossless',
      '60',
      '--root=/db',
      '--db-file',
      '--db',
      '--sensitive',
      '/x',
      '-v',
    ];
    expect(left(...words)).toEqual(words);
    expect(left('--quiet', '--', '--db', uri)).toEqual(['--quiet', '--', '--db', uri]);
  });
});

describe('what the other programs are told of the database', () => {
  it('is its address in the environment alone, where that has a password', () => {
    const environment = { GODO_DB: uri, GODO_DB_FILE: undefined };
    expect([handedOn({ mongo: 'ann:s3cret@db' }, target), handedOn({ db: uri }, target)]).toEqual([
      { words: [], environment },
      { words: [], environment },
    ]);
  });

  it('is otherwise what was given', () => {
    const given = [{ mongo: 'db:1' }, { db: '/srv' }, { dbFile: '/etc/db' }, {}];
    expect(given.map((options) => handedOn(options, target))).toEqual(
      [['--mongo=db:1'], ['--db=/srv'], ['--db-file=/etc/db'], []].map((words) => ({ words, environment: {} })),
    );
  });
});

describe('a unit', () => {
  it('gets no password', () => {
    for (const words of [['--mongo', 'ann:s3cret@db'], [`--db=${uri}`], [`-mongo=${uri}`]]) {
      expect(() => refuseSecrets(words)).toThrow(ListenerError);
    }
    refuseSecrets(['--mongo', 'db:27017', '--db-file', '/etc/godo/database', '--quiet']);
  });
});
