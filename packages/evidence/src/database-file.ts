/** `--db-file`: a file that says where the evidence is, so that a password needs to stand nowhere else. */

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { StoreError } from './store-error.ts';

/** A URI has some hundred. */
const mostBytes = 16 * 1024;

/**
 * Its one line, without the line feed. Whoever else may read the file knows the password; whoever may write it says where
 * the evidence goes: so it belongs to root or to us, and nobody but its owner may write it, nor others read it. Root's may
 * be read by a group, as that of the users who look at the evidence.
 *
 * @param uid ours.
 * @param from what named the file, for errors, which never quote what is in it.
 * @throws StoreError BAD_TARGET
 */
export function readDatabaseFile(file: string, uid: number, from: string): string {
  const bad = (what: string) => new StoreError('BAD_TARGET', `The file ${file} of ${from} cannot be used: ${what}.`);
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY, S_IFMT, S_IFREG } = constants;
  let fd: number;
  try {
    fd = openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  } catch (error) {
    throw bad(reasons[(error as NodeJS.ErrnoException).code ?? ''] ?? (error as Error).message);
  }
  try {
    const { uid: owner, mode } = fstatSync(fd);
    if ((mode & S_IFMT) !== S_IFREG) throw bad('it is no regular file');
    if (owner !== 0 && owner !== uid) throw bad('it belongs to another user');
    if ((mode & 0o022) !== 0) throw bad('others may write to it, and so decide where evidence goes (chmod 600)');
    if ((mode & (owner === 0 ? 0o007 : 0o077)) !== 0) throw bad('others may read the password in it (chmod 600)');
    return lineOf(readUpTo(fd, mostBytes + 1), bad);
  } catch (error) {
    throw error instanceof StoreError ? error : bad((error as Error).message);
  } finally {
    closeSync(fd);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ELOOP: 'it is a symbolic link (name the file that it leads to)',
  EACCES: 'you may not read it',
  ENXIO: 'it is no regular file',
};

function readUpTo(fd: number, most: number): Buffer {
  const buffer = Buffer.alloc(most);
  let length = 0;
  for (;;) {
    const read = readSync(fd, buffer, length, most - length, null);
    length += read;
    if (read === 0 || length === most) return buffer.subarray(0, length);
  }
}

function lineOf(bytes: Buffer, bad: (what: string) => StoreError): string {
  if (bytes.length > mostBytes) throw bad(`it is longer than ${mostBytes} bytes`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw bad('it is not UTF-8');
  }
  const line = text.replace(/\r?\n$/, '');
  if (line === '') throw bad('it is empty');
  if (/\p{Cc}/u.test(line)) throw bad('it must hold one line, a mongodb:// URI or a directory, and nothing else');
  return line;
}
