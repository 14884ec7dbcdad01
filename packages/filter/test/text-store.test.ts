import { expect, test } from 'vitest';
import { TextStore } from '../src/text-store.ts';

test('texts come back by their number, short and very long ones, of any script', () => {
  const store = new TextStore();
  const texts = ['', 'a', 'ä'.repeat(700_000), 'b'.repeat(3_000_000), '\u{1f4be}', 'c'.repeat(1_048_576), '', 'd'];
  expect(texts.map((text) => store.add(text))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(texts.map((text, number) => store.get(number) === text)).toEqual(texts.map(() => true));
});

test('many texts fill several chunks', () => {
  const store = new TextStore();
  const text = (index: number) => `${index} ${'x'.repeat(index % 300)}`;
  for (let index = 0; index < 30_000; index += 1) store.add(text(index));
  let right = 0;
  for (let index = 0; index < 30_000; index += 1) right += Number(store.get(index) === text(index));
  expect(right).toBe(30_000);
});

test('a number that no text has', () => {
  expect(() => new TextStore().get(0)).toThrow(RangeError);
});
