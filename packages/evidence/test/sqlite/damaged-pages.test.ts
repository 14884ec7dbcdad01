/**
 * A raw.db of which pages were changed: the check says so, or that it cannot be read, in a sentence. Intact is said only where
 * everything that was recorded is still read as it was.
 */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { canonicalDocument } from '../../src/chain/canonical-document.ts';
import { verdictOf } from '../../src/chain/verify.ts';
import { openRawStore, openRawVerifier, rawCollections, rawDocumentOf, reportText } from '../../src/index.ts';
import { chained, fileAt, keys, someDocuments, taskAt } from '../support/chained.ts';
import { damaged, damages } from '../support/damaged-pages.ts';
import { fuzzing, fuzzTimeoutMs } from '../support/fuzzing.ts';

let top = '';
let whole = '';
let tried = '';
let recorded = '';

beforeAll(async () => {
  top = mkdtempSync(join(tmpdir(), 'godo-pages-'));
  whole = join(top, 'whole');
  tried = join(top, 'tried');
  const store = await openRawStore({ kind: 'sqlite', directory: whole });
  const told = Array.from({ length: 400 }, (_, n) => (n % 8 === 0 ? taskAt(n / 4) : fileAt(n / 4)));
  await store.insert(chained([...someDocuments(), ...told.slice(100), 'checkpoint', fileAt(200)], { signed: true }));
  await store.close();
  recorded = await contentOf(whole);
});
afterAll(() => rmSync(top, { recursive: true, force: true }));

async function contentOf(directory: string): Promise<string> {
  const source = await openRawVerifier({ kind: 'sqlite', directory });
  try {
    const lines: string[] = [];
    for (const collection of rawCollections) {
      for await (const { entries, changed } of source.stored(collection)) {
        lines.push(...changed.map(String));
        lines.push(...entries.map((entry) => `${collection} ${canonicalDocument(rawDocumentOf(entry))}`));
      }
    }
    return lines.sort().join('\n');
  } finally {
    await source.close();
  }
}

test(
  'pages that were changed, swapped, cut off or appended',
  async () => {
    await fc.assert(
      fc.asyncProperty(damages, async (all) => {
        rmSync(tried, { recursive: true, force: true });
        mkdirSync(tried);
        writeFileSync(join(tried, 'raw.db'), damaged(readFileSync(join(whole, 'raw.db')), all));

        const open = () => openRawVerifier({ kind: 'sqlite', directory: tried });
        const report = await verdictOf(open, keys.publicKey);
        expect(reportText(report)).toMatch(/^(intact|TAMPERED|UNREADABLE|intact, with gaps)(: .*)?$/m);
        if (report.verdict === 'unreadable') expect(report.problems.join()).not.toBe('');
        if (report.verdict === 'intact') expect(await contentOf(tried)).toBe(recorded);
      }),
      fuzzing(150),
    );
  },
  fuzzTimeoutMs,
);
