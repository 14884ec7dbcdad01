import { expect, test } from 'vitest';
import { ByteColumn, NumberColumn, none, ReferenceColumn, TimeColumn } from '../src/columns.ts';

const far = 5_000_000;

test('what was never set reads as unset, also far behind what was', () => {
  const [references, bytes, numbers, times] = [
    new ReferenceColumn(),
    new ByteColumn(),
    new NumberColumn(),
    new TimeColumn(),
  ];
  const unset = (row: number) => [references.at(row), bytes.at(row), numbers.at(row), times.at(row)];
  expect(unset(7)).toEqual([none, 0, 0, null]);
  references.set(3000, 5);
  bytes.set(3000, 255);
  numbers.set(3000, 2 ** 53);
  times.set(3000, 1n);
  expect([unset(3000), unset(2999), unset(3001), unset(far)]).toEqual([
    [5, 255, 2 ** 53, 1n],
    [none, 0, 0, null],
    [none, 0, 0, null],
    [none, 0, 0, null],
  ]);
});

test('a column keeps what it has while it grows', () => {
  const [references, times] = [new ReferenceColumn(), new TimeColumn()];
  for (let row = 0; row < 10_000; row += 1) {
    references.set(row, row);
    times.set(row, BigInt(row) - 5000n);
  }
  const rows = Array.from({ length: 10_000 }, (_, row) => row);
  expect(rows.every((row) => references.at(row) === row && times.at(row) === BigInt(row) - 5000n)).toBe(true);
});

test('a reference and a time can be taken back', () => {
  const [references, times] = [new ReferenceColumn(), new TimeColumn()];
  references.set(1, 9);
  references.set(1, none);
  times.set(1, 9n);
  times.set(1, null);
  expect([references.at(1), times.at(1)]).toEqual([none, null]);
});

test('times are exact and compare as numbers do, the unknown one last', () => {
  const column = new TimeColumn();
  const times = [
    -(2n ** 63n) + 1n,
    -(2n ** 32n) - 1n,
    -(2n ** 32n),
    -1n,
    0n,
    1n,
    2n ** 31n - 1n,
    2n ** 31n,
    2n ** 32n - 1n,
    2n ** 32n,
    1_735_689_600_000_000_001n,
    2n ** 63n - 1n,
    null,
  ];
  for (const [row, time] of times.entries()) column.set(row, time);
  expect(times.map((_, row) => column.at(row))).toEqual(times);
  for (let a = 0; a < times.length; a += 1) {
    for (let b = 0; b < times.length; b += 1) expect(Math.sign(column.compare(a, b))).toBe(Math.sign(a - b));
  }
});
