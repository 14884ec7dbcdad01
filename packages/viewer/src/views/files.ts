import type { CookedReader } from '@godo/evidence';
import { type ChangeDocument, changeDocument, keysOf } from '../changes/change-document.ts';
import type { Change } from '../changes/file-tree.ts';
import { type ChangedSystem, finalChanges } from '../changes/final-changes.ts';
import { pathOf } from '../changes/path-parts.ts';
import { changeTable } from '../render/change-rows.ts';
import { jsonLine } from '../render/json-line.ts';
import { list, text } from '../render/lenient.ts';
import { shortContainer } from '../render/process.ts';
import { visible, visibleName } from '../render/visible.ts';
import { groupSize, processesByKey } from '../select.ts';
import type { Job } from './job.ts';

/** Of each container, and of the host, the files that are not what they were: A made, C changed, D removed. */
export async function showFiles(job: Job): Promise<void> {
  const { access, reads } = job.filters;
  const ignored = [...(access === undefined ? [] : ['--access']), ...(reads === undefined ? [] : ['--reads'])];
  if (ignored.length > 0)
    job.note(`${ignored.join(', ')} cannot be applied to files and is ignored there: see sessions.`);
  const systems = await finalChanges(job.reader, job.filters);
  let shown = 0;
  let unplaced = 0;
  let uncertain = 0;
  const older: string[] = [];
  for (const system of systems) {
    const ranBefore = await ranBeforeGodo(job.reader, system);
    const count = await printSystem(job, system, ranBefore, shown > 0);
    shown += count;
    unplaced += system.unplaced;
    uncertain += system.uncertain;
    if (ranBefore && count > 0) older.push(shortContainer(system.containerId, job.screen.charset) ?? '?');
  }
  if (shown === 0 && !job.json) {
    job.note('No such changed file in the evidence; sessions shows what was opened, operations what was tried.');
  }
  if (older.length > 0) {
    job.note(
      `what ${older.join(', ')} had changed before godo ran is taken for what was there: A, C and D are told from then on.`,
    );
  }
  if (unplaced > 0) {
    const changes = unplaced === 1 ? '1 change is' : `${unplaced} changes are`;
    job.note(`${changes} not in the list, for the file or its folder is not known: see sessions and operations.`);
  }
  let gaps = 0;
  for await (const { severity } of job.reader.find('losses', {})) if (severity === 'loss') gaps += 1;
  if (gaps > 0) {
    const many = gaps === 1 ? 'is 1 gap' : `are ${gaps} gaps`;
    job.note(`There ${many} in the evidence, so that the list may lack something or have what is gone: see losses.`);
  }
  if (uncertain > 0) {
    const files = uncertain === 1 ? '1 open file was' : `${uncertain} open files were`;
    job.note(`${files} mapped into memory and may have been changed through it: see sessions --all.`);
  }
}

/** @returns how many changes were shown. */
async function printSystem(job: Job, system: ChangedSystem, ranBefore: boolean, isNext: boolean): Promise<number> {
  const { table, row } = changeTable(job.screen);
  let count = 0;
  let group: Change[] = [];
  const print = async () => {
    const processes = await processesByKey(job.reader, group.flatMap(keysOf));
    const documents = group.map((change) => changeDocument(system, change, processes, ranBefore));
    group = [];
    if (job.json) for (const document of documents) await job.out.line(jsonLine('changes', document));
    else await printRows(documents);
    await job.out.flush();
  };
  const printRows = async (documents: readonly ChangeDocument[]) => {
    if (count === documents.length) {
      if (isNext) await job.out.line('');
      await job.out.line(job.screen.paint('title', titleOf(job, system)));
      await job.out.lines(table.header());
    }
    await job.out.lines(table.rows(documents.map(row)));
  };
  for (const change of system.changes()) {
    if (!change.isWanted || (change.inRemoved && !job.filters.all)) continue;
    if (job.filters.path !== undefined && !job.filters.path.matches(pathOf(change.parts).path)) continue;
    group.push(change);
    count += 1;
    if (group.length === groupSize) await print();
  }
  if (group.length > 0) await print();
  return count;
}

function titleOf({ screen: { charset } }: Job, { host, containerId, container }: ChangedSystem): string {
  if (containerId === null) return `host ${visible(host, charset)}`;
  const [name, image] = [text(container?.name), text(container?.image)];
  return [
    `container ${shortContainer(containerId, charset)}`,
    ...(name === null ? [] : [visibleName(name, charset)]),
    ...(image === null ? [] : [`(${visibleName(image, charset)})`]),
  ].join(' ');
}

/** What a container did before is not told apart from its image. */
async function ranBeforeGodo(reader: CookedReader, { container }: ChangedSystem): Promise<boolean> {
  const keys = list(container?.rootKeys).flatMap((key) => text(key) ?? []);
  const processes = await reader.processes(keys);
  return processes.some(({ startedBefore }) => startedBefore === true);
}
