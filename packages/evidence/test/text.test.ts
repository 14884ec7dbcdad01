import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { textFields, textOf, textsOf } from '../src/index.ts';

const binary = (bytes: Uint8Array | string) => Buffer.from(bytes as string).toString('latin1');

test('valid UTF-8 is text without hex', () => {
  expect(
    ['', '/tmp/a b\n\0', '/tmp/ü/\u{1f600}', '\ufeffx', '\ufffd'].map((text) => textOf(binary(text))),
  ).toStrictEqual(['', '/tmp/a b\n\0', '/tmp/ü/\u{1f600}', '\ufeffx', '\ufffd'].map((text) => ({ text })));
});

test('what is not UTF-8 keeps its bytes as hex beside U+FFFD', () => {
  const cases = ['/tmp/\xff\xfe', '\xc3', '\xed\xa0\x80', '\xc0\x80'];
  expect(cases.map(textOf)).toStrictEqual([
    { text: '/tmp/\ufffd\ufffd', hex: '2f746d702ffffe' },
    { text: '\ufffd', hex: 'c3' },
    { text: '\ufffd\ufffd\ufffd', hex: 'eda080' },
    { text: '\ufffd\ufffd', hex: 'c080' },
  ]);
});

test('the exact bytes can be had back from any text', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const { text, hex } = textOf(binary(bytes));
      const back = hex === undefined ? Buffer.from(text, 'utf8') : Buffer.from(hex, 'hex');
      expect(back).toStrictEqual(Buffer.from(bytes));
    }),
  );
});

test('a list has hexes only if one of its texts needs them', () => {
  expect([textsOf([]), textsOf(['sh', binary('ü')]), textsOf(['sh', '\xff', ''])]).toStrictEqual([
    { texts: [] },
    { texts: ['sh', 'ü'] },
    { texts: ['sh', '\ufffd', ''], hexes: [null, 'ff', null] },
  ]);
});

test('fields are named for the text', () => {
  expect([textFields('cwd', '/'), textFields('path', '\xff')]).toStrictEqual([
    { cwd: '/' },
    { path: '\ufffd', pathHex: 'ff' },
  ]);
});
