import { describe, expect, it } from 'vitest';
import { missingCapabilities, missingSentence, ownStatus } from '../../src/kernel/capabilities.ts';

const status = (effective: string) =>
  `Name:\tnode\nCapInh:\t0000000000000000\nCapEff:\t${effective}\nCapBnd:\t000001ffffffffff\n`;

describe('what the listener lacks', () => {
  it('is nothing for root', () => {
    expect(missingCapabilities(status('000001ffffffffff'))).toEqual([]);
    expect(missingSentence([], 'godo')).toBeNull();
  });

  it('is said in one sentence, with what each is needed for', () => {
    expect(missingSentence(missingCapabilities(status('0000000000000000')), 'godo record')).toBe(
      'godo record must run as root: it lacks CAP_AUDIT_CONTROL (to load audit rules), ' +
        'CAP_AUDIT_READ (to read audit records beside another daemon), ' +
        'CAP_NET_ADMIN (to subscribe to process events), ' +
        'CAP_SYS_PTRACE (to read /proc of other users), ' +
        'CAP_DAC_READ_SEARCH or CAP_DAC_OVERRIDE (to read /proc of other users); nothing was changed.',
    );
  });

  it('is one capability when that alone was taken away', () => {
    const withoutNetAdmin = (0x1ffffffffffn & ~(1n << 12n)).toString(16).padStart(16, '0');

    expect(missingCapabilities(status(withoutNetAdmin)).map(({ name }) => name)).toEqual(['CAP_NET_ADMIN']);
  });

  it('is not the reading of files when either capability for that is there', () => {
    const all = 0x1ffffffffffn;
    const without = (...bits: bigint[]) => bits.reduce((set, bit) => set & ~(1n << bit), all).toString(16);

    expect(missingCapabilities(status(without(1n)))).toEqual([]);
    expect(missingCapabilities(status(without(2n)))).toEqual([]);
    expect(missingCapabilities(status(without(1n, 2n)))).toHaveLength(1);
  });

  it('is everything where the status does not tell', () => {
    expect(missingCapabilities('')).toHaveLength(5);
  });

  it('can be asked of the running process', () => {
    expect(ownStatus()).toMatch(/^CapEff:\s+[0-9a-f]{16}$/m);
  });
});
