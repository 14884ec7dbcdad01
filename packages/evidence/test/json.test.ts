import fc from 'fast-check';
import { expect, test } from 'vitest';
import { documentFromJson, documentToJson } from '../src/index.ts';
import { fileSession, someNs } from './support/documents.ts';

test('64-bit moments are digits in JSON, wherever they stand', () => {
  const document = {
    _id: 'x',
    timeNs: someNs,
    closedNs: null,
    count: 5,
    writers: [{ firstNs: -1n }, { deep: { lastNs: 0n } }, 'text', null],
  };
  const json =
    '{"_id":"x","timeNs":"1763792240123456789","closedNs":null,"count":5,' +
    '"writers":[{"firstNs":"-1"},{"deep":{"lastNs":"0"}},"text",null]}';
  expect(documentToJson(document)).toBe(json);
  expect(documentFromJson(json)).toStrictEqual(document);
});

test('a document is one line and is not changed by being written', () => {
  const document = fileSession({ _id: 'f', path: 'a\nb\r\u2028' });
  const copy = structuredClone(document);
  expect(documentToJson(document)).not.toMatch(/[\n\r]/);
  expect(document).toStrictEqual(copy);
});

test('fields without a value are left out', () => {
  expect(documentToJson({ a: undefined, b: 1 })).toBe('{"b":1}');
});

test('text in a field named like a moment stays text', () => {
  const document = { data: { dns: '12', addressNs: 'ns1.example', Ns: '5', x: '12' } };
  expect(documentFromJson(documentToJson(document))).toStrictEqual({ data: { ...document.data, Ns: 5n } });
});

test('a bigint that could not be read back is refused', () => {
  expect(() => documentToJson({ inode: 5n })).toThrow(TypeError);
  expect(() => documentToJson({ times: [5n] })).toThrow(TypeError);
});

test('what is not a document is a syntax error', () => {
  for (const text of ['', '{', '5', 'null']) expect(() => documentFromJson(text)).toThrow(SyntaxError);
});

test('any document comes back the same', () => {
  const leaf = fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean(), fc.constant(null));
  const name = fc.string({ unit: 'grapheme-ascii' }).filter((text) => !text.endsWith('Ns') && text !== '__proto__');
  const fields = fc.letrec((tie) => ({
    node: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('node')), tie('object')),
    object: fc
      .tuple(fc.dictionary(name, tie('node'), { noNullPrototype: true }), fc.option(fc.bigInt(), { nil: null }))
      .map(([plain, timeNs]) => ({ ...(plain as object), timeNs })),
  }));
  fc.assert(
    fc.property(fields.object, (document) => {
      expect(documentFromJson(documentToJson(document as object))).toStrictEqual(document);
    }),
  );
});
