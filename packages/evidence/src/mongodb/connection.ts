import { type Db, MongoClient, type MongoClientOptions } from 'mongodb';
import { reasonOf, StoreError } from '../store-error.ts';
import { type MongoTarget, redactUri } from '../target.ts';
import { mongoError, withoutPassword } from './errors.ts';
import { connectionTrouble, tlsQuestion } from './tls-errors.ts';

/** An open connection to a server, and one of its databases. */
export interface MongoConnection {
  readonly client: MongoClient;
  readonly db: Db;
  /** For people: the server and the database, without password. */
  readonly location: string;
  /** True once {@link disconnect} was called. */
  closed: boolean;
}

/** How long a server is looked for before it is called unreachable. */
const selectionMs = 5000;

/**
 * Connects and asks the server once, so that a wrong address or password shows here.
 *
 * @param name the database.
 * @param socketTimeoutMs how long one request may take before its connection is given up.
 * @throws StoreError
 */
export async function connect(target: MongoTarget, name: string, socketTimeoutMs: number): Promise<MongoConnection> {
  const server = redactUri(target.uri);
  const client = newClient(target.uri, server, {
    appName: 'godo',
    serverSelectionTimeoutMS: selectionMs,
    connectTimeoutMS: selectionMs,
    socketTimeoutMS: socketTimeoutMs,
    ignoreUndefined: true,
    // 64-bit integers are bigint both ways; whole numbers of ours go as int32 or double and come back as numbers.
    useBigInt64: true,
  });
  try {
    await client.connect();
    const db = client.db(name);
    await db.command({ ping: 1 });
    return { client, db, location: `${server} (database ${name})`, closed: false };
  } catch (error) {
    await client.close().catch(() => undefined);
    throw connectError(error, server, client.options.tls);
  }
}

function connectError(error: unknown, server: string, usesTls: boolean): StoreError {
  const trouble = connectionTrouble(error);
  if (trouble?.whose === 'ours') {
    return new StoreError('BAD_TARGET', `${server} cannot be connected to: ${trouble.reason}.`);
  }
  const { code, message } = mongoError(error, server);
  return new StoreError(code, trouble === null ? message + tlsQuestion(error, usesTls) : message);
}

function newClient(uri: string, server: string, options: MongoClientOptions): MongoClient {
  try {
    return new MongoClient(uri, options);
  } catch (error) {
    throw new StoreError(
      'BAD_TARGET',
      `${server} is not a usable MongoDB address: ${withoutPassword(reasonOf(error))}`,
    );
  }
}

/** Runs requests; what the driver throws comes out as a StoreError. */
export async function request<T>(connection: MongoConnection, requests: () => Promise<T>): Promise<T> {
  try {
    return await requests();
  } catch (error) {
    throw mongoError(error, connection.location);
  }
}

export async function disconnect(connection: MongoConnection): Promise<void> {
  connection.closed = true;
  await request(connection, () => connection.client.close());
}

/** The part of the driver's cursors that is used here. */
interface Cursor {
  hasNext(): Promise<boolean>;
  readBufferedDocuments(): unknown[];
  close(): Promise<void>;
}

/** The documents of a cursor, one by one; otherwise as {@link readBatches}. */
export async function* read<D>(connection: MongoConnection, open: () => Cursor): AsyncGenerator<D> {
  for await (const batch of readBatches<D>(connection, open)) yield* batch;
}

/**
 * The documents of a cursor as the server sends them, some hundred together. The cursor is closed however the loop over
 * them ends.
 */
export async function* readBatches<D>(connection: MongoConnection, open: () => Cursor): AsyncGenerator<D[]> {
  const cursor = open();
  try {
    for (;;) {
      if (!(await request(connection, () => cursor.hasNext()))) break;
      yield cursor.readBufferedDocuments() as D[];
    }
  } finally {
    // It may have been lost with its connection; the error of the read says so already.
    await cursor.close().catch(() => undefined);
  }
  // A cursor whose client was closed says "no more", as if it had come to its end.
  if (connection.closed)
    throw new StoreError('DATABASE_FAILED', `${connection.location} was closed while it was read.`);
}
