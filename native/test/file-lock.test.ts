import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { tryLock } from '../index.js';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'godo-lock-'));
  path = join(directory, 'lock');
});
afterEach(() => rmSync(directory, { recursive: true }));

it('a file is locked for one descriptor, until that is closed', () => {
  const [one, other] = [openSync(path, 'w'), openSync(path, 'r')];
  expect([tryLock(one), tryLock(one), tryLock(other)]).toEqual([true, true, false]);
  closeSync(one);
  expect(tryLock(other)).toBe(true);
  closeSync(other);
});

it('the lock of a process that is killed is gone with it', async () => {
  const door = fileURLToPath(new URL('../index.js', import.meta.url));
  const script = `import { tryLock } from ${JSON.stringify(door)}; import { openSync } from 'node:fs';
    console.log(tryLock(openSync(process.argv[1], 'w'))); setTimeout(() => {}, 60_000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script, path]);
  try {
    expect(String(await new Promise((told) => holder.stdout.once('data', told))).trim()).toBe('true');
    const fd = openSync(path, 'r');
    expect(tryLock(fd)).toBe(false);
    holder.kill('SIGKILL');
    await new Promise((ended) => holder.once('close', ended));
    expect(tryLock(fd)).toBe(true);
    closeSync(fd);
  } finally {
    holder.kill('SIGKILL');
  }
});

it('what is no open descriptor cannot be locked', () => {
  expect(() => tryLock(0x7fffffff)).toThrow(expect.objectContaining({ code: 'EBADF', syscall: 'flock' }));
  expect(() => tryLock(-1)).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT' }));
});
