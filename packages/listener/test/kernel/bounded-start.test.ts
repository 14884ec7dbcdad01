import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { canBeBounded, keptCapabilities, ownsAll, writtenTo } from '../../src/kernel/bounded-start.ts';

const status = (effective: string, bounding: string) => `Name:\tgodo\nCapEff:\t${effective}\nCapBnd:\t${bounding}\n`;
const all = '000001ffffffffff';

describe('the capabilities of a listener', () => {
  it('are those of audit, the connector, /proc and BPF', () => {
    expect(keptCapabilities(true).toString(16)).toBe('e040081004');
  });

  it('have that to write to files of others only where it needs to', () => {
    expect(keptCapabilities(false) ^ keptCapabilities(true)).toBe(0b10n);
  });

  it.each([
    [all, all, true],
    // Executed anew: nothing is left to be taken.
    ['000000e040081004', '000000e040081004', false],
    // Without CAP_SETPCAP nothing can be.
    ['000000e040081004', all, false],
  ])('with %s of %s: can they be bounded? %s', (effective, bounding, can) => {
    expect(canBeBounded(status(effective, bounding), keptCapabilities(true))).toBe(can);
  });
});

describe('what a listener writes to', () => {
  it('is its database, or that and the diagnosis file', () => {
    expect(writtenTo({ kind: 'sqlite', directory: '/db' }, '/logs/diag')).toEqual([
      '/db',
      '/db/raw.db',
      '/logs',
      '/logs/diag',
    ]);
    expect(writtenTo({ kind: 'mongodb', uri: 'mongodb://h/', rawDb: 'a', cookedDb: 'b' }, null)).toEqual([]);
  });

  it('belongs to whom the folder belongs to in which it will be made', () => {
    const folder = mkdtempSync(join(tmpdir(), 'godo-owner-'));
    const uid = process.getuid?.() ?? -1;
    try {
      expect([ownsAll([join(folder, 'new/newer')], uid), ownsAll([folder], uid + 1), ownsAll([], uid)]).toEqual([
        true,
        false,
        true,
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
