/** `--sign-key`: the key that links of the chain are signed with. */

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { ListenerError } from '../listener-error.ts';

/**
 * An Ed25519 key in PEM form. Whoever else may read it could sign as we do, and whoever may write it could have us sign
 * with another: the file must be ours, and nobody else's to read.
 *
 * @throws ListenerError BAD_INPUT
 */
export function readSignKey(file: string, uid: number): KeyObject {
  const bad = (what: string, cause?: unknown) =>
    new ListenerError('BAD_INPUT', `The key ${file} cannot be used: ${what}.`, { cause });
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    throw bad((error as Error).message, error);
  }
  let key: KeyObject;
  try {
    const { uid: owner, mode } = fstatSync(fd);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw bad('it is no regular file');
    if (owner !== uid) throw bad('it belongs to another user');
    if ((mode & 0o077) !== 0) throw bad('others may read or write it (chmod 600)');
    key = createPrivateKey(readFileSync(fd));
  } catch (error) {
    // What the library says of a key is not told: it may quote it.
    throw error instanceof ListenerError ? error : bad('it holds no private key in PEM form');
  } finally {
    closeSync(fd);
  }
  if (key.asymmetricKeyType !== 'ed25519') throw bad('it is no Ed25519 key (openssl genpkey -algorithm ed25519)');
  return key;
}
