import {
  closeSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openInRoot } from '../index.js';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'godo-root-'));
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc', 'passwd'), 'of the container');
});
afterEach(() => rmSync(root, { recursive: true }));

/** The inode that a path leads to below the root. */
function inodeAt(path: string): number {
  const fd = openInRoot(Buffer.from(root), Buffer.from(path));
  try {
    return fstatSync(fd).ino;
  } finally {
    closeSync(fd);
  }
}

it('a path is looked up below the root, wherever links and dots lead', () => {
  symlinkSync('/etc/passwd', join(root, 'absolute'));
  symlinkSync('../../../../etc/passwd', join(root, 'up'));
  const { ino } = statSync(join(root, 'etc', 'passwd'));

  expect(['/etc/passwd', 'etc/passwd', '/../etc/passwd', '/absolute', '/up'].map(inodeAt)).toEqual(Array(5).fill(ino));
});

it('magic links of /proc lead nowhere, and what is not there is an error', () => {
  expect(() => openInRoot(Buffer.from('/'), Buffer.from('/proc/self/root/etc'))).toThrow(
    expect.objectContaining({ code: 'ELOOP', syscall: 'openat2' }),
  );
  expect(() => inodeAt('/none')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  expect(() => openInRoot(Buffer.from('/no/such/root'), Buffer.from('/'))).toThrow(
    expect.objectContaining({ code: 'ENOENT', syscall: 'open' }),
  );
});

it('the descriptor only stands for the file', () => {
  const fd = openInRoot(Buffer.from(root), Buffer.from('/etc/passwd'));
  try {
    expect(() => readSync(fd, Buffer.alloc(1))).toThrow(expect.objectContaining({ code: 'EBADF' }));
  } finally {
    closeSync(fd);
  }
});

it('what is no path is refused', () => {
  expect(() => openInRoot(Buffer.from('/a\0b'), Buffer.from('/'))).toThrow(
    expect.objectContaining({ code: 'BAD_ARGUMENT' }),
  );
  expect(() => openInRoot(Buffer.from('/'), Buffer.from(''))).toThrow(
    expect.objectContaining({ code: 'BAD_ARGUMENT' }),
  );
});
