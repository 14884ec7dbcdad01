/**
 * Opens the stores. The code for a database is loaded when it is used.
 *
 * All of them throw StoreError. An unreachable MongoDB server is told after about 5 s.
 */

import type { MissedTimes } from './missed-times.ts';
import type { CookedReader, CookedWriter, FilePassage, RawReader, RawStore, RawVerifier } from './stores.ts';
import type { StoreTarget } from './target.ts';

/** Raw evidence for adding to; made where it is missing. */
export async function openRawStore(target: StoreTarget): Promise<RawStore> {
  if (target.kind === 'sqlite') return (await import('./sqlite/raw-store.ts')).openSqliteRawStore(target.directory);
  return (await import('./mongodb/raw-store.ts')).openMongoRawStore(target);
}

/** Raw evidence for reading. @throws StoreError DATABASE_NOT_FOUND when there is none. */
export async function openRawReader(target: StoreTarget): Promise<RawReader> {
  if (target.kind === 'sqlite') return (await import('./sqlite/raw-reader.ts')).openSqliteRawReader(target.directory);
  return (await import('./mongodb/raw-reader.ts')).openMongoRawReader(target);
}

/** Raw evidence to be checked. @throws StoreError DATABASE_NOT_FOUND when there is none. */
export async function openRawVerifier(target: StoreTarget): Promise<RawVerifier> {
  if (target.kind === 'sqlite') {
    return (await import('./sqlite/raw-verifier.ts')).openSqliteRawVerifier(target.directory);
  }
  return (await import('./mongodb/raw-verifier.ts')).openMongoRawVerifier(target);
}

/** A new set of cooked evidence, seen by readers from its commit on. */
export async function openCookedWriter(target: StoreTarget): Promise<CookedWriter> {
  if (target.kind === 'sqlite') {
    return (await import('./sqlite/cooked-writer.ts')).openSqliteCookedWriter(target.directory);
  }
  return (await import('./mongodb/cooked-writer.ts')).openMongoCookedWriter(target);
}

/**
 * The short way for file sessions, where the two have one: both are SQLite, and nobody writes to the raw evidence. To be
 * opened before anything is inserted. Sessions that may have a warning because of `missed` are left to be decided.
 */
export async function openFilePassage(
  reader: RawReader,
  writer: CookedWriter,
  missed: MissedTimes,
): Promise<FilePassage | null> {
  const { SqliteRawReader } = await import('./sqlite/raw-reader.ts');
  const { SqliteCookedWriter } = await import('./sqlite/cooked-writer.ts');
  if (!(reader instanceof SqliteRawReader && writer instanceof SqliteCookedWriter)) return null;
  return (await import('./sqlite/raw-passage.ts')).openSqlitePassage(reader, writer, missed);
}

/** Cooked evidence for reading. @throws StoreError DATABASE_NOT_FOUND when there is none. */
export async function openCookedReader(target: StoreTarget): Promise<CookedReader> {
  if (target.kind === 'sqlite') {
    return (await import('./sqlite/cooked-reader.ts')).openSqliteCookedReader(target.directory);
  }
  return (await import('./mongodb/cooked-reader.ts')).openMongoCookedReader(target);
}
