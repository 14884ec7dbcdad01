import { expect, test } from 'vitest';
import { StoredUntil } from '../../src/stages/stored-until.ts';

const at = (untilMs: number) => ({ untilMs, serial: untilMs + 1_000, lost: untilMs * 2, gapStated: untilMs > 20 });

test('what happened is stored when all documents that were made by then are', () => {
  const stored = new StoredUntil();
  expect(stored.point).toBeNull();
  stored.mark(at(10), 2, null);
  expect(stored.point).toEqual(at(10));
  stored.made();
  stored.made();
  stored.mark(at(20), 3, null);
  stored.made();
  stored.mark(at(30), 4, null);
  stored.stored(1);
  expect(stored.point).toEqual(at(10));
  stored.stored(1);
  expect(stored.point).toEqual(at(20));
  stored.stored(1);
  expect(stored.point).toEqual(at(30));
});

test('what is in no document yet is not stored before it is in one, and that is', () => {
  const stored = new StoredUntil();
  stored.mark(at(10), 2, null);
  // A file is opened in the second turn, another one in the third.
  stored.mark(at(20), 3, 2);
  stored.mark(at(30), 4, 2);
  stored.mark(at(40), 5, 2);
  expect(stored.point).toEqual(at(10));
  // The first is written down: what there was before the second one was opened is now in a document.
  stored.made();
  stored.mark(at(50), 6, 3);
  expect(stored.point).toEqual(at(10));
  stored.stored(1);
  expect(stored.point).toEqual(at(20));
  stored.made();
  stored.mark(at(60), 7, null);
  expect(stored.point).toEqual(at(20));
  stored.stored(1);
  expect(stored.point).toEqual(at(60));
});

test('while the store takes nothing the point stands, and no more marks are kept than it takes', () => {
  const stored = new StoredUntil();
  stored.mark(at(5), 2, null);
  for (let ms = 10; ms < 10_000; ms += 1) {
    stored.made();
    stored.mark(at(ms), ms, null);
  }
  expect(stored.point).toEqual(at(5));
  stored.stored(256);
  expect(stored.point).toEqual(at(265));
  stored.stored(20_000);
  stored.mark(at(10_000), 10_000, null);
  expect(stored.point).toEqual(at(10_000));
});

test('its moment does not go back where the clock does, and the events go on', () => {
  const stored = new StoredUntil();
  stored.mark(at(50), 2, null);
  stored.mark({ ...at(60), untilMs: 40 }, 3, null);
  expect(stored.point).toEqual({ ...at(60), untilMs: 50 });
});
