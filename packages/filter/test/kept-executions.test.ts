import { expect, test } from 'vitest';
import type { MergedExecution } from '../src/executions.ts';
import { noFacts } from '../src/facts.ts';
import { KeptExecutions } from '../src/kept-executions.ts';
import { noFactsNumber, SharedFacts } from '../src/shared-facts.ts';
import { at } from './support/raw.ts';

function execution(ms: number, exe: string, more: Partial<MergedExecution> = {}): MergedExecution {
  return {
    timeNs: at(ms),
    sinceNs: at(ms),
    coarse: false,
    success: true,
    facts: { exe, comm: null, argv: [exe], cwd: null },
    ...more,
  };
}

function kept(...executions: MergedExecution[]) {
  const facts = new SharedFacts();
  const all = new KeptExecutions(facts);
  all.add(4, [execution(0, '/of-another')]);
  all.add(7, executions);
  const base = facts.add({ ...noFacts, exe: '/base', cwd: '/home' });
  const stateAt = (ms: number | null, from = base) => facts.get(all.stateAt(7, ms === null ? null : at(ms), from));
  return { all, stateAt };
}

test('the program at a moment is that of the last successful execution until then, in the directory from before', () => {
  const failed = { success: false, errno: -2 };
  const { stateAt } = kept(execution(2, '/a'), execution(3, '/none', failed), execution(5, '/b'));
  const exes = [1, 2, 4, 5, 9, null].map((ms) => stateAt(ms).exe);
  expect(exes).toEqual(['/base', '/a', '/a', '/b', '/b', '/b']);
  expect(stateAt(9)).toEqual({ exe: '/b', comm: null, argv: ['/b'], cwd: '/home' });
});

test('a directory that one execution told holds for the later ones', () => {
  const { stateAt } = kept(
    execution(2, '/a', { facts: { exe: '/a', comm: null, argv: null, cwd: '/work' } }),
    execution(5, '/b'),
  );
  expect([stateAt(9).cwd, stateAt(9, noFactsNumber).cwd]).toEqual(['/work', '/work']);
});

test('executions come back with their own time, though they are looked up by another', () => {
  const late = execution(3, '/b', { sinceNs: at(7) });
  const { all, stateAt } = kept(execution(7, '/a'), late);
  expect(all.of(7).map(({ timeNs }) => timeNs)).toEqual([at(7), at(3)]);
  expect([stateAt(6).exe, stateAt(7).exe]).toEqual(['/base', '/b']);
});

test('a process that executed nothing', () => {
  const { all, stateAt } = kept();
  expect([all.of(7), all.of(1_000_000), stateAt(null).exe]).toEqual([[], [], '/base']);
});
