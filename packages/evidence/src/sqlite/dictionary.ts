/** What many rows share, as the writers number it: each text, origin and opener is kept once and named by its number. */

import type { FileSession, RunOrigin } from '../file-session.ts';
import type { DictionaryTables } from './dictionary-tables.ts';
import { relativeTo, storedText } from './text-form.ts';

/** A run of the listener as rows name it. */
export interface OriginRef {
  readonly id: number;
  /** Number of its boot. */
  readonly boot: number;
}

interface Opener {
  readonly id: number;
  readonly origin: number;
  readonly tgid: number;
  readonly comm: string | null;
  readonly exe: string | null;
  readonly containerId: string | null;
}

/** How much is remembered. What is forgotten gets another number when it comes again: nothing relies on there being one. */
const limits = { texts: 16_384, openers: 8_192, openersOfProcess: 16, origins: 1024, boots: 1024 } as const;

/**
 * Gives numbers inside the transaction that uses them. Several programs may write to one database: a number is only
 * ever taken from a row of the tables, and after a transaction that was rolled back {@link forget} must be called.
 */
export class Dictionary {
  readonly #tables: DictionaryTables;
  readonly #texts = new Map<string, number>();
  readonly #boots = new Map<string, number>();
  readonly #origins = new Map<string, OriginRef>();
  /** The same by the object, of which there is one for all documents of a run. */
  #originObjects = new WeakMap<RunOrigin, OriginRef>();
  readonly #openers = new Map<string, Opener[]>();

  constructor(tables: DictionaryTables) {
    this.#tables = tables;
  }

  text(text: string): number {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    return remember(this.#texts, text, this.#tables.addText(storedText(text)), limits.texts);
  }

  textOrNull(text: string | null): number | null {
    return text === null ? null : this.text(text);
  }

  /** The number of a boot id: unlike the others it is the same for every writer, for it is part of primary keys. */
  boot(bootId: string): number {
    const known = this.#boots.get(bootId);
    if (known !== undefined) return known;
    return remember(this.#boots, bootId, this.#tables.boot(storedText(bootId)), limits.boots);
  }

  origin(origin: RunOrigin): OriginRef {
    const known = this.#originObjects.get(origin);
    if (known !== undefined) return known;
    const { host, machineId, bootId, sessionId } = origin;
    const name = JSON.stringify([host, machineId, bootId, sessionId]);
    let ref = this.#origins.get(name);
    if (ref === undefined) {
      const boot = this.boot(bootId);
      const machine = machineId === null ? null : storedText(machineId);
      const session = relativeTo(bootId, sessionId);
      const id = this.#tables.addOrigin([storedText(host), machine, boot, session]);
      ref = remember(this.#origins, name, { id, boot }, limits.origins);
    }
    this.#originObjects.set(origin, ref);
    return ref;
  }

  /** Who opened a file: one process opens many, mostly as the same program. */
  opener(session: FileSession): number {
    const origin = this.origin(session.origin).id;
    const { key, tgid, comm, exe, containerId } = session;
    let openers = this.#openers.get(key);
    if (openers !== undefined) {
      for (const opener of openers) {
        if (
          opener.comm === comm &&
          opener.exe === exe &&
          opener.containerId === containerId &&
          opener.origin === origin &&
          opener.tgid === tgid
        ) {
          return opener.id;
        }
      }
      // Threads have names of their own.
      if (openers.length >= limits.openersOfProcess) openers.length = 0;
    } else {
      openers = remember(this.#openers, key, [], limits.openers);
    }
    const texts = [this.textOrNull(comm), this.textOrNull(exe), this.textOrNull(containerId)] as const;
    const id = this.#tables.addOpener([origin, relativeTo(session.origin.bootId, key), tgid, ...texts]);
    openers.push({ id, origin, tgid, comm, exe, containerId });
    return id;
  }

  /** Drops all that is remembered: the rows of a transaction that was rolled back are not there. */
  forget(): void {
    for (const map of [this.#texts, this.#boots, this.#origins, this.#openers]) map.clear();
    this.#originObjects = new WeakMap();
  }
}

function remember<V>(map: Map<string, V>, name: string, value: V, limit: number): V {
  if (map.size >= limit) map.clear();
  map.set(name, value);
  return value;
}
