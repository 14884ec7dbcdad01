import type { CookedReader } from '@godo/evidence';
import type { Filters } from '../options/filters.ts';
import { wrap } from '../render/fit.ts';
import { fields, number, text } from '../render/lenient.ts';
import { visible } from '../render/visible.ts';
import { selectOthers } from '../select.ts';
import { showProcesses, showSessions } from './collections.ts';
import type { Job } from './job.ts';
import { showTree } from './tree.ts';

/** The tree, the processes with their arguments and the changed files; then what is known to be missing. */
export async function showOverview(job: Job): Promise<void> {
  const { out, screen } = job;
  if (job.json) {
    await showProcesses(job);
    await showSessions(job);
  } else {
    // What is missing belongs under the heading here, not beside the data.
    const pending: string[] = [];
    const section: Job = { ...job, note: (sentence) => void pending.push(sentence) };
    const sections = [
      ['Process tree', () => showTree(section)],
      ['Processes', () => showProcesses(section)],
      [isOfChanges(job.filters) ? 'Changed files' : 'Files', () => showSessions(section)],
    ] as const;
    for (const [index, [title, show]] of sections.entries()) {
      if (index > 0) await out.line('');
      await out.line(screen.paint('title', title));
      await show();
      await out.lines(pending.splice(0).map((sentence) => screen.paint('faint', sentence)));
    }
  }
  const gaps = await gapSentence(job.reader, job.filters, (name) => visible(name, screen.charset));
  if (gaps === null) return;
  if (job.json) job.note(gaps);
  else {
    const mark = screen.charset === 'unicode' ? '⚠' : '!';
    const lines = wrap(`${mark} ${gaps}`, screen.width, 4, screen.charset);
    await out.lines(['', ...lines.map((line) => screen.paint('warning', line))]);
  }
}

function isOfChanges({ all, reads, access }: Filters): boolean {
  return all !== true && reads !== true && access !== 'read';
}

/** What the evidence is known to lack, or null when nothing is. */
export async function gapSentence(
  reader: CookedReader,
  filters: Filters,
  shown: (source: string) => string,
): Promise<string | null> {
  let gaps = 0;
  let warnings = 0;
  let missing = 0;
  let uncounted = 0;
  const sources = new Map<string, number>();
  for await (const document of selectOthers(reader, 'losses', filters)) {
    const loss = fields(document);
    if (loss.severity === 'warning') {
      warnings += 1;
      continue;
    }
    gaps += 1;
    const count = number(loss.count);
    if (count === null) uncounted += 1;
    else missing += count;
    const source = text(loss.source) ?? '?';
    sources.set(source, (sources.get(source) ?? 0) + 1);
  }
  if (gaps + warnings === 0) return null;
  const known = [...sources].slice(0, 4).map(([source, count]) => `${shown(source)} ${count}`);
  const extent =
    uncounted === gaps ? 'extent unknown' : `${uncounted > 0 ? 'at least ' : ''}${missing} records missing`;
  const parts = [
    ...(gaps > 0 ? [`${plural(gaps, 'gap')} in the evidence (${known.join(', ')}; ${extent})`] : []),
    ...(warnings > 0 ? [`${plural(warnings, 'warning')} about it`] : []),
  ];
  return `${gaps > 0 ? parts.join(' and ') : `${plural(warnings, 'warning')} about the evidence`}: see "viewer losses".`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
