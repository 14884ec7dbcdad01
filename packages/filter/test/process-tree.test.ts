import { expect, test } from 'vitest';
import { walkTree } from '../src/process-tree.ts';
import { exit, fork, keyOf, task } from './support/raw.ts';
import { drawn, linkedTableOf, parentKeyOf } from './support/tree.ts';

const star = { star: true };

test('the tree has the star and whoever descends from it, children in order of start', () => {
  const table = linkedTableOf([
    task('snapshot', 1, 0),
    task('snapshot', 100, 0, { parent: 1, ...star }),
    task('snapshot', 200, 0, { parent: 1 }),
    fork(100, 30, 3),
    fork(100, 20, 4),
    fork(30, 40, 5),
    fork(200, 50, 6),
  ]);
  expect(drawn(table)).toEqual(['100', ' 30', '  40', ' 20']);
});

test('breadth-first: each process after its parent, level by level', () => {
  const table = linkedTableOf([
    task('snapshot', 1, 0, star),
    fork(1, 2, 1),
    fork(1, 3, 2),
    fork(2, 4, 3),
    fork(3, 5, 4),
  ]);
  expect([...walkTree(table)].map((row) => [table.tgidOf(row), table.places.depthOf(row)])).toEqual([
    [1, 0],
    [2, 1],
    [3, 1],
    [4, 2],
    [5, 2],
  ]);
});

test('a star below a star stands under its parent and once', () => {
  const table = linkedTableOf([task('snapshot', 1, 0, star), fork(1, 2, 1), fork(2, 3, 2, star), fork(3, 4, 3)]);
  expect(drawn(table)).toEqual(['1', ' 2', '  3', '   4']);
});

test('children of one start come in order of their keys', () => {
  const table = linkedTableOf([task('snapshot', 1, 0, star), fork(1, 7, 5), fork(1, 5, 5), fork(1, 6, 5)]);
  expect(drawn(table)).toEqual(['1', ' 5', ' 6', ' 7']);
});

test('hosts and boots stay apart, though process ids are the same', () => {
  const other = { bootId: 'boot-b' };
  const table = linkedTableOf([
    task('snapshot', 1, 0, star),
    fork(1, 2, 1),
    task('snapshot', 1, 0, { ...other, ...star }),
    fork(1, 2, 1, other),
    fork(2, 3, 2, other),
  ]);
  expect([...walkTree(table)].map((row) => [table.originOf(row).bootId, table.tgidOf(row)])).toEqual([
    ['boot-a', 1],
    ['boot-b', 1],
    ['boot-a', 2],
    ['boot-b', 2],
    ['boot-b', 3],
  ]);
});

test('an edge to another boot is left out with a warning', () => {
  const table = linkedTableOf([
    task('snapshot', 1, 0, star),
    fork(1, 2, 1, { bootId: 'boot-b', parentKey: keyOf(1), star: true }),
  ]);
  const key = keyOf(2, 'boot-b');
  expect([parentKeyOf(table, key), table.warningsOf(table.find(key))]).toEqual([
    undefined,
    ['its parent was said to be of another boot; the edge is left out'],
  ]);
});

test('a parent without a key is the process that had its id at that time', () => {
  const table = linkedTableOf([
    task('snapshot', 1, 0, { key: 'boot-a:1:5', ...star }),
    exit(1, 10, { key: 'boot-a:1:5' }),
    fork(50, 1, 20, { key: 'boot-a:1:20', ...star }),
    fork(1, 7, 30, { parentKey: null }),
    fork(1, 8, 5, { parentKey: 'boot-a:1:?77.1' }),
    fork(1, 9, 5, { parentKey: 'boot-a:1:4' }),
  ]);
  expect(
    [7, 8, 9].map((pid) => [parentKeyOf(table, keyOf(pid)), table.places.parentSourceOf(table.find(keyOf(pid)))]),
  ).toEqual([
    ['boot-a:1:20', 'kernel'],
    ['boot-a:1:5', 'kernel'],
    [undefined, null],
  ]);
});

test('a process whose parent is not in the evidence is not in the tree', () => {
  expect(drawn(linkedTableOf([task('snapshot', 1, 0, star), fork(99, 2, 1)]))).toEqual(['1']);
});

test('a cycle loses the edge above its earliest process, with a warning', () => {
  const table = linkedTableOf([fork(3, 1, 1), fork(1, 2, 2), fork(2, 3, 3), fork(3, 4, 4, star)]);
  expect(drawn(table)).toEqual(['4']);
  expect(table.warningsOf(table.find(keyOf(1)))).toEqual([
    '3 processes were said to be ancestors of each other; the edge above this one is left out',
  ]);
});

test('a cycle with a star in it hangs below the star', () => {
  expect(drawn(linkedTableOf([fork(3, 1, 1), fork(1, 2, 2, star), fork(2, 3, 3)]))).toEqual(['2', ' 3', '  1']);
});

test('its own parent: no edge', () => {
  const table = linkedTableOf([fork(1, 1, 1, star)]);
  expect([drawn(table), table.warningsOf(table.find(keyOf(1)))]).toEqual([
    ['1'],
    ['it was said to be its own parent; the edge is left out'],
  ]);
});

test('a chain of a hundred thousand processes is walked without recursion', () => {
  const chain = [task('snapshot', 1, 0, star)];
  for (let tgid = 2; tgid <= 100_000; tgid += 1) chain.push(fork(tgid - 1, tgid, tgid));
  const table = linkedTableOf(chain);
  const order = walkTree(table);
  expect([order.length, table.places.depthOf(order.at(-1) ?? 0)]).toEqual([100_000, 99_999]);
});

test('without a star there is no tree', () => {
  expect(drawn(linkedTableOf([task('snapshot', 1, 0), exit(1, 5), fork(1, 2, 1)]))).toEqual([]);
});
