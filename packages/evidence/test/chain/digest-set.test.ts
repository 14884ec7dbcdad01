import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DigestSet } from '../../src/chain/digest-set.ts';

/** Many have the same beginning. */
const digest = fc
  .tuple(fc.constantFrom('', '\0\0\0\0', '\xff\xff\xff\xff', 'abcd'), fc.nat(400))
  .map(([start, number]) => (start + createHash('sha256').update(String(number)).digest('binary')).slice(0, 32));

function summaryOf(digests: readonly string[]) {
  const set = new DigestSet();
  for (const one of digests) set.add(one);
  return set.summary();
}

test('a set has one hash, in whatever order and however often its digests come', () => {
  fc.assert(
    fc.property(fc.array(digest, { maxLength: 300 }), fc.nat(), (digests, seed) => {
      const shuffled = digests
        .map((one, place) => ({ one, at: (place * 7919 + seed) % (digests.length + 1) }))
        .sort((left, right) => left.at - right.at)
        .map(({ one }) => one);
      const [first, second] = [new DigestSet(), new DigestSet()];
      for (const [place, one] of [...shuffled, ...digests].entries()) (place % 2 === 0 ? first : second).add(one);
      first.addAll(second);
      expect(first.summary()).toEqual(summaryOf(digests));
      expect(first.summary().count).toBe(new Set(digests).size);
    }),
  );
});

test('other digests have another hash', () => {
  fc.assert(
    fc.property(fc.array(digest), digest, (digests, more) => {
      if (digests.includes(more)) return;
      expect(summaryOf([...digests, more]).hash).not.toBe(summaryOf(digests).hash);
    }),
  );
});
