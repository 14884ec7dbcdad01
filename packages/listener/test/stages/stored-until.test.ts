import { expect, test } from 'vitest';
import { StoredUntil } from '../../src/stages/stored-until.ts';

test('what happened is stored when all documents that were made by then are', () => {
  const stored = new StoredUntil();
  expect(stored.untilMs).toBeNull();
  stored.mark(10);
  expect(stored.untilMs).toBe(10);
  stored.made();
  stored.made();
  stored.mark(20);
  stored.made();
  stored.mark(30);
  stored.stored(1);
  expect(stored.untilMs).toBe(10);
  stored.stored(1);
  expect(stored.untilMs).toBe(20);
  stored.stored(1);
  expect(stored.untilMs).toBe(30);
});

test('while the store takes nothing the moment stands, and no more marks are kept than it takes', () => {
  const stored = new StoredUntil();
  stored.mark(5);
  for (let ms = 10; ms < 10_000; ms += 1) {
    stored.made();
    stored.mark(ms);
  }
  expect(stored.untilMs).toBe(5);
  stored.stored(64);
  expect(stored.untilMs).toBe(73);
  stored.stored(20_000);
  stored.mark(10_000);
  expect(stored.untilMs).toBe(10_000);
});

test('it does not go back where the clock does', () => {
  const stored = new StoredUntil();
  stored.mark(50);
  stored.mark(40);
  expect(stored.untilMs).toBe(50);
});
