import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { digestOf } from '../../src/chain/canonical.ts';
import { canonicalDocument } from '../../src/chain/canonical-document.ts';
import {
  documentFromJson,
  documentToJson,
  type FileSession,
  fileSessionDocument,
  fileSessionOf,
  type RawEntry,
  rawDocumentOf,
} from '../../src/index.ts';
import { anyDocument, anyFileSession } from '../support/arbitrary.ts';
import { observed, task } from '../support/documents.ts';

const entryOf = (session: FileSession): RawEntry => ({ collection: 'files', session });

/** Half a pair of surrogates, which no bytes are read as, becomes U+FFFD where a text is made bytes. */
function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return Buffer.from(value).toString();
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(wellFormed);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, wellFormed(item)]));
}

/** The order of the fields of objects of any depth. */
function reversed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(reversed);
  const fields = Object.entries(value).map(([name, item]): [string, unknown] => [name, reversed(item)]);
  return Object.fromEntries(fields.reverse());
}

test('a file session has the same digest when it was made a document, and JSON, and a session again', () => {
  fc.assert(
    fc.property(anyFileSession, (session) => {
      const document = documentFromJson(documentToJson(fileSessionDocument(session)));
      const again = fileSessionOf(document as never);
      if (again === null) return;
      expect(digestOf(entryOf(again))).toBe(digestOf(entryOf(session)));
    }),
    { numRuns: 500 },
  );
});

test('an opener who is told as the only writer is no other content', () => {
  fc.assert(
    fc.property(anyFileSession, (session) => {
      const alone = { ...session, writers: null };
      const told = { ...session, writers: [{ key: session.key, ...session.writes }] };
      if (session.writes.count > 0) expect(digestOf(entryOf(told))).toBe(digestOf(entryOf(alone)));
    }),
  );
});

test('a file session of which one field is another has another digest', () => {
  fc.assert(
    fc.property(anyFileSession, anyFileSession, fc.nat(), (session, other, which) => {
      // All that there are: one that is added later, too.
      const names = Object.keys(session) as (keyof FileSession)[];
      const name = names[which % names.length] as keyof FileSession;
      const changed = { ...session, [name]: other[name] };
      const documentOf = (one: FileSession) => wellFormed(rawDocumentOf({ collection: 'fds', session: one }));
      const same = isDeepStrictEqual(documentOf(changed), documentOf(session));
      expect(digestOf(entryOf(changed)) === digestOf(entryOf(session))).toBe(same);
    }),
    { numRuns: 3000 },
  );
});

test('a document has the same digest whatever the order of its fields, and when it was JSON', () => {
  fc.assert(
    fc.property(anyDocument, (document) => {
      const text = canonicalDocument(document);
      expect(canonicalDocument(reversed(document) as object)).toBe(text);
      expect(canonicalDocument(documentFromJson(documentToJson(document)))).toBe(text);
    }),
  );
});

test('documents that are not the same have other texts', () => {
  fc.assert(
    fc.property(anyDocument, anyDocument, fc.nat(), (document, other, which) => {
      const [name = '', value] = Object.entries(other)[which % Object.keys(other).length] ?? [];
      const changed = { ...document, [name]: value };
      const json = (one: object) => documentToJson(documentFromJson(documentToJson(reversed(one) as object)));
      const sorted = (one: object) => JSON.stringify(Object.entries(JSON.parse(json(one))).sort());
      if (sorted(changed) === sorted(document)) return;
      expect(canonicalDocument(changed)).not.toBe(canonicalDocument(document));
    }),
    { numRuns: 1000 },
  );
});

test('what no document can hold apart has its place in the text', () => {
  const texts = [
    { a: 'b', c: 'd' },
    { a: 'bc', d: '' },
    { ab: 'c', d: '' },
    { a: null },
    { a: 'null' },
    { a: [] },
    { a: {} },
    { a: [null] },
    { a: ['1'] },
    { a: [1] },
    { a: 1 },
    { a: '1' },
    { a: true },
    { aNs: 1n },
    {},
  ].map(canonicalDocument);
  expect(new Set(texts).size).toBe(texts.length);
});

test('an observation has the digest of its document, unless the ISO texts of that say something else', () => {
  const document = task({ _id: 'one', startNs: null, start: null, argv: ['sh'] });
  const digest = digestOf({ collection: 'pids', observation: observed(document) });
  expect(digestOf({ collection: 'pids', document })).toBe(digest);
  expect(digestOf({ collection: 'pids', document: { ...document, time: '2026-01-01T00:00:00.000000000Z' } })).not.toBe(
    digest,
  );
});
