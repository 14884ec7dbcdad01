import { type InsertResult, type RawEntry, StoreError } from '@godo/evidence';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { insertAllBut, RefusalSum, type RefusedDocument, refusalLoss } from '../../src/stages/refused-documents.ts';

const entry = (name: string, collection = 'events') =>
  ({ collection, document: { _id: name, source: 'connector' } }) as unknown as RawEntry;
const nameOf = (given: RawEntry) => ('document' in given ? given.document._id : '');
const refusal = (name: string): RefusedDocument => ({ entry: entry(name), reason: '10334: too large' });

/** Takes each id once; refuses a batch with one of `bad` in it as a whole. */
function storeWith(bad: ReadonlySet<string>) {
  const stored: string[] = [];
  const insert = async (entries: readonly RawEntry[]): Promise<InsertResult> => {
    const found = entries.find((one) => bad.has(nameOf(one)));
    if (found !== undefined) throw new StoreError('DOCUMENT_REFUSED', `not ${nameOf(found)}`);
    const fresh = entries.map(nameOf).filter((name) => !stored.includes(name));
    stored.push(...fresh);
    return { inserted: fresh.length, duplicates: entries.length - fresh.length };
  };
  return { stored, insert };
}

describe('a batch with documents that the store refuses', () => {
  it('is in the store without them, in its order, whichever they are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 70 }), async (isBad) => {
        const names = isBad.map((_, index) => `${index}`);
        const bad = names.filter((_, index) => isBad[index]);
        const { stored, insert } = storeWith(new Set(bad));
        const { refused, ...result } = await insertAllBut(
          insert,
          names.map((name) => entry(name)),
        );

        expect(stored).toEqual(names.filter((_, index) => !isBad[index]));
        expect(refused.map((one) => [nameOf(one.entry), one.reason])).toEqual(bad.map((name) => [name, `not ${name}`]));
        expect(result).toEqual({ inserted: stored.length, duplicates: 0 });
      }),
    );
  });

  it('is asked for few times more where one of a thousand is refused', async () => {
    const { insert } = storeWith(new Set(['777']));
    let calls = 0;
    const counting = (entries: readonly RawEntry[]) => {
      calls += 1;
      return insert(entries);
    };
    await insertAllBut(
      counting,
      Array.from({ length: 1000 }, (_, index) => entry(`${index}`)),
    );

    expect(calls).toBeLessThanOrEqual(21);
  });

  it('fails as a whole where the store goes away meanwhile, and can be given again', async () => {
    const { stored, insert } = storeWith(new Set(['c']));
    let calls = 0;
    const failing = (entries: readonly RawEntry[]) => {
      calls += 1;
      if (calls === 3) return Promise.reject(new StoreError('DATABASE_UNREACHABLE', 'away'));
      return insert(entries);
    };
    const entries = ['a', 'b', 'c', 'd'].map((name) => entry(name));
    await expect(insertAllBut(failing, entries)).rejects.toThrow('away');

    expect(await insertAllBut(insert, entries)).toMatchObject({
      inserted: 1,
      duplicates: 2,
      refused: [{ reason: 'not c' }],
    });
    expect(stored).toEqual(['a', 'b', 'd']);
  });

  it('of a store that is away is not divided', async () => {
    let calls = 0;
    const away = () => {
      calls += 1;
      return Promise.reject(new StoreError('DATABASE_UNREACHABLE', 'away'));
    };
    await expect(insertAllBut(away, [entry('a'), entry('b')])).rejects.toThrow('away');

    expect(calls).toBe(1);
  });
});

describe('the loss that states them', () => {
  it('is one for all of a batch, and names the first', () => {
    const aside = { path: '/var/lib/godo/spool/refused.spool', kept: 5 };

    expect(refusalLoss(['a', 'b', 'c', 'd', 'e'].map(refusal), aside)).toEqual({
      source: 'store',
      from: 'events a',
      to: 'events e',
      count: 5,
      unit: 'documents',
      reason:
        'The database refuses 5 document(s) for good: events a (10334: too large), events b (10334: too large), events c (10334: too large), and 2 more. They are set aside in /var/lib/godo/spool/refused.spool.',
    });
  });

  it('says what had no room, and that without a spool they are dropped', () => {
    const reasonWith = (aside: { path: string; kept: number } | null) =>
      refusalLoss([refusal('a'), refusal('b')], aside)?.reason;

    expect(reasonWith({ path: 'FILE', kept: 1 })).toContain(' 1 are set aside in FILE, the others are not: ');
    expect(reasonWith(null)).toContain(' They are dropped, for there is no spool.');
  });

  it('shows what others chose on one line of bounded length', () => {
    const hostile = { entry: entry(`\x1b[2J${'i'.repeat(5000)}`), reason: `key \u202e\n"${'x'.repeat(1e6)}" is wrong` };
    const { reason } = refusalLoss([hostile], null) as { reason: string };

    expect(reason).toMatch(/^[\x20-\x7e…]*$/u);
    expect(reason).toContain('\\x1b[2J');
    expect(reason).toContain('key \\u202e\\n"');
    expect(reason.length).toBeLessThan(1000);
  });

  it('names a document whatever it is', () => {
    const session = { collection: 'files', session: null } as unknown as RawEntry;

    expect(refusalLoss([{ entry: session, reason: 'no' }], null)?.reason).toContain('files of unknown _id (no)');
  });

  it('is not made for such losses themselves, which would be refused too', () => {
    const own = {
      ...refusal('x'),
      entry: { collection: 'losses', document: { _id: 'x', source: 'store' } } as unknown as RawEntry,
    };

    expect(refusalLoss([own], null)).toBeNull();
    expect(refusalLoss([own, refusal('a')], null)).toMatchObject({ count: 1 });
  });

  it('of many batches is one', () => {
    const sum = new RefusalSum();
    expect(sum.loss()).toBeNull();
    sum.add([refusal('a')]);
    const one = sum.loss();
    sum.add([refusal('b'), refusal('c')]);
    sum.add([refusal('d')]);

    expect(one).toEqual(refusalLoss([refusal('a')], null));
    expect(sum.loss()).toEqual({ ...one, count: 4, reason: `${one?.reason} Later it refused 3 more.` });
  });
});
