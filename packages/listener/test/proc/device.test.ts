import { describe, expect, it } from 'vitest';
import { auditDevice, auditDeviceOfMount } from '../../src/proc/device.ts';

describe('a device number', () => {
  it('is written as audit writes it', () => {
    expect([0xfe00n, 52n, 0x801n].map(auditDevice)).toEqual(['fe:00', '00:34', '08:01']);
  });

  it('may have a minor of more than 8 bits, and a major of more than 12', () => {
    const dev = 0x0123_4000_0000_0000n | (0x567n << 8n) | (0xabc00n << 12n) | 0xden;

    expect(auditDevice(dev)).toBe('1234567:abcde');
  });

  it('of mountinfo is decimal', () => {
    expect(['254:0', '0:52', '8:1', '8', 'x:y'].map(auditDeviceOfMount)).toEqual([
      'fe:00',
      '00:34',
      '08:01',
      null,
      null,
    ]);
  });
});
