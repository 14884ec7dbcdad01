import { expect, it } from 'vitest';
import { ReadingBudget } from '../../src/stages/reading-budget.ts';

const seconds = 1_000_000;

it('a budget of readings is spent at once, and comes back with time', () => {
  const budget = new ReadingBudget(3, 2);
  const taken = (nowUs: number) => [1, 2, 3, 4].filter(() => budget.take(nowUs)).length;

  expect([taken(0), taken(0.4 * seconds), taken(1 * seconds), taken(2 * seconds)]).toEqual([3, 0, 2, 2]);
});

it('a budget of readings is never larger than at the start', () => {
  const budget = new ReadingBudget(3, 2);
  budget.take(0);

  expect([1, 2, 3, 4].map(() => budget.take(1000 * seconds))).toEqual([true, true, true, false]);
});

it('a budget of readings is spent when none is left', () => {
  const budget = new ReadingBudget(1, 1);
  const states = [budget.spent, budget.take(0), budget.spent, budget.take(2 * seconds), budget.spent];

  expect(states).toEqual([false, true, true, true, true]);
});

it('a clock that stands still, or a message from before, earns nothing', () => {
  const budget = new ReadingBudget(1, 1);

  expect([budget.take(5 * seconds), budget.take(5 * seconds), budget.take(1 * seconds)]).toEqual([true, false, false]);
});
