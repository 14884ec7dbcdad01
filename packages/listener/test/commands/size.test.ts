import { describe, expect, it } from 'vitest';
import { sizeParser } from '../../src/commands/size.ts';

describe('a size', () => {
  it.each([
    ['1', 1],
    ['65536', 65_536],
    ['64K', 65_536],
    ['64k', 65_536],
    ['64KiB', 65_536],
    ['16M', 16_777_216],
    ['64MiB', 67_108_864],
    ['64mib', 67_108_864],
    ['2G', 2_147_483_648],
    ['2GiB', 2_147_483_648],
    ['8388607GiB', 8_388_607 * 1024 ** 3],
  ])('may be %s', (text, bytes) => {
    expect(sizeParser('1')(text)).toBe(bytes);
  });

  it.each([
    ...['', '0', '0G', '-1', '1.5G', '1e6', '0x10', ' 1', '64 MiB', 'M', 'iB', '1iB', '1B'],
    // 1000 to some and 1024 to others.
    ...['1KB', '1MB', '1GB'],
    ...['1T', '1KiBs', '1MiB/s'],
    // From 8 PiB on numbers are not exact.
    ...['8388608GiB', '9999999999999'],
  ])('may not be %j', (text) => {
    expect(() => sizeParser('1')(text)).toThrow('It must be a number of bytes, 1 or more; K, M and G (KiB, MiB, GiB)');
  });

  it('may not be less than the least', () => {
    expect(sizeParser('4K')('4096')).toBe(4096);
    expect(() => sizeParser('4K')('4095')).toThrow('4K or more');
  });
});
