import { fileHistory, type ShownEntry } from '../history/file-history.ts';
import { HostPaths } from '../host-path/host-paths.ts';
import { usersOf } from '../render/content-notes.ts';
import { historyTable } from '../render/history-rows.ts';
import { jsonLine } from '../render/json-line.ts';
import { groupSize, processesByKey } from '../select.ts';
import type { Job } from './job.ts';

/** What was done to one file, by whom, in the order of time. */
export async function showFile(job: Job, path: string): Promise<void> {
  if (job.filters.path !== undefined) job.note('--path is ignored: file shows the one that it is given.');
  const { entries, uncertain } = await fileHistory(job.reader, path, job.filters);
  if (job.json) await printHistory(job, entries);
  else if (entries.length > 0) await printEntries(job, entries);
  else job.note('No such file in the evidence.');
  if (uncertain === 0) return;
  const those = uncertain === 1 ? '1 session or operation is' : `${uncertain} sessions and operations are`;
  job.note(`${those} on a name like it whose folder is not known (relative to a descriptor), and not shown.`);
}

async function printHistory(job: Job, entries: readonly ShownEntry[]): Promise<void> {
  const hostPaths = await HostPaths.read(job.reader);
  for (const { collection, document } of entries) {
    const [completed = document] = await hostPaths.addTo([document]);
    await job.out.line(jsonLine(collection, completed));
  }
}

async function printEntries(job: Job, entries: readonly ShownEntry[]): Promise<void> {
  const { table, row } = historyTable(job.screen);
  await job.out.lines(table.header());
  for (let at = 0; at < entries.length; at += groupSize) {
    const group = entries.slice(at, at + groupSize);
    const keys = group.flatMap(({ document }) => usersOf(document));
    const processes = await processesByKey(job.reader, keys);
    await job.out.lines(table.rows(group.map((entry) => row(entry, processes))));
    await job.out.flush();
  }
}
