/** What `filter verify` and `viewer verify` do. */

import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { reasonOf } from '../store-error.ts';
import type { RawVerifier } from '../stores.ts';
import { harmlessJson } from '../visible-text.ts';
import { exitCodeOf, reportText } from './report.ts';
import { verdictOf } from './verify.ts';

export interface VerifyRequest {
  readonly open: () => Promise<RawVerifier>;
  /** PEM file of the public key, or of the private one. */
  readonly publicKey: string | undefined;
  readonly json: boolean;
  readonly print: (text: string) => void;
}

/** The key cannot be used: options are wrong. */
export class KeyError extends Error {
  override readonly name = 'KeyError';
}

/** @returns the exit code: 0 intact, 1 tampered, 2 unreadable, 3 intact with gaps. @throws KeyError */
export async function runVerify({ open, publicKey, json, print }: VerifyRequest): Promise<number> {
  const report = await verdictOf(open, publicKey === undefined ? null : readPublicKey(publicKey));
  if (json) {
    const { runs, ...whole } = report;
    for (const line of [...runs, { ...whole, runs: runs.length }]) print(`${harmlessJson(JSON.stringify(line))}\n`);
  } else {
    print(reportText(report));
  }
  return exitCodeOf(report.verdict);
}

function readPublicKey(file: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey(readFileSync(file));
  } catch (error) {
    throw new KeyError(`${file} is no public key in PEM form: ${reasonOf(error)}`);
  }
  if (key.asymmetricKeyType !== 'ed25519') throw new KeyError(`${file} is no Ed25519 key.`);
  return key;
}

export const verifyHelp = {
  description: 'check raw evidence against its chain: exit code 0 intact, 1 tampered, 2 unreadable, 3 intact with gaps',
  publicKey: ['--public-key <file>', 'Ed25519 key that the links are to be signed by (PEM)'],
  json: ['--json', 'one run a line, and the whole in the last one'],
} as const;
