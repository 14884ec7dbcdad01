/**
 * A document of any collection but file sessions as a row. What the collection is sorted by and the id stand in columns
 * (without the boot id, which has a number); what follows from something else is left out; the rest is a shape
 * (shape.ts) and a JSON list of values.
 */

import { isoFieldOf } from '../entry-documents.ts';
import type { RunOrigin } from '../file-session.ts';
import { holdsBigint, withDigits } from '../json.ts';
import { isoTime } from '../moment.ts';
import type { Dictionary } from './dictionary.ts';
import { isHeld, type Kind, kinds, shapeText } from './shape.ts';
import { type ShapeNode, ShapeTree } from './shape-tree.ts';
import { relativeTo } from './text-form.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The parts of a row; the columns of a table are some of them. */
export interface DocumentRow {
  /** Number of the boot that `id` and `key` are relative to. */
  readonly boot: number;
  readonly id: string;
  readonly key: string | null;
  /** null where the document does not know it. */
  readonly time: bigint | null;
  readonly origin: number | null;
  readonly shape: number;
  readonly doc: string;
}

/** What is done with the values of a field, by its name. */
interface Rule {
  /** Text: `shared` is a text of the dictionary; `enumerated` has few values, which become part of the shape. */
  readonly text: 'id' | 'key' | 'origin' | 'shared' | 'enumerated' | 'plain';
  /** Whole numbers that the process key tells too. */
  readonly number: 'tgid' | 'startTicks' | 'enumerated' | 'plain';
  /** Whether it can hold ns. */
  readonly nanoseconds: boolean;
  /** The field behind it that repeats it as ISO text in task documents. */
  readonly iso: string | null;
}

const texts: Readonly<Record<Exclude<Rule['text'], 'plain'>, readonly string[]>> = {
  id: ['_id'],
  key: ['key'],
  origin: ['host', 'machineId', 'bootId', 'sessionId'],
  shared: [
    ...['comm', 'exe', 'script', 'cwd', 'rootfs', 'rootDev', 'containerId', 'tty', 'reason', 'kernel', 'version'],
    'dev',
  ],
  enumerated: [
    ...['observation', 'source', 'kind', 'severity', 'phase', 'mode', 'intake', 'parentSource', 'argvUnknown'],
    ...['operation', 'fileType'],
  ],
};

const numbers: Readonly<Record<Exclude<Rule['number'], 'plain'>, readonly string[]>> = {
  tgid: ['pid', 'tgid'],
  startTicks: ['startTicks'],
  enumerated: ['uid', 'gid', 'euid', 'auid', 'ses', 'errno', 'exitCode', 'exitSignal'],
};

function ruleOf(name: string): Rule {
  const find = <K extends string>(lists: Readonly<Record<K, readonly string[]>>) =>
    (Object.keys(lists) as K[]).find((rule) => lists[rule].includes(name)) ?? 'plain';
  return {
    text: find(texts),
    number: find(numbers),
    nanoseconds: holdsBigint(name),
    iso: isoFieldOf(name),
  };
}

/** How many names and fields of shapes are remembered; what was forgotten is made once more. */
const limits = { rules: 4096, shapeNodes: 65_536 } as const;

/** How far apart two times can be for their distance to be an exact number. */
const maxDistance = BigInt(Number.MAX_SAFE_INTEGER);

const isoLength = '1970-01-01T00:00:00.000000000Z'.length;

/** Makes rows of documents; one for a database. */
export class DocumentRows {
  readonly #dictionary: Dictionary;
  readonly #shapes = new ShapeTree<Rule>(limits.shapeNodes);
  readonly #rules = new Map<string, Rule>();
  #origin: RunOrigin | null = null;
  #iso = { timeNs: -1n, text: '' };
  #boot = '';

  constructor(dictionary: Dictionary) {
    this.#dictionary = dictionary;
  }

  /** As {@link Dictionary.forget}, which the caller calls too. */
  forget(): void {
    this.#shapes.forget();
  }

  /**
   * @param timeField the field that the collection is sorted by.
   * @param keyed whether the key has a column.
   * @param isoLeftOut the document is an observation of a task: its row says the ISO texts that it does without.
   * @throws TypeError where a field whose name does not end in `Ns` holds a bigint, or the time is none.
   */
  row(document: object, timeField: string, keyed: boolean, isoLeftOut = false): DocumentRow {
    const fields = document as Fields;
    const key = keyed && typeof fields.key === 'string' ? fields.key : null;
    const bootId = this.#bootOf(fields, key);
    const time = timeOf(fields, timeField);
    const id = textOr(fields._id, '');
    const origin = this.#originOf(fields);
    const [tgid, startTicks] = key === null ? noParts : partsOfKey(key);

    let shape = this.#shapes.root;
    const values: unknown[] = [];
    let previous = '';
    for (const name in fields) {
      const value = fields[name];
      if (value === undefined) continue;
      // Mostly the field that came here in the document before.
      const expected = shape.last;
      const known = expected?.field?.name === name ? expected.rule : null;
      const rule = known ?? this.#rules.get(name) ?? this.#newRule(name);
      let kind: Kind = kinds.value;
      let held = value;
      switch (typeof value) {
        case 'string':
          if (value.length === isoLength && this.#isIsoOf(fields, previous, name, value)) kind = kinds.iso;
          else if (rule.text === 'shared') {
            kind = kinds.text;
            held = this.#dictionary.text(value);
          } else if (rule.text === 'enumerated') kind = kinds.constant;
          else if (rule.text === 'origin') {
            kind = origin === null ? kinds.text : kinds.origin;
            if (origin === null) held = this.#dictionary.text(value);
          } else if (rule.text === 'id') kind = kinds.id;
          else if (rule.text === 'key' && key !== null) kind = kinds.key;
          else if (beginsWith(value, bootId)) {
            kind = kinds.relative;
            held = value.slice(bootId.length + 1);
          }
          break;
        case 'number':
          if (rule.number === 'tgid' && value === tgid) kind = kinds.tgid;
          else if (rule.number === 'startTicks' && value === startTicks) kind = kinds.startTicks;
          else if (rule.number === 'enumerated') kind = kinds.constant;
          break;
        case 'bigint':
          if (!rule.nanoseconds) {
            throw new TypeError(`field ${name} holds a bigint, and its name does not end in Ns`);
          }
          if (name === timeField) {
            kind = kinds.time;
          } else {
            kind = kinds.nanoseconds;
            held = nanosecondsBefore(time, value);
          }
          break;
        case 'object':
          if (value === null) kind = name === 'machineId' && origin !== null ? kinds.origin : kinds.constant;
          else if (name === 'clock') kind = clockKind(value, id, time);
          break;
        default:
          kind = kinds.constant;
      }
      if (isHeld(kind)) values.push(held);
      shape = this.#shapes.step(shape, name, kind, value, rule);
      previous = name;
      if (isoLeftOut && rule.iso !== null) shape = this.#stepIso(shape, rule.iso, value as bigint | null, values);
    }
    return {
      boot: this.#dictionary.boot(bootId),
      id: relativeTo(bootId, id),
      key: key === null ? null : relativeTo(bootId, key),
      time,
      origin: origin === null ? null : this.#dictionary.origin(origin).id,
      shape: shape.id ?? this.#number(shape),
      doc: JSON.stringify(withDigits(values)),
    };
  }

  /** As for the ISO text of the field before. */
  #stepIso(shape: ShapeNode<Rule>, name: string, timeNs: bigint | null, values: unknown[]): ShapeNode<Rule> {
    const rule = this.#rules.get(name) ?? this.#newRule(name);
    if (timeNs === null) return this.#shapes.step(shape, name, kinds.constant, null, rule);
    if (timeNs >= 0n) return this.#shapes.step(shape, name, kinds.iso, undefined, rule);
    values.push(isoTime(timeNs));
    return this.#shapes.step(shape, name, kinds.value, undefined, rule);
  }

  /** What the id, the key and other texts of the document may begin with. */
  #bootOf({ bootId }: Fields, key: string | null): string {
    if (key === null) return textOr(bootId, '');
    // A text that is the same object is looked up faster than one that was cut out anew.
    if (!beginsWith(key, this.#boot)) this.#boot = bootOfKey(key);
    return this.#boot;
  }

  /** The same object as for the document before, where that has the same origin; null where fields are missing. */
  #originOf({ host, machineId, bootId, sessionId }: Fields): RunOrigin | null {
    const last = this.#origin;
    if (
      last !== null &&
      last.sessionId === sessionId &&
      last.bootId === bootId &&
      last.host === host &&
      last.machineId === machineId
    ) {
      return last;
    }
    if (typeof host !== 'string' || typeof bootId !== 'string' || typeof sessionId !== 'string') return null;
    if (typeof machineId !== 'string' && machineId !== null) return null;
    this.#origin = { host, machineId, bootId, sessionId };
    return this.#origin;
  }

  #newRule(name: string): Rule {
    const rule = ruleOf(name);
    if (this.#rules.size >= limits.rules) this.#rules.clear();
    this.#rules.set(name, rule);
    return rule;
  }

  #number(shape: ShapeNode<Rule>): number {
    shape.id = this.#dictionary.text(shapeText(shape.fields()));
    return shape.id;
  }

  /** Whether a text is the ISO text of the field before it. */
  #isIsoOf(fields: Fields, previous: string, name: string, text: string): boolean {
    if (previous.length !== name.length + 2 || !previous.startsWith(name) || !holdsBigint(previous)) return false;
    const timeNs = fields[previous];
    if (typeof timeNs !== 'bigint' || timeNs < 0n) return false;
    // All observations of a process have its start.
    if (text === this.#iso.text && timeNs === this.#iso.timeNs) return true;
    if (isoTime(timeNs) !== text) return false;
    if (name === 'start') this.#iso = { timeNs, text };
    return true;
  }
}

/** The boot id that a process key begins with; empty for what is no such key. */
export function bootOfKey(key: string): string {
  return key.slice(0, Math.max(0, key.indexOf(':')));
}

const noParts: readonly [number, number] = [Number.NaN, Number.NaN];

/** tgid and start of a process key; not a number for what is none. */
export function partsOfKey(key: string): readonly [tgid: number, startTicks: number] {
  const tgidAt = key.indexOf(':') + 1;
  const startAt = key.indexOf(':', tgidAt) + 1;
  if (tgidAt === 0 || startAt === 0) return noParts;
  return [Number(key.slice(tgidAt, startAt - 1)), Number(key.slice(startAt))];
}

/** `value` of the clock of the connector, whose ids end with it. */
export function monotonicOfId(id: string): string {
  return id.slice(id.lastIndexOf('.') + 1);
}

/** `value` of the clock of audit at this time. */
export function auditClockAt(timeNs: bigint): string {
  return (timeNs / 1_000_000n).toString();
}

function timeOf(fields: Fields, timeField: string): bigint | null {
  const time = fields[timeField] ?? null;
  if (time !== null && typeof time !== 'bigint') throw new TypeError(`field ${timeField} holds no time`);
  return time;
}

function nanosecondsBefore(time: bigint | null, value: bigint): number | string {
  const distance = time === null ? value : time - value;
  return distance <= maxDistance && distance >= -maxDistance && time !== null ? Number(distance) : value.toString();
}

function clockKind(clock: object, id: string, time: bigint | null): Kind {
  const { name, value } = clock as Fields;
  if (typeof value === 'string' && hasFields(clock, 2)) {
    if (name === 'monotonic' && value === monotonicOfId(id)) return kinds.monotonic;
    if (name === 'audit' && time !== null && value === auditClockAt(time)) return kinds.audit;
  }
  return kinds.value;
}

function hasFields(object: object, count: number): boolean {
  let found = 0;
  for (const _ in object) found += 1;
  return found === count;
}

function beginsWith(text: string, bootId: string): boolean {
  return bootId !== '' && text.startsWith(bootId) && text[bootId.length] === ':';
}

function textOr(value: unknown, other: string): string {
  return typeof value === 'string' ? value : other;
}
