import fc from 'fast-check';
import { expect, test } from 'vitest';
import { harmlessJson, visible, visibleLines, visibleName, visibleSentence } from '../src/visible-text.ts';

test.each([
  ['plain text stays', 'Ünïcode 日本語 👍 a_b', 'Ünïcode 日本語 👍 a_b'],
  ['an escape sequence is shown, not run', '\u001b[31mred\u001b]0;title\u0007', '\\x1b[31mred\\x1b]0;title\\x07'],
  ['line ends and tabs have names', 'a\nb\rc\td', 'a\\nb\\rc\\td'],
  ['one-byte control characters of the second kind', '\u009b31m\u0085\u007f', '\\u009b31m\\u0085\\x7f'],
  ['a bidirectional override cannot turn a name round', 'cod\u202egpj.exe\u2066x', 'cod\\u202egpj.exe\\u2066x'],
  ['what cannot be seen', 'a\u200bb\u00adc\ufeffd\u2060e\u3164f', 'a\\u200bb\\u00adc\\ufeffd\\u2060e\\u3164f'],
  ['blanks that are not the space', 'a\u00a0b\u3000c\u2003d', 'a\\u00a0b\\u3000c\\u2003d'],
  ['line separators', 'a\u2028b\u2029', 'a\\u2028b\\u2029'],
  ['private, unassigned and tag characters', '\ue000\u{e0041}\u{10ffff}', '\\ue000\\U000e0041\\U0010ffff'],
  ['half a surrogate pair', 'a\ud800b', 'a\\ud800b'],
  ['a backslash is doubled, so that escapes are certain', 'C:\\n', 'C:\\\\n'],
  ['a mark with nothing to stand on', '\u0301a', '\\u0301a'],
  ['marks heaped on one another', `a${'\u0301'.repeat(6)}`, `a${'\u0301'.repeat(4)}\\u0301\\u0301`],
])('%s', (_case, given, shown) => {
  expect(visible(given, 'unicode')).toBe(shown);
});

test('bytes that are not UTF-8 are shown as the bytes they are', () => {
  const bytes = Buffer.from([0x2f, 0xff, 0x61, 0xc3, 0xa9, 0xe6, 0x97, 0x0a, 0x1b, 0x5c, 0xf0, 0x9f, 0x91, 0x8d]);
  expect(visible(bytes.toString('utf8'), 'unicode', bytes.toString('hex'))).toBe('/\\xffaé\\xe6\\x97\\n\\x1b\\\\👍');
});

test('a hex field that is not hex is not trusted', () => {
  expect(visible('abc', 'unicode', 'zz')).toBe('abc');
});

test('where only ASCII can be shown, the rest is escaped', () => {
  expect(visible('é日👍', 'ascii')).toBe('\\u00e9\\u65e5\\U0001f44d');
});

test('blanks at the ends of a name are shown', () => {
  expect(visibleName('  /a b ', 'unicode')).toBe('\\x20\\x20/a b\\x20');
});

test('several blanks in a row, which may push something out of sight, are shown', () => {
  expect(visibleName('/a  (created)   b', 'unicode')).toBe('/a \\x20(created) \\x20\\x20b');
});

test('a sentence that quotes something stays one line, lines of ours stay lines', () => {
  expect(visibleSentence('no \u001b[2J\n\u009bC:\\x1b.')).toBe('no \\x1b[2J\\n\\u009bC:\\\\x1b.');
  expect(visibleLines('Error: \u001b[2J\r\n    at \u202ea')).toBe('Error: \\x1b[2J\\r\n    at \\u202ea');
});

test('JSON is harmless where it is printed, and the same where it is read', () => {
  const hostile =
    'a\u001b\u007f\u009b31m\u00ad\u061c\u200b\u200f\u2028\u2029\u202e\u2066\u2069\ufeff\ufff9\u{e0041}\u{1d173}\ud800é日👍\\';
  fc.assert(
    fc.property(fc.oneof(fc.constant(hostile), fc.string({ unit: 'binary' })), (text) => {
      const json = harmlessJson(JSON.stringify({ [text]: text }));
      expect(json).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      expect(JSON.parse(json)).toEqual({ [text]: text });
    }),
  );
  expect(harmlessJson('"é日\u009b\u{e0041}"')).toBe('"é日\\u009b\\udb40\\udc41"');
});

test('nothing a terminal acts on passes, and different texts look different', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
      expect(visible(one, 'unicode')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      expect(visible(one, 'ascii')).toMatch(/^[\x20-\x7e]*$/);
      if (one !== other) expect(visible(one, 'unicode')).not.toBe(visible(other, 'unicode'));
    }),
  );
});
