import { expect, test } from 'vitest';
import { buildProcess } from '../src/process-builder.ts';
import { programDetailsOf } from '../src/program-details.ts';
import { auditExec, became, fork } from './support/raw.ts';

test('what is told of a program beside its path is taken as far as it is what it should be', () => {
  const details = (changes: object) => programDetailsOf(auditExec(10, 1, '/bin/a', changes));

  expect(details({})).toBeNull();
  expect(details({ exeDeleted: null })).toEqual({ exeDeleted: null });
  expect(details({ script: '/s', viaScripts: ['/t'], viaScriptsHex: ['ff'] })).toEqual({
    script: '/s',
    viaScripts: ['/t'],
    viaScriptsHex: ['ff'],
  });
  expect([details({ exeDeleted: 'yes' }), details({ script: 1 }), details({ viaScripts: ['/t'] })]).toEqual([
    null,
    null,
    null,
  ]);
  expect(details({ script: '/s', viaScripts: [1], scriptHex: 2 })).toEqual({ script: '/s' });
});

test('it goes with the path: what audit said of both wins over what /proc said of both', () => {
  const { executions } = buildProcess([
    fork(1, 10, 0),
    auditExec(10, 1, '/bin/sh', { script: '/srv/run' }),
    became(10, 2, { exe: '/bin/sh (deleted)', exeDeleted: null, cwd: '/home' }),
    auditExec(10, 50, '/bin/b'),
  ]);

  expect(executions.map(({ facts }) => facts)).toEqual([
    { exe: '/bin/sh', program: { script: '/srv/run' }, comm: null, argv: ['/bin/sh'], cwd: '/' },
    { exe: '/bin/b', comm: null, argv: ['/bin/b'], cwd: '/' },
  ]);
});
