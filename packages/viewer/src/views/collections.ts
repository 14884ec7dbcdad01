import { withContents } from '../contents.ts';
import { withHostPaths } from '../host-path/with-host-paths.ts';
import { usersOf } from '../render/content-notes.ts';
import { fileTable } from '../render/file-rows.ts';
import { fields } from '../render/lenient.ts';
import { operationTable } from '../render/operation-rows.ts';
import { containerTable, eventTable, lossTable } from '../render/other-rows.ts';
import { processTable } from '../render/process-rows.ts';
import { noneUnresolved, selectFiles, selectOperations, selectOthers, selectProcesses } from '../select.ts';
import { type Job, noteInapplicable, noteUnresolved, printJson, printTable, type Tabular } from './job.ts';

/** Each prints the documents the filters ask for, as a table or as JSON. */
export async function showProcesses(job: Job): Promise<void> {
  const unresolved = noneUnresolved();
  const documents = selectProcesses(job.reader, job.filters, unresolved);
  const view: Tabular = { ...processTable(job.screen), keys: () => [] };
  if (job.json) await printJson(job, 'processes', documents);
  else if ((await printTable(job, view, documents)) === 0) job.note('No such process in the evidence.');
  noteUnresolved(job, unresolved);
}

export async function showSessions(job: Job): Promise<void> {
  const unresolved = noneUnresolved();
  const documents = selectFiles(job.reader, job.filters, unresolved);
  if (job.json) await printJson(job, 'files', withContents(job.reader, withHostPaths(job.reader, documents)));
  else if ((await printTable(job, { ...fileTable(job.screen), keys: usersOf }, documents)) === 0) {
    job.note(
      job.filters.all
        ? 'No such file in the evidence.'
        : 'No such changed file in the evidence; --all shows also files that were opened for writing and not changed.',
    );
  }
  noteUnresolved(job, unresolved);
}

export async function showOperations(job: Job): Promise<void> {
  const unresolved = noneUnresolved();
  const documents = selectOperations(job.reader, job.filters, unresolved);
  const keys = (document: unknown) => [fields(document).key];
  if (job.json) await printJson(job, 'operations', withHostPaths(job.reader, documents));
  else if ((await printTable(job, { ...operationTable(job.screen), keys }, documents)) === 0) {
    job.note('No such operation in the evidence.');
  }
  noteUnresolved(job, unresolved);
}

export async function showContainers(job: Job): Promise<void> {
  const documents = selectOthers(job.reader, 'containers', job.filters);
  if (job.json) return printJson(job, 'containers', documents);
  const keys = (document: unknown) => [fields(document).engineKey];
  const count = await printTable(job, { ...containerTable(job.screen), keys }, documents);
  if (count === 0) job.note('No such container in the evidence.');
}

export async function showEvents(job: Job): Promise<void> {
  const documents = selectOthers(job.reader, 'events', job.filters);
  if (job.json) return printJson(job, 'events', documents);
  const keys = (document: unknown) => [fields(document).key];
  const count = await printTable(job, { ...eventTable(job.screen), keys }, documents);
  if (count === 0) job.note('No such event in the evidence.');
}

export async function showLosses(job: Job): Promise<void> {
  noteInapplicable(job, 'losses', 'losses');
  const documents = selectOthers(job.reader, 'losses', job.filters);
  if (job.json) return printJson(job, 'losses', documents);
  const count = await printTable(job, { ...lossTable(job.screen), keys: () => [] }, documents);
  if (count === 0) job.note('No known gap in the evidence.');
}
