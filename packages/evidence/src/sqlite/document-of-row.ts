/** Reads the rows that document-row.ts describes. The content of a database file is not trusted. */

import type { RunOrigin } from '../file-session.ts';
import { restoreBigints } from '../json.ts';
import { isoTime } from '../moment.ts';
import { auditClockAt, monotonicOfId, partsOfKey } from './document-row.ts';
import { type Kind, kinds, type ShapeField } from './shape.ts';
import { absoluteTo } from './text-form.ts';

/** A process key with the numbers in it: all rows of a process share one. */
export interface FoundKey {
  readonly text: string;
  readonly tgid: number;
  readonly startTicks: number;
}

/** A row with its numbers looked up; `key` is null in tables without that column. */
export interface FoundRow {
  readonly boot: string;
  readonly id: string;
  readonly key: FoundKey | null;
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
  /**
   * Makes a document that has no other fields, of their values in the order of the layout: an object that is made at
   * once costs less than one that is filled by names. null: all are filled.
   */
  readonly build: ((values: readonly unknown[]) => object) | null;
}

export const wholeDocument: DocumentForm = { omitted: new Set(), layout: [], build: null };

interface Step {
  readonly name: string;
  readonly kind: Kind;
  readonly omitted: boolean;
  /** In the layout; -1: not in it. */
  readonly place: number;
}

/** Of a row that has no key. */
const noKey: FoundKey = { text: '', tgid: Number.NaN, startTicks: Number.NaN };

/** A shape made ready for its documents. */
export class DocumentMould {
  /**
   * All fields in their order, with the constants. JSON.parse makes an object that V8 keeps as it keeps those of a class,
   * and so are its copies; an object to which so many fields are added by computed names becomes a slow hash table.
   */
  readonly #template: Fields;
  readonly #steps: readonly Step[];
  /** null where a field is not in the layout. */
  readonly #build: DocumentForm['build'];
  /** In the order of the layout: the constants, and of all others what they were in the last document. */
  readonly #values: unknown[];

  constructor(shape: readonly ShapeField[], { omitted, layout, build }: DocumentForm) {
    const kept = shape.filter(({ name }) => !omitted.has(name));
    const constants = kept.map(({ name, constant = null }): [string, unknown] => [name, constant]);
    const fields = Object.fromEntries([...layout.map((name): [string, unknown] => [name, null]), ...constants]);
    this.#template = JSON.parse(JSON.stringify(fields));
    const there = new Set(kept.map(({ name }) => name));
    for (const name of layout) if (!there.has(name)) this.#template[name] = undefined;
    this.#steps = shape
      .map(({ name, kind }) => ({ name, kind, omitted: omitted.has(name), place: layout.indexOf(name) }))
      .filter(({ kind, omitted: left }) => kind !== kinds.constant && !(left && kind === kinds.iso));
    this.#build = kept.every(({ name }) => layout.includes(name)) ? build : null;
    this.#values = layout.map((name) => this.#template[name]);
  }

  /**
   * The document of a row.
   *
   * @param textOf null for a text that is not there.
   * @throws SyntaxError, RangeError where the row is none of ours.
   */
  document(row: FoundRow, textOf: (id: number) => string | null): object {
    const { values, boot, time, origin } = row;
    if (!Array.isArray(values)) throw new SyntaxError('values are a list');
    restoreBigints(values);
    const id = absoluteTo(boot, row.id);
    const key = row.key ?? noKey;
    const build = this.#build;
    const placed = this.#values;
    const document = build === null ? { ...this.#template } : null;
    let place = 0;
    let previous: unknown;
    for (const { name, kind, omitted, place: fieldPlace } of this.#steps) {
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
          value = row.key === null ? null : key.text;
          break;
        case kinds.time:
          value = time;
          break;
        case kinds.origin:
          value = origin?.[name as keyof RunOrigin];
          break;
        case kinds.tgid:
          value = key.tgid;
          break;
        case kinds.startTicks:
          value = key.startTicks;
          break;
        case kinds.monotonic:
          value = { name: 'monotonic', value: monotonicOfId(row.id.includes('.') ? row.id : id) };
          break;
        case kinds.audit:
          value = { name: 'audit', value: auditClockAt(time) };
          break;
      }
      if (value === undefined) throw new SyntaxError(`there is no value for ${name}`);
      previous = value;
      if (omitted) continue;
      if (document === null) placed[fieldPlace] = value;
      else document[name] = value;
    }
    return document ?? (build as NonNullable<typeof build>)(placed);
  }
}

export function foundKey(text: string): FoundKey {
  const [tgid, startTicks] = partsOfKey(text);
  return { text, tgid, startTicks };
}

/** Many thousands of digits are no time, and take their time to be read. */
const mostDigits = 1_000;

function nanosecondsOf(value: unknown, time: bigint): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return time - BigInt(value);
  if (typeof value === 'string' && value.length <= mostDigits) return BigInt(value);
  throw new SyntaxError('a time is a whole number');
}
