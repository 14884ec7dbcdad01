import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type ChainDocument,
  type RawEntry,
  rawDocumentOf,
  reportText,
  type VerifyReport,
  verifyEvidence,
} from '../../src/index.ts';
import { chained, checkpointAt, fileAt, keys, someDocuments, taskAt } from '../support/chained.ts';
import { loss } from '../support/documents.ts';
import { memoryVerifier } from '../support/memory-verifier.ts';

const verify = (entries: readonly RawEntry[], key = null as typeof keys.publicKey | null) =>
  verifyEvidence(memoryVerifier(entries), key);

/** Verdict of the whole, and what is said of its only run. */
function only({ verdict, runs, problems }: VerifyReport) {
  const [run] = runs;
  return { verdict, chain: run?.chain, gaps: run?.gaps, findings: run?.findings, problems };
}

const whole = { verdict: 'intact', chain: [], gaps: [], findings: [], problems: [] };

/** Times around the checkpoints, so that some come late and some seconds have many. */
const told = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.nat(4000).map((number) => fileAt(number / 100)) },
    { weight: 3, arbitrary: fc.nat(400).map((number) => taskAt(number / 10)) },
    fc.tuple(fc.nat(200), fc.nat(200)).map(([opened, seconds]) => checkpointAt(opened / 10, seconds / 5)),
    fc.constant('checkpoint' as const),
  ),
  { maxLength: 120 },
);

/** Of one id one document: a recorder gives no other. */
function distinct(list: readonly (RawEntry | 'checkpoint')[]) {
  const seen = new Set<string>();
  return list.filter((one) => {
    if (one === 'checkpoint') return true;
    const { _id: id } = rawDocumentOf(one);
    return !seen.has(id) && seen.add(id);
  });
}

test('what was recorded is intact, in whatever order and however often it was stored', async () => {
  await fc.assert(
    fc.asyncProperty(told, fc.boolean(), fc.nat(), async (list, signed, seed) => {
      const entries = chained(distinct(list), { signed });
      const again = [...entries, ...entries.slice(seed % entries.length)];
      const shuffled = again
        .map((entry, place) => ({ entry, at: (place * 7919 + seed) % (again.length + 1) }))
        .sort((left, right) => left.at - right.at)
        .map(({ entry }) => entry);
      expect(only(await verify(shuffled, signed ? keys.publicKey : null))).toEqual(whole);
    }),
  );
});

test('a document that is removed, or another, or added, is found', async () => {
  await fc.assert(
    fc.asyncProperty(told, fc.nat(), fc.constantFrom('remove', 'change', 'add'), async (list, which, how) => {
      const entries = chained(distinct(list));
      const entry = entries[which % entries.length] as RawEntry;
      const others = entries.filter((one) => one !== entry);
      const tampered =
        how === 'remove' ? others : how === 'change' ? [...others, changed(entry)] : [...entries, added(entry)];
      const { verdict } = await verify(tampered);
      expect(verdict).toBe('tampered');
    }),
    { numRuns: 300 },
  );
});

function changed(entry: RawEntry): RawEntry {
  if ('session' in entry) return { ...entry, session: { ...entry.session, fd: entry.session.fd + 1 } };
  if ('observation' in entry) return { ...entry, observation: { ...entry.observation, pid: 7 } };
  return { ...entry, document: { ...entry.document, host: 'another' } } as RawEntry;
}

function added(entry: RawEntry): RawEntry {
  if ('session' in entry) return { ...entry, session: { ...entry.session, id: 'added' } };
  if ('observation' in entry) return { ...entry, observation: { ...entry.observation, _id: 'added' } };
  return { ...entry, document: { ...entry.document, _id: 'added' } } as RawEntry;
}

test('the place is named: collection, second, how many, and documents that are there', async () => {
  const entries = chained([
    fileAt(1),
    fileAt(2),
    'checkpoint',
    ...Array.from({ length: 40 }, (_, n) => fileAt(20 + n)),
  ]);
  const without = entries.filter((entry) => !('session' in entry && entry.session.id === 'file-2'));
  const { runs, verdict } = await verify(without);

  const from = 1763792241;
  expect({ verdict, findings: runs[0]?.findings }).toEqual({
    verdict: 'tampered',
    findings: [
      { kind: 'removed', collection: 'files', from, to: from + 48, expected: 32, found: 31, ids: expect.any(Array) },
    ],
  });
  expect(runs[0]?.findings[0]?.ids).toContain('file-1');
  expect(reportText(await verify(without))).toContain(
    'removed: files 2025-11-22T06:17:21Z to 2025-11-22T06:18:09Z: 32 documents told, 31 found (file-1, ',
  );
});

test('links: one that is missing, changed, put in or without the last', async () => {
  const list = Array.from({ length: 30 }, (_, n) => [fileAt(n), 'checkpoint' as const]).flat();
  const entries = chained(list);
  const links = entries.filter((entry) => entry.collection === 'chain');
  const [, second] = links as { document: ChainDocument }[];
  const without = (entry: unknown) => entries.filter((one) => one !== entry);
  const chain = async (given: RawEntry[]) => (await verify(given)).runs[0]?.chain;

  expect(await chain(without(second))).toEqual(['Link 2 is missing.']);
  const forged = { collection: 'chain', document: { ...second?.document, through: 5 } } as RawEntry;
  expect(await chain([...without(second), forged])).toEqual([
    expect.stringMatching(/^Link 2 \(session-1:chain:2:[0-9a-f]{16}\) was changed/),
    expect.stringMatching(/^Link 3 .* does not follow/),
  ]);
  expect(await chain(without(links.at(-1)))).toEqual([
    'It has an end, and no link for that: its last link is missing.',
  ]);
  expect(await chain(entries.filter(({ collection }) => collection !== 'chain'))).toEqual([
    'All of its links are missing.',
  ]);
});

test('signatures: of the key, of another, none', async () => {
  const signed = chained(someDocuments(), { signed: true });
  const other = generateKeyPairSync('ed25519').publicKey;
  const say = async (entries: RawEntry[], key: typeof other | null) => {
    const { verdict, runs } = await verify(entries, key);
    return { verdict, signatures: runs[0]?.signatures };
  };
  expect(await say(signed, keys.publicKey)).toEqual({ verdict: 'intact', signatures: 'valid' });
  expect(await say(signed, null)).toEqual({ verdict: 'intact', signatures: 'not checked' });
  expect(await say(signed, other)).toEqual({ verdict: 'tampered', signatures: 'invalid' });
  expect(await say(chained(someDocuments()), keys.publicKey)).toEqual({ verdict: 'tampered', signatures: 'invalid' });
  // Whoever makes all links anew cannot sign them.
  const anew = chained(someDocuments().slice(1));
  expect(await say(anew, null)).toEqual({ verdict: 'intact', signatures: 'none' });
  expect(await say(anew, keys.publicKey)).toEqual({ verdict: 'tampered', signatures: 'invalid' });
});

test('a run that was cut off: what came after its last link is not covered, the rest is', async () => {
  const list = [...Array.from({ length: 200 }, (_, n) => fileAt(n)), 'checkpoint' as const, fileAt(205), fileAt(206)];
  const entries = chained(list, { end: false });
  expect(only(await verify(entries))).toEqual({
    ...whole,
    verdict: 'gaps',
    gaps: ['It has no end: 7 document(s) after its last link are not covered.'],
  });
  const removed = entries.filter((entry) => !('session' in entry && entry.session.id === 'file-7'));
  expect((await verify(removed)).verdict).toBe('tampered');
  expect((await verify([...entries, fileAt(7.5)])).verdict).toBe('tampered');
});

test('evidence without links is said to be so, and documents of no run are found', async () => {
  const old = chained(someDocuments()).filter(({ collection }) => collection !== 'chain');
  const asBefore = old.map((entry) => {
    if (entry.collection !== 'sessions') return entry;
    const { chained: _, entry_hash: __, ...document } = entry.document;
    return { collection: 'sessions', document } as RawEntry;
  });
  expect(only(await verify(asBefore))).toEqual({
    ...whole,
    verdict: 'gaps',
    gaps: ['No link tells of it (it is of an earlier godo): its 12 document(s) cannot be checked.'],
  });
  const stray = { collection: 'losses', document: loss({ _id: 'stray', sessionId: 'nobody' }) } as const;
  const { verdict, problems } = await verify([...chained(someDocuments()), stray]);
  expect({ verdict, problems }).toEqual({
    verdict: 'tampered',
    problems: ['Added: 1 document(s) of losses belong to no run (stray).'],
  });
  expect((await verify([])).verdict).toBe('gaps');
});

test('a container that two runs learnt the same of has the document of the first', async () => {
  const documents = someDocuments();
  const one = chained(documents);
  const other = chained(
    documents.filter(({ collection }) => collection === 'events').map((entry) => ofRun(entry, 'session-2')),
    { sessionId: 'session-2' },
  );
  const second = other.filter((entry) => !('document' in entry && entry.document._id === 'event'));
  const { runs } = await verify([...one, ...second]);
  expect(runs.map(({ verdict }) => verdict)).toEqual(['intact', 'tampered']);
  expect(runs[1]?.findings.map(({ kind, ids }) => ({ kind, ids }))).toEqual([{ kind: 'removed', ids: [] }]);
});

function ofRun(entry: RawEntry, sessionId: string): RawEntry {
  return { ...entry, document: { ...(entry as { document: object }).document, sessionId } } as RawEntry;
}

test.each(['spool', 'store'])(
  'what a %s did not take for good is no tampering, as far as losses say so',
  async (source) => {
    const dropped = (count: number) => ({
      collection: 'losses' as const,
      document: loss({ _id: 'dropped', source, count }),
    });
    const entries = (count: number) =>
      chained([...Array.from({ length: 9 }, (_, n) => fileAt(n)), dropped(count)]).filter(
        (entry) => !('session' in entry && entry.session.fd === 3 && entry.session.id !== 'file-1'),
      );
    const say = async (count: number) => {
      const { verdict, runs } = await verify(entries(count));
      return { verdict, kinds: runs[0]?.findings.map(({ kind }) => kind) };
    };
    expect(await say(8)).toEqual({ verdict: 'gaps', kinds: ['lost'] });
    expect(await say(7)).toEqual({ verdict: 'tampered', kinds: ['removed'] });
  },
);

test('what a store has refused is excused once, however often that is stated, and each refusal for itself', async () => {
  const refused = (_id: string, to: string) => ({
    collection: 'losses' as const,
    document: loss({ _id, source: 'store', count: 4, from: 'files file-1', to }),
  });
  const verdictOf = async (...statements: readonly RawEntry[]) => {
    const entries = chained([...Array.from({ length: 9 }, (_, n) => fileAt(n)), ...statements]);
    const left = entries.filter(
      (entry) => !('session' in entry && entry.session.fd === 3 && entry.session.id !== 'file-1'),
    );
    return (await verify(left)).verdict;
  };
  expect(await verdictOf(refused('a', 'files file-4'), refused('b', 'files file-4'))).toBe('tampered');
  expect(await verdictOf(refused('a', 'files file-4'), refused('b', 'files file-8'))).toBe('gaps');
});

test('a log that has grown and is read again is no tampering: what both say is checked', async () => {
  const start = { intake: 'log' as const };
  const log = (list: (RawEntry | 'checkpoint')[]) =>
    chained(list).map((entry) =>
      entry.collection === 'sessions' ? ({ ...entry, document: { ...entry.document, ...start } } as RawEntry) : entry,
    );
  const files = Array.from({ length: 40 }, (_, n) => fileAt(n));
  const first = log([...files.slice(0, 20), 'checkpoint', ...files.slice(20, 30)]);
  const second = log([...files.slice(0, 20), 'checkpoint', ...files.slice(20)]);
  const { runs } = await verify([...first, ...second]);
  expect(runs[0]?.gaps).toContainEqual(expect.stringContaining('read more than once'));
  expect(runs[0]?.chain).toEqual([]);
});
