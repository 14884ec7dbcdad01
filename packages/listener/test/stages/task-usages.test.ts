import { expect, test } from 'vitest';
import { TaskUsages } from '../../src/stages/task-usages.ts';

type Told = readonly [pid: number, cpuUs: number, maxRssKb: number];

/** What the kernel has told; -1: the socket overran. */
function usages(queue: (readonly Told[] | -1)[]) {
  let overruns = 0;
  let receives = 0;
  const told = new TaskUsages({
    receive(memory) {
      receives += 1;
      const next = queue.shift() ?? [];
      if (next === -1) return -1;
      const view = new DataView(memory.buffer);
      for (const [index, [pid, cpuUs, maxRssKb]] of next.entries()) {
        view.setUint32(index * 24, pid, true);
        view.setBigUint64(index * 24 + 8, BigInt(cpuUs), true);
        view.setBigUint64(index * 24 + 16, BigInt(maxRssKb), true);
      }
      return next.length * 24;
    },
    overran: () => {
      overruns += 1;
    },
  });
  return { told, counts: () => ({ overruns, receives }) };
}

test('a task is told of once, and the socket is looked into only where it is not known yet', () => {
  const { told, counts } = usages([
    [
      [10, 1, 100],
      [11, 2, 200],
    ],
  ]);
  expect([told.take(11), told.take(10)]).toEqual([
    { cpuUs: 2, maxRssKb: 200 },
    { cpuUs: 1, maxRssKb: 100 },
  ]);
  expect(counts().receives).toBe(1);
  expect(told.take(10)).toBeUndefined();
});

test('lives of one number are told in their order', () => {
  const { told } = usages([
    [
      [10, 1, 0],
      [10, 2, 0],
      [10, 3, 0],
    ],
  ]);
  expect([1, 2, 3].map(() => told.take(10)?.cpuUs)).toEqual([1, 2, 3]);
});

test('a receive that was full is followed by another one', () => {
  const many = Array.from({ length: 256 }, (_, index): Told => [1000 + index, index, 0]);
  const { told } = usages([many, [[7, 7, 7]]]);
  expect(told.take(7)).toEqual({ cpuUs: 7, maxRssKb: 7 });
  expect(told.take(1255)?.cpuUs).toBe(255);
});

test('an overrun is said, and what comes behind it is taken', () => {
  const { told, counts } = usages([[[1, 1, 1]], -1, [[2, 2, 2]]]);
  expect([told.take(1)?.cpuUs, told.take(2)?.cpuUs, counts().overruns]).toEqual([1, 2, 1]);
});

test('when exits have been lost, nothing of before is given to who gets the number next', () => {
  const { told } = usages([[[10, 1, 1]], [[11, 2, 2]], [[10, 3, 3]]]);
  told.take(99);
  told.forget();
  expect([told.take(10)?.cpuUs, told.take(11)]).toEqual([3, undefined]);
});

test('tasks whose end is never told do not fill the memory', () => {
  const batches = Array.from({ length: 257 }, (_, batch) =>
    Array.from({ length: 256 }, (_, index): Told => [1 + batch * 256 + index, 1, 1]),
  );
  const { told } = usages(batches);
  expect([told.take(1), told.take(257 * 256)?.cpuUs]).toEqual([undefined, 1]);
});
