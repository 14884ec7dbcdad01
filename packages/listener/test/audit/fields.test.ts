import { describe, expect, it } from 'vitest';
import { decodeText, rawField } from '../../src/audit/record.ts';

describe('a field of a record', () => {
  const body = 'ppid=10 pid=20 old-auid=7 auid=30 comm="sh" exe="/bin/dash" subj=unconfined key="a" cap_pid=9';

  it('is found by its whole name', () => {
    expect(['ppid', 'pid', 'auid', 'old-auid', 'comm'].map((name) => rawField(body, name))).toEqual([
      '10',
      '20',
      '30',
      '7',
      '"sh"',
    ]);
  });

  it('is not found by a part of its name, in front or behind', () => {
    expect(['id', 'p', 'uid', 'com', 'xe'].map((name) => rawField(body, name))).toEqual(Array(5).fill(undefined));
  });

  it('may be the last one, be empty, or stand behind blanks', () => {
    expect(rawField('a0=1 key="b"', 'key')).toBe('"b"');
    expect(rawField('a0= a1=2', 'a0')).toBe('');
    expect(rawField('  a1=2', 'a1')).toBe('2');
    expect(rawField('argc=', 'argc')).toBe('');
  });

  it('in quotes goes up to the closing quote, or to the end where a cut has taken it', () => {
    expect(rawField('data="two words" res=1', 'data')).toBe('"two words"');
    expect(rawField('name="/srv/exam', 'name')).toBe('"/srv/exam');
  });
});

describe('text in a record', () => {
  it('is what stands in quotes, or else hex of its bytes: the quotes alone decide', () => {
    expect(decodeText('"cafe"')).toBe('cafe');
    expect(decodeText('cafe')).toBe('\xca\xfe');
    expect(decodeText('626164FF6E616D65')).toBe('bad\xffname');
    expect(decodeText('""')).toBe('');
    expect(decodeText('"')).toBe('');
    expect(decodeText('"/srv/exam')).toBe('/srv/exam');
  });

  it.each(['(null)', '(none)', '?', '', 'abc', 'zz', '0x41'])('that is %j is known to be unknown', (raw) => {
    expect(decodeText(raw)).toBeNull();
  });
});
