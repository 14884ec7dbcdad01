import fc from 'fast-check';
import { expect, test } from 'vitest';
import { partsOf, pathOf } from '../../src/changes/path-parts.ts';

test('a path is its names', () => {
  expect(partsOf('/a//b c /./…', undefined)).toEqual(['a', 'b c ', '…']);
  expect(pathOf(['a', 'b c ', '…'])).toEqual({ path: '/a/b c /…' });
  expect(partsOf('/', undefined)).toEqual([]);
});

test('what is relative or no text is no path', () => {
  expect([partsOf('a', undefined), partsOf(null, undefined), partsOf(7, 'ff')]).toEqual([null, null, null]);
});

test('names of different bytes are different, and come back as they were', () => {
  const bytes = fc.array(fc.uint8Array({ minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(bytes, (names) => {
      const plain = names.map((name) => Buffer.from(name.map((byte) => (byte === 0x2f || byte === 0 ? 0x61 : byte))));
      const names2 = plain.map((name) => (name.toString() === '.' ? Buffer.from('b') : name));
      const whole = Buffer.concat(names2.flatMap((name) => [Buffer.from('/'), name]));
      const hex = whole.toString('hex');
      const isText = Buffer.from(whole.toString('utf8')).equals(whole);
      const parts = partsOf(whole.toString('utf8'), isText ? undefined : hex);

      expect(pathOf(parts ?? [])).toEqual(
        isText ? { path: whole.toString('utf8') } : { path: whole.toString('utf8'), pathHex: hex },
      );
    }),
  );
});
