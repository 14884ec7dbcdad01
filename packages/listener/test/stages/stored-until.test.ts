import { expect, test } from 'vitest';
import { StoredUntil } from '../../src/stages/stored-until.ts';

/** A point at which as many events had come as milliseconds had gone. */
const at = (untilMs: number) => ({ untilMs, settled: { serial: untilMs + 1_000, events: untilMs }, lost: untilMs * 2 });

test('what happened is stored when all documents that were made by then are', () => {
  const stored = new StoredUntil();
  expect(stored.point).toBeNull();
  stored.mark(at(10));
  expect(stored.point).toEqual(at(10));
  stored.made();
  stored.made();
  stored.mark(at(20));
  stored.made();
  stored.mark(at(30));
  stored.stored(1);
  expect(stored.point).toEqual(at(10));
  stored.stored(1);
  expect(stored.point).toEqual(at(20));
  stored.stored(1);
  expect(stored.point).toEqual(at(30));
});

test('while the store takes nothing the point stands, and no more marks are kept than it takes', () => {
  const stored = new StoredUntil();
  stored.mark(at(5));
  for (let ms = 10; ms < 10_000; ms += 1) {
    stored.made();
    stored.mark(at(ms));
  }
  expect(stored.point).toEqual(at(5));
  stored.stored(64);
  expect(stored.point).toEqual(at(73));
  stored.stored(20_000);
  stored.mark(at(10_000));
  expect(stored.point).toEqual(at(10_000));
});

test('its moment does not go back where the clock does, and the events go on', () => {
  const stored = new StoredUntil();
  stored.mark(at(50));
  stored.mark({ ...at(60), untilMs: 40 });
  expect(stored.point).toEqual({ ...at(60), untilMs: 50 });
});
