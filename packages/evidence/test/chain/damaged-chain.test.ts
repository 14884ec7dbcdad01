/**
 * Evidence of which anybody wrote anything into the database: the check comes to its end and can be told, and what is not as
 * it was recorded is never called intact.
 */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalDocument } from '../../src/chain/canonical-document.ts';
import { entryHash } from '../../src/chain/link.ts';
import { exitCodeOf } from '../../src/chain/report.ts';
import {
  type FileSessionDocument,
  fileSessionDocument,
  fileSessionOf,
  isoTime,
  type RawCollection,
  type RawEntry,
  type RawVerifier,
  rawCollections,
  rawDocumentOf,
  reportText,
  type StoredDocuments,
  verifyEvidence,
} from '../../src/index.ts';
import { chained, fileAt, keys, someDocuments, taskAt } from '../support/chained.ts';
import { fuzzing, fuzzTimeoutMs } from '../support/fuzzing.ts';

type Document = Record<string, unknown>;
interface Stored {
  readonly collection: RawCollection;
  readonly document: Document;
}

const told = [
  ...someDocuments(),
  'checkpoint' as const,
  ...Array.from({ length: 40 }, (_, n) => fileAt(20 + n / 4)),
  taskAt(60),
  'checkpoint' as const,
  fileAt(90),
];
const asStored = (entries: readonly RawEntry[]) =>
  entries.map((entry): Stored => {
    return { collection: entry.collection, document: rawDocumentOf(entry) as unknown as Document };
  });
const whole = asStored(chained(told, { signed: true }));
const cutOff = asStored(chained(told, { signed: true, end: false }));
const unsigned = asStored(chained(told));

/** As a database of documents gives them: sessions only where they are such, all else as it stands there. */
function verifierOf(stored: readonly Stored[]): RawVerifier {
  return {
    location: 'memory',
    faults: async () => [],
    stored: async function* (collection): AsyncGenerator<StoredDocuments> {
      for (const { document } of stored.filter((one) => one.collection === collection)) {
        const entry = entryOf(collection, document);
        const id = typeof document._id === 'string' ? document._id : null;
        yield entry === null ? { entries: [], changed: [id] } : { entries: [entry], changed: [] };
      }
    },
    close: async () => undefined,
  };
}

function entryOf(collection: RawCollection, document: Document): RawEntry | null {
  if (typeof document._id !== 'string') return null;
  if (collection !== 'files' && collection !== 'fds') return { collection, document } as unknown as RawEntry;
  const session = fileSessionOf(document as unknown as FileSessionDocument);
  const isOne = session !== null && canonicalDocument(fileSessionDocument(session)) === canonicalDocument(document);
  return isOne ? { collection, session } : null;
}

const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, -1, 0.5, 2 ** 53 - 1, -(2 ** 53) + 1, 1e308, '', 'x', '\u001b[2J', [], {}, 7n),
  fc.constantFrom<unknown>(
    '__proto__',
    [[[]]],
    { a: { b: [1] } },
    '9223372036854775807',
    2n ** 70n,
    -(2n ** 63n),
    10n ** 40n,
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

interface Edit {
  readonly which: number;
  readonly place: number;
  readonly value: unknown;
  readonly how: 'set' | 'add' | 'take away';
}
const edit: fc.Arbitrary<Edit> = fc.record({
  which: fc.nat(),
  place: fc.nat(),
  value: junk,
  how: fc.constantFrom('set', 'set', 'set', 'add', 'take away'),
});

/** A copy with one field, on any level, otherwise. */
function edited(document: Document, { place, value, how }: Edit): Document {
  const copy = structuredClone(document);
  const places: [Document, string][] = [];
  const walk = (node: unknown) => {
    if (typeof node !== 'object' || node === null) return;
    for (const [name, inner] of Object.entries(node)) {
      places.push([node as Document, name]);
      walk(inner);
    }
  };
  walk(copy);
  const [node, name] = places[place % places.length] as [Document, string];
  if (how === 'add') node[`${name}2`] = value;
  else if (how === 'take away' && !Array.isArray(node)) delete node[name];
  else node[name] = value;
  return copy;
}

const edits = fc.array(edit, { minLength: 1, maxLength: 4 });

/** What is told of it can be shown: no exception, no escape sequence. */
async function verdictOf(stored: readonly Stored[], key: typeof keys.publicKey | null) {
  const report = await verifyEvidence(verifierOf(stored), key);
  expect(exitCodeOf(report.verdict)).toBeGreaterThanOrEqual(0);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there.
  expect(reportText(report)).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  expect(typeof JSON.stringify(report)).toBe('string');
  return report.verdict;
}

/** Of an observation the time as text follows from its time, and is not told twice. */
function contentOf({ collection, document }: Stored): string {
  if (collection === 'pids') {
    const { time, ...content } = document;
    const isRepeated = time === undefined || (typeof content.timeNs === 'bigint' && time === isoTime(content.timeNs));
    return `pids${canonicalDocument(isRepeated ? content : document)}`;
  }
  return `${collection}${canonicalDocument(document)}`;
}

it(
  'a field that is something else, anywhere',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), edits, async (isCutOff, all) => {
        const base = isCutOff ? cutOff : whole;
        const stored = [...base];
        for (const one of all) {
          const at = one.which % stored.length;
          const { collection, document } = stored[at] as Stored;
          stored[at] = { collection, document: edited(document, one) };
        }
        const isSame = stored.every((one, index) => contentOf(one) === contentOf(base[index] as Stored));
        const verdict = await verdictOf(stored, keys.publicKey);
        // What a run that was cut off told last no link covers.
        const found = isCutOff ? expect.stringMatching(/^(tampered|gaps)$/) : 'tampered';
        if (!isSame) expect(verdict).toEqual(found);
      }),
      fuzzing(300),
    );
  },
  fuzzTimeoutMs,
);

it(
  'documents that are missing, put into another collection, or there under another name',
  async () => {
    const change = fc.record({
      which: fc.nat(),
      how: fc.constantFrom('remove', 'move', 'rename', 'copy'),
      to: fc.constantFrom(...rawCollections),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 5 }), fc.boolean(), async (changes, isSigned) => {
        let stored = [...(isSigned ? whole : unsigned)];
        for (const { which, how, to } of changes) {
          const at = which % stored.length;
          const { collection, document } = stored[at] as Stored;
          const renamed = { collection, document: { ...document, _id: `${document._id}x` } };
          if (how === 'remove') stored = stored.toSpliced(at, 1);
          else if (how === 'move') stored = stored.toSpliced(at, 1, { collection: to, document });
          else if (how === 'rename') stored = stored.toSpliced(at, 1, renamed);
          else stored = [...stored, renamed];
          if (stored.length === 0) return;
        }
        const before = (isSigned ? whole : unsigned).map(contentOf);
        const isSame = JSON.stringify(stored.map(contentOf).sort()) === JSON.stringify(before.sort());
        const verdict = await verdictOf(stored, isSigned ? keys.publicKey : null);
        if (!isSame) expect(verdict).not.toBe('intact');
      }),
      fuzzing(300),
    );
  },
  fuzzTimeoutMs,
);

it(
  'links that somebody has made, which have their hash: they can be checked and told of',
  async () => {
    await fc.assert(
      fc.asyncProperty(edits, fc.boolean(), async (all, isChecked) => {
        const stored = [...unsigned];
        const links = stored.flatMap(({ collection }, index) => (collection === 'chain' ? [index] : []));
        for (const one of all) {
          const at = links[one.which % links.length] as number;
          const document = edited((stored[at] as Stored).document, one);
          stored[at] = { collection: 'chain', document: { ...document, entry_hash: entryHash(document) } };
        }
        const verdict = await verdictOf(stored, isChecked ? keys.publicKey : null);
        if (isChecked) expect(verdict).toBe('tampered');
      }),
      fuzzing(300),
    );
  },
  fuzzTimeoutMs,
);
