import { expect, test } from 'vitest';
import { parseTime } from '../../src/options/time.ts';

const now = 1_763_816_709_250_000_000n;
const second = 1_000_000_000n;

test.each([
  ['2025-11-22 13:05:09.250', now],
  ['2025-11-22T13:05:09.25Z', now],
  ['2025-11-22T13:05:09,250 UTC', now],
  ['2025-11-22T14:05:09.250+01:00', now],
  ['2025-11-22T08:35:09.25-0430', now],
  ['2025-11-22T15:05:09.25+02', now],
  ['2025-11-22 13:05:09.250000001', now + 1n],
  ['2025-11-22 13:05:09.2500000019', now + 1n],
  ['2025-11-22 13:05', now - 9n * second - 250_000_000n],
  ['2025-11-22', now - (13n * 3600n + 5n * 60n + 9n) * second - 250_000_000n],
  ['1763816709.25', now],
  ['@1763816709.250', now],
  ['@0', 0n],
  ['30s', now - 30n * second],
  ['10m', now - 600n * second],
  ['2h', now - 7200n * second],
  ['3d', now - 3n * 86_400n * second],
  ['1w', now - 7n * 86_400n * second],
])('%s is a time', (text, expected) => {
  expect(parseTime(text, now)).toBe(expected);
});

test.each([
  ...[
    '',
    'yesterday',
    '10',
    '2025',
    '20251122',
    '2025-02-30',
    '2025-11-22 25:00',
    '2025-11-22 13:05:61',
    '1763816709250',
  ],
  ...['-5m', '5y', '2025-11-22T', '2025-11-22Z', '1e9', '2025-13-01'],
])('%j is not', (text) => {
  expect(() => parseTime(text, now)).toThrowError(
    'A time is "2025-11-22 13:05:09.250" (UTC unless a zone follows), epoch seconds, or how long ago: 30s, 10m, 2h, 3d, 1w.',
  );
});
