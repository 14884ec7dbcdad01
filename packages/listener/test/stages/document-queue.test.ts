import { type InsertResult, type RawEntry, StoreError } from '@godo/evidence';
import { describe, expect, it } from 'vitest';
import { DocumentQueue, type DocumentQueueOptions } from '../../src/stages/document-queue.ts';

const entry = (name: string) => ({ collection: 'losses', document: { _id: name } }) as unknown as RawEntry;
const nameOf = (given: RawEntry) => ('document' in given ? given.document._id : '');
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const unreachable = () => new StoreError('DATABASE_UNREACHABLE', 'nobody answers');

/** A queue before a store that refuses the first `failures` batches; time passes as fast as it is slept. */
function queueFor(options: Partial<DocumentQueueOptions> = {}, failures = 0, bad: readonly string[] = []) {
  const batches: string[][] = [];
  const pauses: number[] = [];
  const written: [InsertResult, number][] = [];
  const retries: string[] = [];
  const refused: string[][] = [];
  let left = failures;
  const store = {
    insert: async (entries: readonly RawEntry[]) => {
      if (left > 0) {
        left -= 1;
        throw unreachable();
      }
      if (entries.some((one) => bad.includes(nameOf(one)))) throw new StoreError('DOCUMENT_REFUSED', 'too large');
      batches.push(entries.map(nameOf));
      return { inserted: entries.length, duplicates: 0 };
    },
  };
  let clock = 1_000_000;
  const sleep = async (ms: number) => {
    pauses.push(ms);
    clock += ms;
    await turn();
  };
  const queue = new DocumentQueue(
    store,
    { batch: 3, bound: 6, retryMs: [200, 1000], sleep, now: () => clock, ...options },
    {
      written: (...told) => written.push(told),
      refused: (documents) => refused.push(documents.map((one) => nameOf(one.entry))),
      retrying: (error) => retries.push(error.message),
    },
  );
  const push = (...names: string[]) => {
    for (const name of names) queue.push(entry(name));
  };
  return { queue, push, batches, pauses, written, refused, retries };
}

describe('documents on their way to the store', () => {
  it('are written in batches, in their order', async () => {
    const { queue, push, batches, written } = queueFor();

    push('a', 'b', 'c', 'd', 'e', 'f', 'g');

    expect(await queue.finish(1000)).toBe(0);
    expect(batches).toEqual([['a', 'b', 'c'], ['d', 'e', 'f'], ['g']]);
    expect(written.map(([{ inserted }]) => inserted)).toEqual([3, 3, 1]);
  });

  it('wait for a batch to be full, or for a flush', async () => {
    const { queue, push, batches } = queueFor();

    push('a', 'b');
    await turn();
    expect([queue.length, batches]).toEqual([2, []]);

    queue.flush();
    await turn();
    expect([queue.length, batches]).toEqual([0, [['a', 'b']]]);
  });

  it('are tried again until they are taken, with growing pauses, nothing overtaking', async () => {
    const { queue, push, batches, pauses, retries } = queueFor({}, 5);

    push('a', 'b', 'c', 'd');
    while (queue.length > 0) await turn().then(() => queue.flush());

    expect(batches).toEqual([['a', 'b', 'c'], ['d']]);
    expect(pauses).toEqual([200, 400, 800, 1000, 1000]);
    expect(retries).toEqual(Array(5).fill('nobody answers'));
  });

  it('are left out where the store refuses them for good, and told of; all others are taken in their order', async () => {
    const { queue, push, batches, written, refused, retries } = queueFor({ batch: 4 }, 2, ['b', 'f']);

    push('a', 'b', 'c', 'd', 'e', 'f');

    expect(await queue.finish(10_000)).toBe(0);
    expect(batches.flat()).toEqual(['a', 'c', 'd', 'e']);
    expect([refused, retries]).toEqual([
      [['b'], ['f']],
      ['nobody answers', 'nobody answers'],
    ]);
    expect(written).toEqual([
      [{ inserted: 3, duplicates: 0 }, 4],
      [{ inserted: 1, duplicates: 0 }, 2],
    ]);
  });

  it('are too many at the bound; room comes when the store takes them', async () => {
    const { queue, push } = queueFor({ batch: 100 });

    push('a', 'b', 'c', 'd', 'e');
    expect(queue.full).toBe(false);
    push('f');
    expect(queue.full).toBe(true);

    await queue.room();
    expect([queue.full, queue.length]).toEqual([false, 0]);
  });

  it('count as waiting while the store has them', async () => {
    let taken: (result: InsertResult) => void = () => undefined;
    const store = { insert: () => new Promise<InsertResult>((resolve) => (taken = resolve)) };
    const watch = { written: () => undefined, refused: () => undefined, retrying: () => undefined };
    const options = { batch: 2, bound: 3, retryMs: [1, 1], sleep: turn, now: () => 0 } as const;
    const queue = new DocumentQueue(store, options, watch);

    for (const name of ['a', 'b', 'c']) queue.push(entry(name));
    expect([queue.length, queue.full]).toEqual([3, true]);

    taken({ inserted: 2, duplicates: 0 });
    await turn();
    expect([queue.length, queue.full]).toEqual([1, false]);
  });
});

it('is full of few documents where their command lines are long', async () => {
  const { queue, batches } = queueFor({ batch: 1, bound: 100 });
  const observation = { _id: 'long', argv: ['x'.repeat(4_096 * 60)] };
  const long = { collection: 'pids', observation } as unknown as RawEntry;

  queue.push(long);
  expect(queue.full).toBe(false);
  queue.push(long);
  expect(queue.full).toBe(true);
  await queue.room();
  expect([queue.full, batches.length]).toEqual([false, 2]);
});

describe('documents at the end', () => {
  it.each([1, 40, 500])('are counted when the store takes nothing any more (pauses of %d ms)', async (pause) => {
    const { queue, push, batches } = queueFor({ retryMs: [pause, pause] }, 1_000_000);

    push('a', 'b', 'c', 'd');

    expect(await queue.finish(100)).toBe(4);
    for (let later = 0; later < 20; later += 1) await turn();
    expect([batches, queue.length]).toEqual([[], 4]);
  });

  it('are waited for as long as the store takes some, however long it needs for all', async () => {
    const { queue, push, batches } = queueFor({ batch: 1, bound: 100 });
    const names = Array.from({ length: 50 }, (_, index) => `document ${index}`);

    push(...names);

    expect(await queue.finish(1)).toBe(0);
    expect(batches.flat()).toEqual(names);
  });

  it('are given up after a time, however much the store takes until then', async () => {
    const { queue, push, batches } = queueFor({ batch: 1, bound: 100, retryMs: [50, 50] }, 10);
    push(...Array.from({ length: 50 }, (_, index) => `document ${index}`));

    expect(await queue.finish(1_000_000, 200)).toBe(50);
    expect(batches).toEqual([]);
  });

  it('do not hold up the stages before once they are given up, and those that come later are counted', async () => {
    const { queue, push } = queueFor({ retryMs: [5, 5] }, 1_000_000);

    push('a', 'b', 'c', 'd', 'e', 'f');
    expect(await queue.finish(20)).toBe(6);
    await queue.room();
    push('g');

    expect([queue.full, queue.length]).toEqual([true, 7]);
  });

  it('are given up by the first limit that was set', async () => {
    const { queue, push } = queueFor({ retryMs: [5, 5] }, 1_000_000);

    queue.expectEnd(20);
    push('a', 'b', 'c', 'd', 'e', 'f');
    await queue.room();

    expect(await queue.finish(1_000_000_000)).toBe(6);
  });
});
