import { mkdtemp, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeAuditLock } from './support/audit-lock.ts';
import { parseMountinfo } from './support/mounts.ts';
import { isReady, parseJsonLines } from './support/programs.ts';
import { runOrThrow, runProgram } from './support/run-program.ts';
import { waitFor } from './support/wait-for.ts';

describe('runProgram', () => {
  it('gives back exit code and both outputs', async () => {
    expect(await runProgram('sh', ['-c', 'cat; echo bad >&2; exit 3'], { input: 'good' })).toEqual({
      code: 3,
      signal: null,
      stdout: 'good',
      stderr: 'bad\n',
    });
  });

  it('names the signal that ended the program', async () => {
    expect(await runProgram('sh', ['-c', 'kill -TERM $$'])).toEqual({
      code: null,
      signal: 'SIGTERM',
      stdout: '',
      stderr: '',
    });
  });

  it('kills a program that takes too long and tells what it had said', async () => {
    await expect(runProgram('sh', ['-c', 'echo begun; exec sleep 60'], { timeoutMs: 300 })).rejects.toThrow(/begun/);
  });

  it('rejects with the output where success was asked for', async () => {
    await expect(runOrThrow('sh', ['-c', 'echo why >&2; exit 1'])).rejects.toThrow(/exit code 1\.\n(.*\n)*why/);
  });
});

describe('waitFor', () => {
  it('says what it waited for when the time is over', async () => {
    await expect(waitFor('the moon', () => false, 50, 10)).rejects.toThrow('Waited 50 ms in vain for the moon.');
  });
});

describe('the audit lock', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godo-lock-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('is given to one at a time', async () => {
    const path = join(folder, 'lock');
    const first = await takeAuditLock(1_000, path);
    await expect(takeAuditLock(300, path)).rejects.toThrow('was held by somebody else');
    await first.release();
    const second = await takeAuditLock(1_000, path);
    await second.release();
    await expect(stat(path)).rejects.toThrow('ENOENT');
  });

  it('is taken over when nobody has refreshed it for ten minutes', async () => {
    const path = join(folder, 'lock');
    await takeAuditLock(1_000, path);
    const longAgo = new Date(Date.now() - 11 * 60_000);
    await utimes(path, longAgo, longAgo);
    const taken = await takeAuditLock(1_000, path);
    await taken.release();
  });
});

describe('parseMountinfo', () => {
  it('reads mount points with any number of optional fields and escaped blanks', () => {
    const text = [
      '24 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
      '46 42 0:39 / /a\\040b/merged rw,relatime shared:2 master:1 - overlay overlay rw',
      '',
    ].join('\n');
    expect(parseMountinfo(text)).toEqual([
      { mountPoint: '/', type: 'ext4' },
      { mountPoint: '/a b/merged', type: 'overlay' },
    ]);
  });
});

describe('the log of the listener', () => {
  it('is ready with the message "listening" on a whole line, whatever else stands there', () => {
    expect(isReady('{"level":30,"msg":"starting"}\nnot json\n{"level":30,"msg":"listening"}\n')).toBe(true);
    expect(isReady('{"level":30,"msg":"starting"}\n{"level":30,"msg":"listening"}')).toBe(false);
  });
});

describe('parseJsonLines', () => {
  it('gives one document a line and names the line that is none', () => {
    expect(parseJsonLines('{"a":1}\n{"a":2}\n')).toEqual([{ a: 1 }, { a: 2 }]);
    expect(() => parseJsonLines('{"a":1}\nTree\n')).toThrow('Not a JSON document: Tree');
  });
});
