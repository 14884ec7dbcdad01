import type { CookedCollection, CookedReader } from '@godo/evidence';
import { type Filters, inapplicable } from '../options/filters.ts';
import type { Output } from '../output.ts';
import type { ProcessesByKey } from '../render/file-rows.ts';
import { jsonLine } from '../render/json-line.ts';
import type { Screen } from '../render/screen.ts';
import type { Row, StreamedTable } from '../render/table.ts';
import type { Unresolved } from '../select.ts';
import { inGroups, processesByKey } from '../select.ts';

/** What one view needs: the evidence, what to show of it, and where. */
export interface Job {
  readonly reader: CookedReader;
  readonly filters: Filters;
  readonly screen: Screen;
  readonly json: boolean;
  readonly out: Output;
  /** Says one sentence to the person, beside the data. */
  readonly note: (sentence: string) => void;
}

/** A path that leaves files out because it could not be held against them says so. */
export function noteUnresolved(job: Job, { files, operations }: Unresolved): void {
  const left = [
    ...(files > 0 ? [files === 1 ? '1 changed file' : `${files} changed files`] : []),
    ...(operations > 0 ? [operations === 1 ? '1 operation' : `${operations} operations`] : []),
  ];
  if (left.length === 0) return;
  const folders = files + operations === 1 ? 'whose folder is' : 'whose folders are';
  job.note(
    `--path could not be held against ${left.join(' and ')} ${folders} not known (named relative to a descriptor, or not at all): look without it, too.`,
  );
}

/** Says which of the given filters this collection has nothing for: a filter is never left out silently. */
export function noteInapplicable(job: Job, collection: CookedCollection, view: string): void {
  const options = inapplicable(job.filters, collection);
  if (options.length > 0) job.note(`${options.join(', ')} cannot be applied to ${view} and is ignored there.`);
}

export async function printJson(
  job: Job,
  collection: CookedCollection,
  documents: AsyncIterable<object>,
): Promise<void> {
  for await (const document of documents) await job.out.line(jsonLine(collection, document));
}

/** How a kind of document is shown as a table. */
export interface Tabular {
  readonly table: StreamedTable;
  row(document: unknown, processes: ProcessesByKey): Row;
  /** Keys of processes the row needs to know more about. */
  keys(document: unknown): readonly unknown[];
}

/** Prints documents as they come; returns how many there were. The header is printed once, with the first of them. */
export async function printTable(job: Job, view: Tabular, documents: AsyncIterable<object>): Promise<number> {
  let count = 0;
  for await (const group of inGroups(documents)) {
    if (count === 0) await job.out.lines(view.table.header());
    count += group.length;
    const processes = await processesByKey(
      job.reader,
      group.flatMap((document) => view.keys(document)),
    );
    await job.out.lines(view.table.rows(group.map((document) => view.row(document, processes))));
    await job.out.flush();
  }
  return count;
}
