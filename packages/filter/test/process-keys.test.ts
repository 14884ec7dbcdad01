import fc from 'fast-check';
import { expect, test } from 'vitest';
import { none } from '../src/columns.ts';
import { ProcessKeys } from '../src/process-keys.ts';

const boot = 'd3b07384-d9a0-4e9b-8c5b-2f1a6c1f0e11';

test('a key is found by its number and a number by its key', () => {
  const keys = new ProcessKeys();
  const all = [`${boot}:1:12`, `${boot}:4194304:8640000123`, `other:1:12`, `${boot}:77:?1735689600000.4294967295`];
  expect(all.map((key) => keys.numberOf(key))).toEqual([0, 1, 2, 3]);
  expect(all.map((key) => keys.numberOf(key))).toEqual([0, 1, 2, 3]);
  expect(all.map((key) => keys.find(key))).toEqual([0, 1, 2, 3]);
  expect(all.map((_, number) => keys.keyOf(number))).toEqual(all);
  expect(keys.size).toBe(4);
});

test('asking for a key does not name it', () => {
  const keys = new ProcessKeys();
  keys.numberOf(`${boot}:1:12`);
  expect([`${boot}:1:13`, `unknown:1:12`, 'odd', `${boot}:1:012`].map((key) => keys.find(key))).toEqual(
    Array(4).fill(none),
  );
  expect(keys.size).toBe(1);
});

test('what a key says of its process; one that is not made like a key says nothing', () => {
  const keys = new ProcessKeys();
  const said = (key: string) => {
    const number = keys.numberOf(key);
    return [keys.tgidOf(number), keys.startTicksOf(number), keys.isProvisional(number)];
  };
  expect(said(`${boot}:7:70`)).toEqual([7, 70, false]);
  expect(said(`${boot}:7:?1700000000000.5`)).toEqual([7, null, true]);
  expect(said(`${boot}:7:?88123456789`)).toEqual([null, null, true]);
  expect(said('7')).toEqual([null, null, false]);
});

test('a hundred thousand keys of two boots are told apart', () => {
  const keys = new ProcessKeys();
  const key = (index: number) => `boot-${index % 2}:${1000 + (index >> 1)}:${7 * index}`;
  for (let index = 0; index < 100_000; index += 1) keys.numberOf(key(index));
  let right = 0;
  for (let index = 0; index < 100_000; index += 1) right += Number(keys.find(key(index)) === index);
  expect([keys.size, right]).toEqual([100_000, 100_000]);
});

test('any text is a key of its own', () => {
  const part = fc.oneof(
    fc.nat(20).map(String),
    fc.constantFrom('', '00', '01', '?1.2', '?01.2', '?1.', '9'.repeat(17)),
  );
  const text = fc.oneof(
    fc.string(),
    fc.tuple(fc.constantFrom('a', 'b', '', 'a:1'), part, part).map((parts) => parts.join(':')),
  );
  fc.assert(
    fc.property(fc.uniqueArray(text, { maxLength: 30 }), (texts) => {
      const keys = new ProcessKeys();
      const numbers = texts.map((one) => keys.numberOf(one));
      expect(numbers).toEqual(texts.map((_, index) => index));
      expect(numbers.map((number) => keys.keyOf(number))).toEqual(texts);
      expect(texts.map((one) => keys.find(one))).toEqual(numbers);
    }),
    { numRuns: 1000 },
  );
});
