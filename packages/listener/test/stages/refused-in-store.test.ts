/** What the recorder makes, through queue, spool and real databases that refuse some of it for good. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ContainerData,
  openRawReader,
  openRawStore,
  openRawVerifier,
  type RawEntry,
  type RawStore,
  RefusedFile,
  rawDocumentOf,
  readSpool,
  Spool,
  StoreError,
  type StoreTarget,
  verifyEvidence,
} from '@godo/evidence';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openForWriting } from '../../../evidence/src/sqlite/connection.ts';
import { closeSqlite } from '../../../evidence/src/sqlite/driver.ts';
import {
  canStartMongoServer,
  type MortalMongoServer,
  mongoServerStartMs,
  startMortalMongoServer,
} from '../../../evidence/test/support/mongodb-server.ts';
import { lossEvent } from '../../src/loss-event.ts';
import { Recorder } from '../../src/recorder/recorder.ts';
import { DocumentQueue } from '../../src/stages/document-queue.ts';
import { type RefusedDocument, refusalLoss } from '../../src/stages/refused-documents.ts';
import { SpoolingStore } from '../../src/stages/spooling-store.ts';
import { exec, fork, nsAt, sessionEnd, sessionStart } from '../support/events.ts';

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const tooLarge = 'x'.repeat(17 * 1024 * 1024);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'godo-refused-store-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What the writer is made of. */
class Scene {
  isAway = false;
  readonly told: string[] = [];
  readonly #recorder: Recorder;
  readonly #queue: DocumentQueue;
  readonly #spooling: SpoolingStore | null;
  readonly file = new RefusedFile({ directory: join(folder, 'spool'), mostBytes: 1e9 });

  constructor(store: RawStore, hasSpool: boolean) {
    const lost = (path: string) => this.told.push(`lost: ${path}`);
    const hooks = { dropped: () => lost('dropped'), damaged: lost, unreadable: lost };
    const spool = new Spool({ directory: join(folder, 'spool'), mostBytes: 1e9, ...hooks });
    const gate = {
      insert: async (entries: readonly RawEntry[]) => {
        if (this.isAway) throw new StoreError('DATABASE_UNREACHABLE', 'nobody answers');
        return await store.insert(entries);
      },
    };
    const refused = (documents: readonly RefusedDocument[]) => {
      const kept = hasSpool ? this.file.keep(documents.map(({ entry }) => entry)) : 0;
      const loss = refusalLoss(documents, hasSpool ? { path: this.file.path, kept } : null);
      if (loss !== null) this.#recorder.apply(lossEvent(BigInt(Date.now()) * 1_000_000n, loss));
    };
    this.#spooling = hasSpool
      ? new SpoolingStore(
          gate,
          spool,
          { slowMs: 20_000, retryMs: [20, 100], sleep },
          {
            delivered: () => undefined,
            refused,
            unusable: (count) => this.told.push(`unusable ${count}`),
            away: () => this.told.push('away'),
            back: () => this.told.push('back'),
          },
        )
      : null;
    this.#queue = new DocumentQueue(
      this.#spooling ?? gate,
      { batch: 8, bound: 1e6, retryMs: [20, 100], sleep, now: () => performance.now() },
      { written: () => undefined, refused, retrying: () => this.told.push('retrying') },
    );
    this.#recorder = new Recorder((entry) => this.#queue.push(entry));
    this.#recorder.apply(sessionStart());
  }

  /** A process each, which executes something with this argument; what is too large for one names a container. */
  run(first: number, ...texts: readonly string[]): void {
    texts.forEach((argument, index) => {
      const tgid = first + index;
      if (argument === tooLarge) {
        const data = { containerId: String(tgid), name: argument } as ContainerData;
        this.#recorder.apply({ kind: 'container', timeNs: nsAt(tgid * 10), data });
        return;
      }
      this.#recorder.apply(fork(tgid * 10, { tgid, parentTgid: 1 }));
      this.#recorder.apply(exec(tgid * 10 + 5, tgid, { argv: ['sh', argument] }));
    });
    this.#queue.flush();
  }

  async end(): Promise<void> {
    this.#recorder.apply(sessionEnd(100_000));
    expect(await this.#queue.finish(30_000)).toBe(0);
    if (this.#spooling !== null) expect(await this.#spooling.finish(20_000)).toBe(true);
    // What states what was refused in the spool.
    expect(await this.#queue.finish(30_000)).toBe(0);
  }
}

async function evidenceIn(target: StoreTarget) {
  const reader = await openRawReader(target);
  const source = await openRawVerifier(target);
  try {
    const args: string[] = [];
    for await (const tasks of reader.tasks()) for (const { argv } of tasks) if (argv?.[1]) args.push(argv[1]);
    const losses: (readonly [string, number | null, string])[] = [];
    for await (const { source: from, count, reason } of reader.losses()) losses.push([from, count, reason]);
    const { verdict, problems } = await verifyEvidence(source);
    return { args: args.map((text) => text.slice(0, 20)).sort(), losses, verdict, problems };
  } finally {
    await reader.close();
    await source.close();
  }
}

function idsIn(path: string): string[] {
  const bytes = readFileSync(path);
  const ids: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const found = readSpool(bytes, at);
    if (found?.kind !== 'batch') throw new Error('no record');
    ids.push(...found.entries.map((entry) => rawDocumentOf(entry)._id));
    at = found.end;
  }
  return ids;
}

describe.skipIf(!canStartMongoServer())('MongoDB, given a document of 17 MiB', () => {
  let server: MortalMongoServer;
  let target: StoreTarget;
  beforeEach(async () => {
    server = await startMortalMongoServer();
    target = { kind: 'mongodb', uri: server.uri, rawDb: 'raw', cookedDb: 'cooked' };
  }, mongoServerStartMs);
  afterEach(() => server.stop());

  const refused = 'larger than the maximum size';

  it('gets everything else, and the loss is stated', { timeout: 60_000 }, async () => {
    const store = await openRawStore(target);
    const scene = new Scene(store, true);
    scene.run(10, 'a', 'b', tooLarge, 'c');
    await scene.end();
    await store.close();

    const reason = expect.stringContaining(refused);
    const { args, losses, verdict, problems } = await evidenceIn(target);
    expect({ args, losses, verdict, problems, told: scene.told }).toEqual({
      args: ['a', 'b', 'c'],
      losses: [['store', 1, reason]],
      verdict: 'gaps',
      problems: [],
      told: [],
    });
    expect(idsIn(scene.file.path)).toHaveLength(1);
  });

  it('that was away gets what stands behind it in the spool', { timeout: 90_000 }, async () => {
    const store = await openRawStore(target);
    const scene = new Scene(store, true);
    scene.run(10, 'a');
    await server.kill();
    scene.run(20, 'b', tooLarge, 'c');
    await expect.poll(() => scene.told, { timeout: 20_000 }).toEqual(['away']);
    scene.run(30, 'd', tooLarge, 'e');
    await sleep(300);
    expect(scene.told).toEqual(['away']);
    await server.startAgain();
    await expect.poll(() => scene.told, { timeout: 30_000 }).toEqual(['away', 'back']);
    scene.run(40, 'f');
    await scene.end();
    await store.close();

    const { args, losses, verdict } = await evidenceIn(target);
    expect(args).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect([losses.reduce((sum, [, count]) => sum + (count ?? 0), 0), verdict]).toEqual([2, 'gaps']);
  });

  it('without a spool gets everything else, and it is dropped', { timeout: 60_000 }, async () => {
    const store = await openRawStore(target);
    const scene = new Scene(store, false);
    scene.run(10, 'a', tooLarge, 'b');
    await scene.end();
    await store.close();

    const { args, losses, verdict } = await evidenceIn(target);
    expect({ args, losses, verdict }).toEqual({
      args: ['a', 'b'],
      losses: [['store', 1, expect.stringContaining('They are dropped, for there is no spool.')]],
      verdict: 'gaps',
    });
  });
});

describe('SQLite, whose table does not take some', () => {
  const target = (): StoreTarget & { readonly kind: 'sqlite' } => ({ kind: 'sqlite', directory: join(folder, 'db') });

  async function change(sql: string): Promise<void> {
    const database = await openForWriting(join(folder, 'db', 'raw.db'));
    database.exec(sql);
    closeSqlite(database);
  }

  it('gets everything else, out of the spool too, and the losses are stated', async () => {
    const store = await openRawStore(target());
    await change(
      `CREATE TRIGGER no BEFORE INSERT ON pids WHEN instr(NEW.doc, 'poison') BEGIN SELECT RAISE(ABORT, 'no'); END`,
    );
    const scene = new Scene(store, true);
    scene.run(10, 'a', 'poison 1', 'b');
    await expect.poll(() => idsOrNone(scene.file.path)).toBe(1);
    scene.isAway = true;
    scene.run(20, 'c', 'poison 2', 'd', 'poison 3');
    await expect.poll(() => scene.told).toEqual(['away']);
    scene.run(30, 'e');
    scene.isAway = false;
    await scene.end();
    await change('DROP TRIGGER no');
    await store.close();

    const { args, losses, verdict, problems } = await evidenceIn(target());
    expect({ args, verdict, problems }).toEqual({ args: ['a', 'b', 'c', 'd', 'e'], verdict: 'gaps', problems: [] });
    expect(losses.every(([source]) => source === 'store')).toBe(true);
    expect(losses.reduce((sum, [, count]) => sum + (count ?? 0), 0)).toBe(3);
    expect(idsIn(scene.file.path)).toHaveLength(3);
    expect(scene.told).toEqual(['away', 'back']);
  });

  it('and not the losses that state it either comes to an end', async () => {
    const store = await openRawStore(target());
    await change(`
      CREATE TRIGGER no BEFORE INSERT ON pids WHEN instr(NEW.doc, 'poison') BEGIN SELECT RAISE(ABORT, 'no'); END;
      CREATE TRIGGER none BEFORE INSERT ON losses BEGIN SELECT RAISE(ABORT, 'none'); END`);
    const scene = new Scene(store, true);
    scene.run(10, 'a', 'poison', 'b');
    await scene.end();
    await change('DROP TRIGGER no; DROP TRIGGER none');
    await store.close();

    const { args, losses } = await evidenceIn(target());
    expect({ args, losses }).toEqual({ args: ['a', 'b'], losses: [] });
    expect(idsIn(scene.file.path)).toHaveLength(2);
  });
});

function idsOrNone(path: string): number {
  try {
    return idsIn(path).length;
  } catch {
    return 0;
  }
}
