import type { Document, Filter } from 'mongodb';
import type { CookedCollection, CookedDocuments, ProcessDocument } from '../cooked-documents.ts';
import { containerPrefix, select } from '../cooked-query.ts';
import { StoreError } from '../store-error.ts';
import type { CookedQuery, CookedReader } from '../stores.ts';
import { type MongoTarget, redactUri } from '../target.ts';
import { connect, disconnect, type MongoConnection, readBatches, request } from './connection.ts';
import { type CookedState, cookedSchema, stateOf } from './cooked-state.ts';
import { withOriginalNames } from './field-names.ts';
import { ascending, cookedLayouts, type Stored } from './schema.ts';

const readMs = 600_000;

/**
 * Reads the cooked set of the database `cookedDb` and writes nothing. When a filter replaces the set meanwhile, the
 * read that runs ends with DATABASE_CHANGED.
 *
 * @throws StoreError DATABASE_NOT_FOUND, DATABASE_INCOMPLETE, DATABASE_TOO_NEW
 */
export async function openMongoCookedReader(target: MongoTarget): Promise<CookedReader> {
  const connection = await connect(target, target.cookedDb, readMs);
  try {
    const state = await request(connection, () => stateOf(connection.db));
    return new MongoCookedReader(connection, usable(state, target));
  } catch (error) {
    await connection.client.close().catch(() => undefined);
    throw error;
  }
}

/** The token of the set. */
function usable(state: CookedState | null, target: MongoTarget): string {
  const where = `database ${target.cookedDb} of ${redactUri(target.uri)}`;
  if (state && state.schema > cookedSchema) {
    throw new StoreError('DATABASE_TOO_NEW', `The evidence in ${where} was written by a later godo: use that version.`);
  }
  if (state?.complete) return state.set;
  if (state?.set) {
    throw new StoreError(
      'DATABASE_INCOMPLETE',
      `The evidence in ${where} is being replaced, or a filter was stopped half-way: run filter again.`,
    );
  }
  throw new StoreError('DATABASE_NOT_FOUND', `There is no cooked evidence in ${where}: run filter first.`);
}

/** Keys looked up in one request. */
const keysARequest = 1000;

class MongoCookedReader implements CookedReader {
  readonly location: string;
  readonly #connection: MongoConnection;
  readonly #set: string;

  constructor(connection: MongoConnection, set: string) {
    this.location = connection.location;
    this.#connection = connection;
    this.#set = set;
  }

  async count(collection: CookedCollection): Promise<number> {
    const count = await request(this.#connection, () => this.#connection.db.collection(collection).countDocuments({}));
    await this.#verify();
    return count;
  }

  find<C extends CookedCollection>(collection: C, query: CookedQuery): AsyncIterable<CookedDocuments[C]> {
    return select(collection, query, (from, narrowed) => this.#scan(from, narrowed));
  }

  async processes(keys: readonly string[]): Promise<ProcessDocument[]> {
    const wanted = [...new Set(keys)];
    const found = new Map<string, ProcessDocument>();
    for (let start = 0; start < wanted.length; start += keysARequest) {
      const some = wanted.slice(start, start + keysARequest);
      for (const process of await request(this.#connection, () =>
        this.#connection.db
          .collection<ProcessDocument & Stored>('processes')
          .find({ _id: { $in: some } })
          .toArray(),
      )) {
        found.set(process._id, process);
      }
    }
    await this.#verify();
    return wanted.flatMap((key) => found.get(key) ?? []);
  }

  async close(): Promise<void> {
    await disconnect(this.#connection);
  }

  async *#scan<C extends CookedCollection>(collection: C, query: CookedQuery): AsyncGenerator<CookedDocuments[C][]> {
    const batches = readBatches<CookedDocuments[C]>(this.#connection, () =>
      this.#connection.db
        .collection(collection)
        .find(narrow(collection, query))
        .sort(ascending(cookedLayouts[collection].order)),
    );
    try {
      for await (const batch of batches) yield batch.map(withOriginalNames);
    } catch (error) {
      // A cursor dies with the collection that it reads.
      await this.#verify();
      throw error;
    }
    await this.#verify();
  }

  /** @throws StoreError DATABASE_CHANGED when the set is not the one that was opened. */
  async #verify(): Promise<void> {
    const state = await request(this.#connection, () => stateOf(this.#connection.db));
    if (state?.complete && state.set === this.#set) return;
    throw new StoreError('DATABASE_CHANGED', `A filter replaced ${this.location} while it was read: try again.`);
  }
}

/** Fields of the first and the last moment of a document. */
const spans: { readonly [C in CookedCollection]: readonly [from: string, to: string] } = {
  processes: ['startNs', 'exitNs'],
  files: ['openedNs', 'closedNs'],
  operations: ['timeNs', 'timeNs'],
  containers: ['firstNs', 'lastNs'],
  events: ['timeNs', 'timeNs'],
  losses: ['timeNs', 'timeNs'],
  runs: ['startNs', 'endNs'],
};

const holdsContainer: ReadonlySet<CookedCollection> = new Set([
  'processes',
  'files',
  'operations',
  'containers',
  'events',
]);
const holdsTgid: ReadonlySet<CookedCollection> = new Set(['processes', 'operations', 'events']);
const holdsSession: ReadonlySet<CookedCollection> = new Set(['files', 'operations', 'events', 'losses']);

/** What the server can tell; cooked-query.ts has the last word. */
function narrow(collection: CookedCollection, query: CookedQuery): Filter<Document> {
  const conditions: Filter<Document>[] = [];
  const prefix = containerPrefix(query);
  if (prefix && holdsContainer.has(collection)) {
    conditions.push({ containerId: { $gte: prefix, $lt: `${prefix}\u{10ffff}` } });
  }
  if (query.pid !== undefined && holdsTgid.has(collection)) {
    conditions.push({ tgid: query.pid });
  }
  if (query.pid !== undefined && collection === 'files') {
    const named = { $regex: `:${query.pid}:` };
    const users = ['writers.key', 'changes.key', 'mapped.keys'].map((name) => ({ [name]: named }));
    conditions.push({ $or: [{ tgid: query.pid }, ...users] });
  }
  if (query.sessionId !== undefined && holdsSession.has(collection)) conditions.push({ sessionId: query.sessionId });
  const [from, to] = spans[collection];
  if (query.sinceNs !== undefined) conditions.push({ $or: [{ [to]: null }, { [to]: { $gte: query.sinceNs } }] });
  if (query.untilNs !== undefined) conditions.push({ $or: [{ [from]: null }, { [from]: { $lte: query.untilNs } }] });
  return conditions.length > 0 ? { $and: conditions } : {};
}
