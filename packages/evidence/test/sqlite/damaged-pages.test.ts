/**
 * A raw.db of which pages were changed: the check says so, or that it cannot be read, in a sentence. Intact is said only where
 * everything that was recorded is still read as it was.
 */

import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { canonicalDocument } from '../../src/chain/canonical-document.ts';
import { verdictOf } from '../../src/chain/verify.ts';
import { openRawStore, openRawVerifier, rawCollections, rawDocumentOf, reportText } from '../../src/index.ts';
import { chained, fileAt, keys, someDocuments, taskAt } from '../support/chained.ts';
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

const pageBytes = 4096;
const damage = fc.oneof(
  { weight: 4, arbitrary: fc.record({ how: fc.constant('bit' as const), at: fc.nat(), bit: fc.nat({ max: 7 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      how: fc.constant('bytes' as const),
      at: fc.nat(),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 60 }),
    }),
  },
  fc.record({ how: fc.constantFrom('zeros' as const, 'noise' as const), page: fc.nat() }),
  fc.record({ how: fc.constantFrom('copy' as const, 'swap' as const), page: fc.nat(), other: fc.nat() }),
  fc.record({ how: fc.constantFrom('cut' as const, 'longer' as const), page: fc.nat() }),
);
type Damage = typeof damage extends fc.Arbitrary<infer D> ? D : never;

function damaged(content: Buffer, one: Damage): Buffer {
  const pages = Math.max(1, Math.floor(content.length / pageBytes));
  const pageAt = (number: number) => content.subarray((number % pages) * pageBytes, ((number % pages) + 1) * pageBytes);
  switch (one.how) {
    case 'bit':
      content[one.at % content.length] = (content[one.at % content.length] as number) ^ (1 << one.bit);
      return content;
    case 'bytes':
      content.set(one.bytes.subarray(0, content.length - (one.at % content.length)), one.at % content.length);
      return content;
    case 'zeros':
      pageAt(one.page).fill(0);
      return content;
    case 'noise':
      pageAt(one.page).set(Buffer.from(pageAt(one.page)).map((byte, at) => (byte * 31 + at * 7) & 0xff));
      return content;
    case 'copy':
      pageAt(one.other).set(Buffer.from(pageAt(one.page)));
      return content;
    case 'swap': {
      const before = Buffer.from(pageAt(one.page));
      pageAt(one.page).set(pageAt(one.other));
      pageAt(one.other).set(before);
      return content;
    }
    case 'cut':
      return content.subarray(0, one.page % content.length);
    default:
      return Buffer.concat([content, Buffer.alloc(one.page % 10_000, 7)]);
  }
}

test(
  'pages that were changed, swapped, cut off or appended',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 4 }), async (damages) => {
        rmSync(tried, { recursive: true, force: true });
        mkdirSync(tried);
        copyFileSync(join(whole, 'raw.db'), join(tried, 'raw.db'));
        let content: Buffer = readFileSync(join(tried, 'raw.db'));
        for (const one of damages) if (content.length > 0) content = damaged(content, one);
        writeFileSync(join(tried, 'raw.db'), content);

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
