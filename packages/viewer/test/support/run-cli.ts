import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  type CookedEntry,
  type CookedFileDocument,
  cookedCollections,
  fileSessionOf,
  openCookedWriter,
} from '@godo/evidence';
import type { Evidence } from './story.ts';

const program = fileURLToPath(new URL('../../bin/viewer.js', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the built viewer as a program of its own; `take` ends reading its output after so many bytes, as head does. */
export function runCli(
  argv: readonly string[],
  { environment = {}, take = Number.POSITIVE_INFINITY }: { environment?: Record<string, string>; take?: number } = {},
): Promise<Finished> {
  const child = spawn(process.execPath, [program, ...argv], {
    env: { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    if (out.length >= take) child.stdout.destroy();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

function fileEntry(document: CookedFileDocument): CookedEntry {
  const session = fileSessionOf(document);
  if (session === null) throw new Error(`${document._id} is no file session`);
  return { collection: 'files', session: { ...session, closeInferred: document.closeInferred } };
}

/** Puts evidence into a cooked.db, as the filter does. */
export async function writeEvidence(directory: string, evidence: Evidence): Promise<void> {
  const writer = await openCookedWriter({ kind: 'sqlite', directory });
  for (const collection of cookedCollections) {
    const entries = evidence[collection].map((document): CookedEntry => {
      if (collection === 'files') return fileEntry(document as CookedFileDocument);
      return { collection, document } as CookedEntry;
    });
    for (let at = 0; at < entries.length; at += 1000) await writer.insert(entries.slice(at, at + 1000));
  }
  await writer.commit();
}
