import { describe, expect, it } from 'vitest';
import { LookPace } from '../../src/stages/look-pace.ts';

const nothing = { auditRecords: 0, auditOverruns: 0, configChanges: 0, roleRequests: 0 };
const second = 1_000;

/** A pace that has looked at 0 ms. */
function pace(): LookPace {
  const looks = new LookPace();
  looks.isDue(0, nothing);
  return looks;
}

describe('a look at what the kernel does', () => {
  it('comes at once, and then every ten seconds while the host is at rest', () => {
    const looks = new LookPace();
    const due = Array.from({ length: 21 }, (_, index) => looks.isDue(index * second, nothing));

    expect(due.flatMap((is, index) => (is ? [index] : []))).toEqual([0, 10, 20]);
  });

  it('comes when somebody changed audit, once', () => {
    const looks = pace();
    const changed = { ...nothing, auditRecords: 1, configChanges: 1 };

    expect([looks.isDue(second, changed), looks.isDue(2 * second, changed)]).toEqual([true, false]);
  });

  it('comes when our socket overran', () => {
    expect(pace().isDue(second, { ...nothing, auditOverruns: 1 })).toBe(true);
  });

  it('comes every second in which so many records came that the queue may have been full', () => {
    const looks = pace();
    const due = [600, 2_000, 4_000, 4_010].map((auditRecords, index) =>
      looks.isDue((index + 1) * second, { ...nothing, auditRecords }),
    );

    expect(due).toEqual([false, true, true, false]);
  });
});
