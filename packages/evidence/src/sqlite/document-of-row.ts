/** Reads the rows that document-row.ts describes. The content of a database file is not trusted. */

import type { RunOrigin } from '../file-session.ts';
import { restoreBigints } from '../json.ts';
import { isoTime } from '../moment.ts';
import { auditClockAt, monotonicOfId, partsOfKey } from './document-row.ts';
import { type Kind, kinds, type ShapeField } from './shape.ts';
import { absoluteTo } from './text-form.ts';

/** A row with its numbers looked up; `key` is null in tables without that column. */
export interface FoundRow {
  readonly boot: string;
  readonly id: string;
  readonly key: string | null;
  readonly time: bigint;
  readonly origin: RunOrigin | null;
  /** What the JSON of `doc` says. */
  readonly values: unknown;
}

type Fields = Record<string, unknown>;

/** What is made of documents for somebody who knows which fields he needs. */
export interface DocumentForm {
  /** Fields that documents are to be without. */
  readonly omitted: ReadonlySet<string>;
  /**
   * Fields that all documents are to have, in this order and before all others; undefined where there is no value.
   * What reads very many documents is faster when V8 sees them all alike.
   */
  readonly layout: readonly string[];
}

export const wholeDocument: DocumentForm = { omitted: new Set(), layout: [] };

/** A shape made ready for its documents. */
export class DocumentMould {
  /**
   * All fields in their order, with the constants. JSON.parse makes an object that V8 keeps as it keeps those of a class,
   * and so are its copies; an object to which so many fields are added by computed names becomes a slow hash table.
   */
  readonly #template: Fields;
  readonly #steps: readonly { readonly name: string; readonly kind: Kind; readonly omitted: boolean }[];

  constructor(shape: readonly ShapeField[], { omitted, layout }: DocumentForm) {
    const kept = shape.filter(({ name }) => !omitted.has(name));
    const constants = kept.map(({ name, constant = null }): [string, unknown] => [name, constant]);
    const fields = Object.fromEntries([...layout.map((name): [string, unknown] => [name, null]), ...constants]);
    this.#template = JSON.parse(JSON.stringify(fields));
    const there = new Set(kept.map(({ name }) => name));
    for (const name of layout) if (!there.has(name)) this.#template[name] = undefined;
    this.#steps = shape
      .map(({ name, kind }) => ({ name, kind, omitted: omitted.has(name) }))
      .filter(({ kind, omitted: left }) => kind !== kinds.constant && !(left && kind === kinds.iso));
  }

  /**
   * The document of a row.
   *
   * @param textOf null for a text that is not there.
   * @throws SyntaxError, RangeError where the row is none of ours.
   */
  document(row: FoundRow, textOf: (id: number) => string | null): Fields {
    const { values, boot, time, origin } = row;
    if (!Array.isArray(values)) throw new SyntaxError('values are a list');
    restoreBigints(values);
    const id = absoluteTo(boot, row.id);
    const key = row.key === null ? null : absoluteTo(boot, row.key);
    const document = { ...this.#template };
    let place = 0;
    let previous: unknown;
    for (const { name, kind, omitted } of this.#steps) {
      let value: unknown;
      switch (kind) {
        case kinds.value:
          value = values[place++];
          break;
        case kinds.text:
          value = textOf(values[place++] as number) ?? undefined;
          break;
        case kinds.relative:
          value = `${boot}:${values[place++]}`;
          break;
        case kinds.nanoseconds:
          value = nanosecondsOf(values[place++], time);
          break;
        case kinds.iso:
          value = typeof previous === 'bigint' ? isoTime(previous) : undefined;
          break;
        case kinds.id:
          value = id;
          break;
        case kinds.key:
          value = key;
          break;
        case kinds.time:
          value = time;
          break;
        case kinds.origin:
          value = origin?.[name as keyof RunOrigin];
          break;
        case kinds.tgid:
          value = partsOfKey(key ?? '')[0];
          break;
        case kinds.startTicks:
          value = partsOfKey(key ?? '')[1];
          break;
        case kinds.monotonic:
          value = { name: 'monotonic', value: monotonicOfId(id) };
          break;
        case kinds.audit:
          value = { name: 'audit', value: auditClockAt(time) };
          break;
      }
      if (value === undefined) throw new SyntaxError(`there is no value for ${name}`);
      previous = value;
      if (!omitted) document[name] = value;
    }
    return document;
  }
}

function nanosecondsOf(value: unknown, time: bigint): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return time - BigInt(value);
  if (typeof value === 'string') return BigInt(value);
  throw new SyntaxError('a time is a whole number');
}
