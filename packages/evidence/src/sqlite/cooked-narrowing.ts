/**
 * The conditions of a query as far as columns can tell; cooked-query.ts has the last word. None asks for a whole list of
 * rows by an index and sorts it: rows are read by pages in their order, and each page would do that again.
 */

import type { CookedCollection } from '../cooked-documents.ts';
import { containerPrefix } from '../cooked-query.ts';
import type { CookedQuery } from '../stores.ts';
import type { SqliteValue } from './driver.ts';
import type { Condition } from './row-reader.ts';
import { type CopiedColumn, cookedTables } from './schema.ts';

/** The column of the last moment of a document; that of the first is `time`. */
const ends: { readonly [C in Exclude<CookedCollection, 'files'>]: CopiedColumn | 'time' } = {
  processes: 'exitNs',
  containers: 'lastNs',
  operations: 'time',
  events: 'time',
  losses: 'time',
  runs: 'endNs',
};

export function narrow(collection: Exclude<CookedCollection, 'files'>, query: CookedQuery): Condition {
  const conditions = new Conditions();
  const { copied } = cookedTables[collection];
  const prefix = containerPrefix(query);
  if (prefix && copied.includes('containerId')) {
    const { where, values } = prefixed('this.containerId', prefix);
    // No index is there for it: see above.
    conditions.add(where, ...values);
  }
  if (query.pid !== undefined && copied.includes('tgid')) conditions.add('this.tgid = ?', query.pid);
  const end = ends[collection];
  if (query.sinceNs !== undefined) conditions.add(`(this.${end} IS NULL OR this.${end} >= ?)`, query.sinceNs);
  if (query.untilNs !== undefined) conditions.add('this.time <= ?', query.untilNs);
  return conditions.all();
}

/**
 * For `files`, of whose openers most is asked.
 *
 * @param numbers gives the numbers of the entries of a table of the dictionary that meet a condition.
 */
export function narrowFiles(
  query: CookedQuery,
  numbers: (from: string, ...values: SqliteValue[]) => readonly number[],
): Condition {
  const conditions = new Conditions();
  const prefix = containerPrefix(query);
  if (prefix) {
    const { where, values } = prefixed('text', prefix);
    conditions.add(openerHas(isOneOf('opener.container', numbers(`texts WHERE ${where}`, ...values))));
  }
  if (query.exe !== undefined) {
    const last = "substr(text, -length(?) - 1) = '/' || ?";
    const where = `text = ? OR ${last} OR ${escaped('text')}`;
    const texts = numbers(`texts WHERE ${where}`, query.exe, query.exe, query.exe);
    conditions.add(openerHas(isOneOf('opener.exe', texts)));
  }
  if (query.pid !== undefined) {
    const others = ['writers', 'changes', 'mapped'].map((name) => `instr(this.doc, '"${name}"') > 0`);
    conditions.add(`(${openerHas('opener.tgid = ?')} OR ${others.join(' OR ')})`, query.pid);
  }
  if (query.sessionId !== undefined) {
    const whole = "CASE substr(session, 1, 1) WHEN ':' THEN boots.boot || session ELSE substr(session, 2) END";
    const from = `(SELECT origins.id FROM origins JOIN boots ON boots.id = origins.boot
      WHERE ${whole} = ? OR ${escaped('session')} OR ${escaped('boots.boot')})`;
    conditions.add(openerHas(isOneOf('opener.origin', numbers(from, query.sessionId))));
  }
  if (query.sinceNs !== undefined) {
    conditions.add('(this.lasted IS NULL OR this.opened + this.lasted >= ?)', msOf(query.sinceNs));
  }
  if (query.untilNs !== undefined) conditions.add('this.opened <= ?', msOf(query.untilNs));
  return conditions.all();
}

/** How many numbers a statement takes easily; of more the rows themselves are asked. */
const numbersAStatement = 10_000;

function isOneOf(column: string, numbers: readonly number[]): string {
  return numbers.length > numbersAStatement ? 'true' : `${column} IN (${numbers.join(', ')})`;
}

function openerHas(condition: string): string {
  return `EXISTS (SELECT 1 FROM openers AS opener WHERE opener.id = this.opener AND ${condition})`;
}

function prefixed(column: string, prefix: string): Condition {
  return {
    where: `((${column} >= ? AND ${column} < ?) OR ${escaped(column)})`,
    values: [prefix, `${prefix}\u{10ffff}`],
  };
}

/** Whether a text may be another than it looks like (text-form.ts). */
function escaped(column: string): string {
  return `(${column} >= 'json:' AND ${column} < 'json;')`;
}

function msOf(timeNs: bigint): bigint {
  return timeNs / 1_000_000n;
}

class Conditions {
  readonly #conditions: string[] = [];
  readonly #values: SqliteValue[] = [];

  add(condition: string, ...values: SqliteValue[]): void {
    this.#conditions.push(condition);
    this.#values.push(...values);
  }

  all(): Condition {
    return { where: ['true', ...this.#conditions].join(' AND '), values: this.#values };
  }
}
