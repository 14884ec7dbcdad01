import { type InsertResult, type RawEntry, type SpooledBatch, StoreError } from '@godo/evidence';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SpoolingStore } from '../../src/stages/spooling-store.ts';

const entry = (name: string) => ({ collection: 'losses', document: { _id: name } }) as unknown as RawEntry;
const nameOf = (given: RawEntry) => ('document' in given ? given.document._id : '');

/** A store that behaves as it is told, and a spool in memory that may be full. */
class Scene {
  mode: 'takes' | 'refuses' | 'hangs' = 'takes';
  spoolIsFull = false;
  slowMs = 0;
  /** What the store refuses for good, and a batch with it. */
  readonly bad = new Set<string>();
  readonly stored: string[] = [];
  readonly spooled: (readonly RawEntry[])[] = [];
  readonly told: string[] = [];
  underWay = 0;
  #release: (() => void)[] = [];
  readonly store: SpoolingStore;

  /** @param unusable documents beside each that waits, which are no evidence. */
  constructor(left: readonly string[] = [], unusable = 0) {
    for (const name of left) this.spooled.push([entry(name)]);
    const scene = this;
    const spool = {
      append: (entries: readonly RawEntry[]) => {
        if (scene.spoolIsFull) throw new Error('no room');
        scene.spooled.push(entries);
      },
      oldest: (): SpooledBatch | null => {
        const [entries] = scene.spooled;
        return entries === undefined ? null : { kind: 'batch', entries, unusable, end: scene.stored.length };
      },
      taken: () => void scene.spooled.shift(),
      get isEmpty() {
        return scene.spooled.length === 0;
      },
    };
    this.store = new SpoolingStore(
      { insert: (entries) => this.#insert(entries) },
      spool,
      { slowMs: 1000, retryMs: [100, 400], sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) },
      {
        delivered: ({ inserted }) => this.told.push(`delivered ${inserted}`),
        refused: (documents) => this.told.push(`refused ${documents.map((one) => nameOf(one.entry))}`),
        unusable: (count) => this.told.push(`unusable ${count}`),
        away: (error) => this.told.push(`away: ${error.message}`),
        back: () => this.told.push('back'),
      },
    );
  }

  answer(): void {
    this.mode = 'takes';
    for (const release of this.#release.splice(0)) release();
  }

  async insert(...names: string[]): Promise<number> {
    return (await this.store.insert(names.map((name) => entry(name)))).spooled;
  }

  async #insert(entries: readonly RawEntry[]): Promise<InsertResult> {
    if (this.mode === 'refuses') throw new StoreError('DATABASE_UNREACHABLE', 'nobody answers');
    if (this.mode === 'hangs') {
      this.underWay += 1;
      await new Promise<void>((resolve) => this.#release.push(resolve));
      this.underWay -= 1;
    }
    if (this.slowMs > 0) await new Promise((resolve) => setTimeout(resolve, this.slowMs));
    if (entries.some((one) => this.bad.has(nameOf(one)))) throw new StoreError('DOCUMENT_REFUSED', 'too large');
    this.stored.push(...entries.map(nameOf));
    return { inserted: entries.length, duplicates: 0 };
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a store with a spool before it', () => {
  it('takes what it is given, and nothing goes into the spool', async () => {
    const scene = new Scene();

    expect([await scene.insert('a'), await scene.insert('b')]).toEqual([0, 0]);
    expect([scene.stored, scene.told]).toEqual([['a', 'b'], []]);
  });

  it('that refuses gets everything later, in order, and is said to be away once', async () => {
    const scene = new Scene();
    scene.mode = 'refuses';
    expect([await scene.insert('a'), await scene.insert('b', 'c')]).toEqual([1, 2]);
    await vi.advanceTimersByTimeAsync(1_000);
    scene.mode = 'takes';
    expect(await scene.insert('d')).toBe(1);
    await vi.advanceTimersByTimeAsync(1_000);

    expect(scene.stored).toEqual(['a', 'b', 'c', 'd']);
    expect(scene.told).toEqual(['away: nobody answers', 'delivered 1', 'delivered 2', 'delivered 1', 'back']);
    expect(await scene.insert('e')).toBe(0);
  });

  it('that hangs is not waited for, and is given nothing more until it answers', async () => {
    const scene = new Scene();
    scene.mode = 'hangs';
    const first = scene.insert('a');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await first).toBe(1);
    for (const name of ['b', 'c', 'd']) await scene.insert(name);
    await vi.advanceTimersByTimeAsync(30_000);
    expect([scene.underWay, scene.stored]).toEqual([1, []]);

    scene.answer();
    await vi.advanceTimersByTimeAsync(1_000);
    // Its id makes one of the two.
    expect(scene.stored).toEqual(['a', 'a', 'b', 'c', 'd']);
  });

  it('gets what an earlier run left before anything else', async () => {
    const scene = new Scene(['old']);
    expect(await scene.insert('new')).toBe(1);
    await vi.advanceTimersByTimeAsync(1_000);

    expect([scene.stored, scene.told]).toEqual([
      ['old', 'new'],
      ['delivered 1', 'delivered 1'],
    ]);
  });

  it('whose spool takes nothing either rejects, so that the caller keeps it', async () => {
    const scene = new Scene();
    [scene.mode, scene.spoolIsFull] = ['refuses', true];

    await expect(scene.insert('a')).rejects.toThrow('no room');
    scene.mode = 'takes';
    expect(await scene.insert('a')).toBe(0);
  });

  it('at the end is waited for as long as it takes some', async () => {
    const scene = new Scene(['a', 'b', 'c']);
    const done = scene.store.finish(2_000);
    await vi.advanceTimersByTimeAsync(10_000);

    expect([await done, scene.stored]).toEqual([true, ['a', 'b', 'c']]);
  });

  it('at the end is given up when it takes nothing', async () => {
    const scene = new Scene(['a']);
    scene.mode = 'refuses';
    const done = scene.store.finish(2_000);
    await vi.advanceTimersByTimeAsync(3_000);

    expect([await done, scene.spooled.length]).toEqual([false, 1]);
  });

  it('at the end is not waited for longer than was said, although it takes some', async () => {
    const scene = new Scene(Array.from({ length: 100 }, (_, index) => `${index}`));
    scene.slowMs = 500;
    const done = scene.store.finish(2_000, 5_000);
    await vi.advanceTimersByTimeAsync(60_000);

    expect(await done).toBe(false);
    expect(scene.stored.length).toBeLessThan(20);
  });

  it('is not given more while it hangs and the spool is full', async () => {
    const scene = new Scene();
    scene.mode = 'hangs';
    scene.spoolIsFull = true;
    const results: string[] = [];
    for (let times = 0; times < 5; times += 1) {
      const taken = scene.insert('a').catch((error: Error) => results.push(error.message));
      await vi.advanceTimersByTimeAsync(2_000);
      await taken;
    }

    expect([scene.underWay, results]).toEqual([1, Array.from({ length: 5 }, () => 'no room')]);
  });
});

describe('a store with a spool before it that refuses documents for good', () => {
  it('gets all others at once, and nothing goes into the spool', async () => {
    const scene = new Scene();
    scene.bad.add('b').add('c');

    const result = await scene.store.insert(['a', 'b', 'c', 'd'].map((name) => entry(name)));
    expect(result).toEqual({ inserted: 2, duplicates: 0, spooled: 0 });
    expect([scene.stored, scene.told]).toEqual([['a', 'd'], ['refused b,c']]);
  });

  it('gets what stands behind them in the spool, and is not said to be away', async () => {
    const scene = new Scene(['a', 'bad', 'b', 'worse', 'c']);
    scene.bad.add('bad').add('worse');
    await vi.advanceTimersByTimeAsync(10);

    expect([scene.stored, scene.spooled]).toEqual([['a', 'b', 'c'], []]);
    expect(scene.told.filter((told) => !told.startsWith('delivered'))).toEqual(['refused bad', 'refused worse']);
  });

  it('and is away as well is tried again, and they are told of once', async () => {
    const scene = new Scene(['a', 'bad', 'b']);
    scene.bad.add('bad');
    scene.mode = 'refuses';
    await vi.advanceTimersByTimeAsync(5_000);
    expect([scene.stored, scene.told]).toEqual([[], ['away: nobody answers']]);
    scene.mode = 'takes';
    await vi.advanceTimersByTimeAsync(1_000);

    expect(scene.stored).toEqual(['a', 'b']);
    expect(scene.told.filter((told) => told.startsWith('refused'))).toEqual(['refused bad']);
  });

  it('and goes away in the middle of a batch gets it again, from the spool', async () => {
    const scene = new Scene();
    scene.bad.add('b');
    scene.slowMs = 10;
    const taken = scene.insert('a', 'b', 'c', 'd');
    // The batch, its first half, and the first of that.
    await vi.advanceTimersByTimeAsync(35);
    scene.mode = 'refuses';
    await vi.advanceTimersByTimeAsync(100);
    expect(await taken).toBe(4);
    expect(scene.told).toEqual(['away: nobody answers']);
    scene.mode = 'takes';
    await vi.advanceTimersByTimeAsync(1_000);

    // Its id makes one of the two.
    expect(scene.stored).toEqual(['a', 'a', 'c', 'd']);
    expect(scene.told.filter((told) => told.startsWith('refused'))).toEqual(['refused b']);
  });

  it('is told of what is no evidence in the spool, too', async () => {
    const scene = new Scene(['a'], 2);
    await vi.advanceTimersByTimeAsync(10);

    expect([scene.stored, scene.told]).toEqual([['a'], ['unusable 2', 'delivered 1']]);
  });

  it('leaves them to the next start where the end has come meanwhile', async () => {
    const scene = new Scene(['bad']);
    scene.bad.add('bad');
    scene.slowMs = 500;
    const done = scene.store.finish(200);
    await vi.advanceTimersByTimeAsync(60_000);

    expect([await done, scene.spooled.length, scene.told]).toEqual([false, 1, []]);
  });
});
