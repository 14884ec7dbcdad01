import { describe, expect, it } from 'vitest';
import { changesFile } from '../src/file-change.ts';

const writeOnly = 0o1;
const [truncate, path] = [0o1000, 0o10000000];
const unwritten = { created: false, fileType: 'regular', writes: { count: 0 } } as const;

describe('a session without writes', () => {
  it('changed a file that its open call emptied, also where that was to read', () => {
    expect(changesFile({ ...unwritten, flags: writeOnly | truncate })).toBe(true);
    expect(changesFile({ ...unwritten, flags: truncate })).toBe(true);
    expect(changesFile({ ...unwritten, flags: 3 | truncate })).toBe(true);
  });

  it('changed nothing without O_TRUNC, nor where O_PATH makes that mean nothing', () => {
    expect(changesFile({ ...unwritten, flags: writeOnly })).toBe(false);
    expect(changesFile({ ...unwritten, flags: path | truncate })).toBe(false);
    expect(changesFile({ ...unwritten, flags: null })).toBe(false);
  });
});
