import fc from 'fast-check';
import { expect, test } from 'vitest';
import { displayWidth, shortenEnd, shortenMiddle, wrap } from '../../src/render/fit.ts';
import { visible } from '../../src/render/visible.ts';

test('wide characters count as two columns', () => {
  expect([displayWidth('日本語'), displayWidth('e\u0301'), displayWidth('👍'), displayWidth('abc')]).toEqual([
    6, 1, 2, 3,
  ]);
});

test('the middle is left out, not the end', () => {
  expect(shortenMiddle('/var/lib/docker/overlay2/abc/merged/etc/passwd', 24, 'unicode')).toBe(
    '/var/lib/docke…tc/passwd',
  );
  expect(shortenMiddle('/var/lib/docker/overlay2/abc/merged/etc/passwd', 24, 'ascii')).toBe('/var/lib/dock...c/passwd');
  expect(shortenMiddle('日本語日本語日本語', 9, 'unicode')).toBe('日本…本語');
});

test('the end is left out', () => {
  expect(shortenEnd('sh -c "a long command"', 10, 'unicode')).toBe('sh -c "a …');
});

test('lines are broken behind blanks and slashes', () => {
  expect(wrap('sh -c some words that go on', 12, 4, 'unicode')).toEqual(['sh -c some', 'words that', 'go on']);
  expect(wrap('/usr/lib/x86_64-linux-gnu/libc.so.6', 16, 4, 'unicode')).toEqual([
    '/usr/lib/',
    'x86_64-linux-gnu',
    '/libc.so.6',
  ]);
});

test('a text that has no room in its lines loses its middle', () => {
  expect(wrap('abcdefghijklmnopqrstuvwxyz', 5, 2, 'unicode')).toEqual(['abcde', '…xyz']);
});

test('nothing is ever wider than it may be, and a text that fits is kept whole', () => {
  const given = fc.tuple(
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.integer({ min: 4, max: 60 }),
    fc.integer({ min: 1, max: 4 }),
  );
  fc.assert(
    fc.property(given, ([raw, width, lines]) => {
      const text = visible(raw, 'unicode');
      const wrapped = wrap(text, width, lines, 'unicode');
      expect(displayWidth(shortenMiddle(text, width, 'unicode'))).toBeLessThanOrEqual(width);
      expect(displayWidth(shortenEnd(text, width, 'unicode'))).toBeLessThanOrEqual(width);
      expect(wrapped.length).toBeLessThanOrEqual(lines);
      expect(Math.max(...wrapped.map(displayWidth))).toBeLessThanOrEqual(width);
      if (displayWidth(text) <= width) expect(wrapped).toEqual([text]);
    }),
  );
});

test('an escape is never parted, so that no part of it looks like something else', () => {
  const unit = fc.constantFrom('a', '/', '\\', 'n', 'x1b', '\n', '\u001b', '\u202e', '\u{e0041}', '日');
  const given = fc.tuple(fc.string({ unit, maxLength: 80 }), fc.integer({ min: 12, max: 40 }));
  const whole = /\\(?:[\\nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})/g;
  const isWhole = (part: string) => !part.replace(whole, '').includes('\\');
  fc.assert(
    fc.property(given, ([raw, width]) => {
      const text = visible(raw, 'unicode');
      const parts = [...shortenMiddle(text, width, 'unicode').split('…'), ...wrap(text, width, 3, 'unicode')];
      expect(parts.filter((part) => !isWhole(part))).toEqual([]);
    }),
  );
  expect(wrap('aaaaaaaaaaa\\\\n', 12, 3, 'unicode')).toEqual(['aaaaaaaaaaa', '\\\\n']);
});

test('a text of megabytes takes no time', () => {
  const started = performance.now();
  shortenMiddle('日'.repeat(3_000_000), 40, 'unicode');
  wrap('a'.repeat(3_000_000), 40, 4, 'unicode');
  expect(performance.now() - started).toBeLessThan(500);
});
