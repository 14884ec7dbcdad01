import { expect, it } from 'vitest';
import { isoTime } from '../src/index.ts';

it.each([
  [0n, '1970-01-01T00:00:00.000000000Z'],
  [1763792240123456789n, '2025-11-22T06:17:20.123456789Z'],
  [253_402_300_799_999_999_999n, '9999-12-31T23:59:59.999999999Z'],
  [-5n, '1969-12-31T23:59:59.999999995Z'],
  [-1_500_000_000n, '1969-12-31T23:59:58.500000000Z'],
  // What only somebody else can have written into a database.
  [253_402_300_800_000_000_000n, '253402300800 s since 1970'],
  [-(10n ** 40n), '-10000000000000000000000000000000 s since 1970'],
])('%s ns since the epoch is %s', (timeNs, text) => {
  expect(isoTime(timeNs)).toBe(text);
});
