import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withOriginalNames, withStorableNames } from '../../src/mongodb/field-names.ts';

test('names that MongoDB would not take are written with percent signs', () => {
  const document = { _id: 'x', data: { 'a.b': { $c: [1, { '%': 'a.b' }] }, plain: null } };
  expect(withStorableNames(document)).toStrictEqual({
    _id: 'x',
    data: { 'a%2Eb': { '%24c': [1, { '%25': 'a.b' }] }, plain: null },
  });
});

test('numbers that JSON does not know become null, as they do there', () => {
  expect(withStorableNames({ data: { a: Number.NaN, b: [Number.POSITIVE_INFINITY, 1] } })).toStrictEqual({
    data: { a: null, b: [null, 1] },
  });
});

test('a document without such names is not copied', () => {
  const documents = [{ _id: 'x' }, { data: { a: { b: [{}] } }, counters: { c: 1 } }, { data: null }];
  expect(documents.map((document) => withStorableNames(document) === document)).toStrictEqual([true, true, true]);
});

test('every name comes back', () => {
  const name = fc.string({ unit: fc.constantFrom('%', '2', '5', 'E', '4', '0', '.', '$', '\0', 'x') });
  fc.assert(
    fc.property(
      fc.dictionary(name, fc.dictionary(name, fc.integer(), { noNullPrototype: true }), { noNullPrototype: true }),
      (data) => {
        expect(withOriginalNames(withStorableNames({ data }))).toStrictEqual({ data });
      },
    ),
  );
});

test('a name that is that of a prototype stays a name', () => {
  const document = { data: JSON.parse('{"__proto__": {"exe": "/bin/evil"}, "a.b": 1}') };
  const stored = withStorableNames(document) as { data: object };
  expect(Object.getPrototypeOf(stored.data)).toBe(Object.prototype);
  expect(Object.keys(stored.data)).toEqual(['__proto__', 'a%2Eb']);
  expect(JSON.stringify(withOriginalNames(stored))).toBe(JSON.stringify(document));
});
