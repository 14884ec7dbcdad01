/** A listener may run where nothing can be written but its own folder (ProtectSystem=strict). */

import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openRawStore, type RawEntry } from '../../src/index.ts';
import { sqliteTargets } from '../support/databases.ts';
import { event, someNs } from '../support/documents.ts';

// Before SQLite is loaded, which asks for it once. A file that comes and goes changes the folder's time.
const temporary = mkdtempSync(join(tmpdir(), 'godo-sqlite-'));
process.env.SQLITE_TMPDIR = temporary;
afterAll(() => rmSync(temporary, { recursive: true }));

const newTarget = sqliteTargets();

/** Their times are in no order, so that one statement changes many pages that were there before. */
function batch(from: number): RawEntry[] {
  return Array.from({ length: 2_000 }, (_, index): RawEntry => {
    const number = from + index;
    const timeNs = someNs + BigInt((number * 7_919) % 100_003);
    return {
      collection: 'events',
      document: event({ _id: `event${number}`, timeNs, data: { filler: 'x'.repeat(300) } }),
    };
  });
}

test('raw evidence is written without files in folders for temporary ones', async () => {
  const before = statSync(temporary, { bigint: true }).mtimeNs;
  const store = await openRawStore(newTarget());
  for (const from of [0, 2_000, 4_000]) await store.insert(batch(from));
  await store.close();

  expect(statSync(temporary, { bigint: true }).mtimeNs).toBe(before);
});
