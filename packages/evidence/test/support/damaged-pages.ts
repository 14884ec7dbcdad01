/** Files of SQLite as a bad disk or a stranger leaves them. */

import fc from 'fast-check';

const pageBytes = 4096;
const damage = fc.oneof(
  { weight: 4, arbitrary: fc.record({ how: fc.constant('bit' as const), at: fc.nat(), bit: fc.nat({ max: 7 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      how: fc.constant('bytes' as const),
      at: fc.nat(),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 60 }),
    }),
  },
  fc.record({ how: fc.constantFrom('zeros' as const, 'noise' as const), page: fc.nat() }),
  fc.record({ how: fc.constantFrom('copy' as const, 'swap' as const), page: fc.nat(), other: fc.nat() }),
  fc.record({ how: fc.constantFrom('cut' as const, 'longer' as const), page: fc.nat() }),
);
type Damage = typeof damage extends fc.Arbitrary<infer D> ? D : never;

function damagedOnce(content: Buffer, one: Damage): Buffer {
  const pages = Math.max(1, Math.floor(content.length / pageBytes));
  const pageAt = (number: number) => content.subarray((number % pages) * pageBytes, ((number % pages) + 1) * pageBytes);
  switch (one.how) {
    case 'bit':
      content[one.at % content.length] = (content[one.at % content.length] as number) ^ (1 << one.bit);
      return content;
    case 'bytes':
      content.set(one.bytes.subarray(0, content.length - (one.at % content.length)), one.at % content.length);
      return content;
    case 'zeros':
      pageAt(one.page).fill(0);
      return content;
    case 'noise':
      pageAt(one.page).set(Buffer.from(pageAt(one.page)).map((byte, at) => (byte * 31 + at * 7) & 0xff));
      return content;
    case 'copy':
      pageAt(one.other).set(Buffer.from(pageAt(one.page)));
      return content;
    case 'swap': {
      const before = Buffer.from(pageAt(one.page));
      pageAt(one.page).set(pageAt(one.other));
      pageAt(one.other).set(before);
      return content;
    }
    case 'cut':
      return content.subarray(0, one.page % content.length);
    default:
      return Buffer.concat([content, Buffer.alloc(one.page % 10_000, 7)]);
  }
}

export const damages = fc.array(damage, { minLength: 1, maxLength: 4 });

/** A copy. */
export function damaged(content: Buffer, all: readonly Damage[]): Buffer {
  let left: Buffer = Buffer.from(content);
  for (const one of all) if (left.length > 0) left = damagedOnce(left, one);
  return left;
}
