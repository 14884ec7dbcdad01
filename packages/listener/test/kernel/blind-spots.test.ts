import { describe, expect, it } from 'vitest';
import { blindSpots, type Sight } from '../../src/kernel/blind-spots.ts';

const clear: Sight = {
  enabled: 1,
  roleOf: null,
  taskNeverRules: 0,
  hidingRules: 0,
  bootOptions: 'quiet audit=1 root=/dev/vda',
  processor: 'x64',
  hidesUring: false,
};
/** How each sentence begins. */
const spots = (sight: Partial<Sight>) =>
  blindSpots({ ...clear, ...sight }).map((spot) => spot.split(/[:(]/)[0]?.trim());

describe('a blind spot', () => {
  it('is none on a host that is audited from boot by us alone', () => {
    expect([spots({}), spots({ bootOptions: 'audit=0 audit=on\n' })]).toEqual([[], []]);
  });

  it('are tasks from before audit was first enabled', () => {
    expect([spots({ enabled: 0 }), spots({ enabled: 0, bootOptions: '' })]).toEqual([
      ['Audit was off when the listener started'],
      ['Audit was off when the listener started'],
    ]);
    expect([
      spots({ bootOptions: '' }),
      spots({ bootOptions: 'audit=1 audit=0' }),
      spots({ bootOptions: 'xaudit=1' }),
    ]).toEqual(Array(3).fill(['Audit was on already, but not from boot']));
  });

  it('are locked rules, under which nobody can have the role for more than they record', () => {
    expect(spots({ enabled: 2, roleOf: 500 })).toEqual(['The audit rules are locked']);
  });

  it('is the role in the hands of another', () => {
    expect(blindSpots({ ...clear, roleOf: 500 })).toEqual([
      'Another audit daemon (pid 500) holds the audit role: records are read from the multicast group, which drops records when we are slow.',
    ]);
  });

  it('are rules of others that hide', () => {
    expect(spots({ taskNeverRules: 2, hidingRules: 1 })).toEqual(['2 task,never rule', '1 rule']);
  });

  it('is what io_uring does where the kernel has no rules for it', () => {
    expect(spots({ hidesUring: true })).toEqual(['The kernel has no audit rules for io_uring']);
  });

  it('are 32-bit programs where their calls have no rules', () => {
    expect(spots({ processor: 'arm64' })).toEqual([
      'System calls of 32-bit programs are not recorded on this processor',
    ]);
  });
});
