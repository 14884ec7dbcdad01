import { expect, test } from 'vitest';
import { environmentOf } from '../src/environment.ts';
import { buildProcess } from '../src/process-builder.ts';
import { auditExec, became, fork, task } from './support/raw.ts';

test('the names of an environment go with the exec that they were read after', () => {
  const { executions } = buildProcess([
    fork(1, 10, 0),
    auditExec(10, 1, '/bin/a'),
    became(10, 2, { envNames: ['PATH'], envNamesCut: true }),
    auditExec(10, 50, '/bin/b'),
  ]);

  expect(executions.map(({ environment }) => environment)).toEqual([
    { envNames: ['PATH'], envNamesCut: true },
    undefined,
  ]);
});

test('those of a process that already ran are its own', () => {
  expect(buildProcess([task('snapshot', 10, 0, { envNames: [] })]).environment).toEqual({ envNames: [] });
});

test('what is no list of names counts as absent', () => {
  const of = (envNames: unknown) => environmentOf(task('exec', 10, 0, { envNames } as object));

  expect([of('PATH'), of([1]), of(undefined)]).toEqual([undefined, undefined, undefined]);
});
