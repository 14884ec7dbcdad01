import { expect, test } from 'vitest';
import { type ExecObservation, mergeExecutions } from '../src/executions.ts';
import { noFacts } from '../src/facts.ts';
import { at } from './support/raw.ts';

let serial = 0;
function observed(
  source: 'audit' | 'connector',
  ms: number,
  exe: string | null,
  more: Partial<ExecObservation> = {},
): ExecObservation {
  serial += 1;
  return { id: `${source}:${serial}`, timeNs: at(ms), source, success: true, facts: { ...noFacts, exe }, ...more };
}

function outline(observations: ExecObservation[]) {
  return mergeExecutions(observations).map(({ timeNs, coarse, success, facts }) => [
    Number(timeNs - at(0)) / 1e6,
    facts.exe,
    coarse ? 'coarse' : 'exact',
    success,
  ]);
}

test('an audit exec and a connector exec of the same moment are one: exact time, facts of audit, gaps from /proc', () => {
  const audit = observed('audit', 0, '/bin/sh', { facts: { ...noFacts, exe: '/bin/sh', argv: ['sh', '-c', 'x'] } });
  const connector = observed('connector', 4, null, {
    facts: { exe: '/proc/says', comm: 'sh', argv: ['raced'], cwd: '/tmp' },
  });
  expect(mergeExecutions([connector, audit])).toEqual([
    {
      timeNs: at(4),
      sinceNs: at(4),
      coarse: false,
      success: true,
      facts: { exe: '/bin/sh', comm: 'sh', argv: ['sh', '-c', 'x'], cwd: '/tmp' },
    },
  ]);
});

test('three execs within one jiffy pair in order though audit gives them one stamp', () => {
  expect(
    outline([
      observed('audit', 0, '/1'),
      observed('audit', 0, '/2'),
      observed('audit', 0, '/3'),
      observed('connector', 1, null),
      observed('connector', 2, null),
      observed('connector', 3, null),
    ]),
  ).toEqual([
    [1, '/1', 'exact', true],
    [2, '/2', 'exact', true],
    [3, '/3', 'exact', true],
  ]);
});

test('where one connector message is missing, the program that /proc showed tells which exec is without it', () => {
  expect(outline([observed('audit', 0, '/1'), observed('audit', 0, '/2'), observed('connector', 1, '/2')])).toEqual([
    [0, '/1', 'coarse', true],
    [1, '/2', 'exact', true],
  ]);
});

test('where one audit record is missing, its connector exec stands alone', () => {
  expect(outline([observed('audit', 0, '/2'), observed('connector', 1, '/1'), observed('connector', 6, '/2')])).toEqual(
    [
      [1, '/1', 'exact', true],
      [6, '/2', 'exact', true],
    ],
  );
});

test('execs more than a second apart are two', () => {
  expect(outline([observed('audit', 0, '/1'), observed('connector', 1001, '/1')])).toEqual([
    [0, '/1', 'coarse', true],
    [1001, '/1', 'exact', true],
  ]);
});

test('a task audit is blind for has the executions the connector told of', () => {
  expect(outline([observed('connector', 8, '/b'), observed('connector', 3, '/a')])).toEqual([
    [3, '/a', 'exact', true],
    [8, '/b', 'exact', true],
  ]);
});

test('failed attempts keep their place, have no partner and keep their errno', () => {
  const failed = observed('audit', 0, '/usr/local/bin/x', { success: false, errno: -2 });
  const merged = mergeExecutions([failed, observed('audit', 0, '/usr/bin/x'), observed('connector', 2, null)]);
  expect(merged.map(({ success, errno, timeNs }) => ({ success, errno, timeNs }))).toEqual([
    { success: false, errno: -2, timeNs: at(0) },
    { success: true, errno: undefined, timeNs: at(2) },
  ]);
});

test('execs with one stamp come in order of their serials, 9 before 10', () => {
  const merged = mergeExecutions([
    observed('audit', 0, '/second', { id: 'boot:100.10' }),
    observed('audit', 0, '/first', { id: 'boot:100.9' }),
  ]);
  expect(merged.map(({ facts }) => facts.exe)).toEqual(['/first', '/second']);
});

test('the time by which executions are looked up never goes back', () => {
  const merged = mergeExecutions([
    observed('audit', 0, '/1'),
    observed('connector', 7, '/1'),
    observed('audit', 3, '/2'),
  ]);
  expect(merged.map(({ timeNs, sinceNs, facts }) => [facts.exe, timeNs, sinceNs])).toEqual([
    ['/1', at(7), at(7)],
    ['/2', at(3), at(7)],
  ]);
});

test('two thousand execs on either side are paired in order', () => {
  const many = Array.from({ length: 2000 }, (_, index) => [
    observed('audit', index * 10, `/${index}`),
    observed('connector', index * 10 + 4, null),
  ]).flat();
  const merged = mergeExecutions(many);
  expect(merged.length).toBe(2000);
  expect(merged.every((one, index) => one.facts.exe === `/${index}` && one.timeNs === at(index * 10 + 4))).toBe(true);
});
