import { type CookedCollection, cookedCollections } from '@godo/evidence';
import { type FilterName, filterOptions } from '../options/filters.ts';
import { padEnd } from '../render/fit.ts';
import { jsonLine } from '../render/json-line.ts';
import { fields, ns, number, text } from '../render/lenient.ts';
import { StreamedTable } from '../render/table.ts';
import { dateTime } from '../render/time.ts';
import { visible } from '../render/visible.ts';
import type { Job } from './job.ts';

interface Summary {
  readonly location: string;
  readonly counts: Readonly<Record<CookedCollection, number>>;
  readonly hosts: readonly string[];
  readonly boots: readonly string[];
  readonly firstNs: bigint | null;
  readonly lastNs: bigint | null;
}

/** How much evidence there is, where it comes from and which runs of the listener made it. With JSON: the summary, then the runs. */
export async function showStats(job: Job): Promise<void> {
  const given = (Object.keys(filterOptions) as FilterName[]).filter((name) => job.filters[name] !== undefined);
  if (given.length > 0)
    job.note(`stats counts everything; ${given.map((name) => filterOptions[name]).join(', ')} is ignored.`);
  const summary = await summarize(job);
  if (job.json) {
    await job.out.line(jsonLine('stats', summary));
    for await (const run of job.reader.find('runs', {})) await job.out.line(jsonLine('runs', run));
    return;
  }
  await job.out.lines(summaryLines(summary, job));
  await printRuns(job);
}

async function summarize({ reader }: Job): Promise<Summary> {
  const counts: Partial<Record<CookedCollection, number>> = {};
  for (const collection of cookedCollections) counts[collection] = await reader.count(collection);
  const hosts = new Set<string>();
  const boots = new Set<string>();
  let firstNs: bigint | null = null;
  let lastNs: bigint | null = null;
  const seen = (moment: bigint | null) => {
    if (moment === null) return;
    if (firstNs === null || moment < firstNs) firstNs = moment;
    if (lastNs === null || moment > lastNs) lastNs = moment;
  };
  for (const collection of ['runs', 'processes'] as const) {
    for await (const document of reader.find(collection, {})) {
      const { host, bootId, mode, startedBefore, startNs, endNs, exitNs } = fields(document);
      if (text(host) !== null) hosts.add(host as string);
      if (text(bootId) !== null) boots.add(bootId as string);
      // A replay's run is about when somebody replayed; a process that ran before, about a time nobody watched.
      if (mode === 'replay') continue;
      for (const moment of [startedBefore === true ? null : startNs, endNs, exitNs]) seen(ns(moment));
    }
  }
  return {
    location: reader.location,
    counts: counts as Record<CookedCollection, number>,
    hosts: [...hosts].sort(),
    boots: [...boots].sort(),
    firstNs,
    lastNs,
  };
}

function summaryLines(summary: Summary, { screen }: Job): string[] {
  const { charset, paint } = screen;
  const names = (values: readonly string[]) =>
    `${values.length}${
      values.length > 0
        ? `  ${values
            .slice(0, 6)
            .map((value) => visible(value, charset))
            .join(', ')}`
        : ''
    }${values.length > 6 ? ', and more' : ''}`;
  const facts: [string, string][] = [
    ['evidence', visible(summary.location, charset)],
    ['watched', `${dateTime(summary.firstNs)} to ${dateTime(summary.lastNs)} UTC`],
    ['hosts', names(summary.hosts)],
    ['boots', names(summary.boots)],
    ...Object.entries(summary.counts).map(([name, count]): [string, string] => [name, String(count)]),
  ];
  return facts.map(([name, value]) => `${paint('heading', padEnd(name, 12))}${value}`);
}

async function printRuns(job: Job): Promise<void> {
  const { charset, paint } = job.screen;
  const table = new StreamedTable(
    [
      { title: 'RUN STARTED (UTC)', width: 23 },
      { title: 'ENDED (UTC)', width: 23 },
      { title: 'INTAKE', width: 10 },
      { title: 'HOST', width: 12, share: 1 },
    ],
    job.screen,
  );
  let first = true;
  for await (const document of job.reader.find('runs', {})) {
    const run = fields(document);
    if (first) await job.out.lines(['', ...table.header()]);
    first = false;
    const reason = text(run.reason);
    const intake = text(run.intake) ?? text(run.mode) ?? '?';
    const about = [
      `id ${visible(text(run._id) ?? '?', charset)}`,
      ...['kernel', 'version'].flatMap((name) =>
        text(run[name]) === null ? [] : [`${name} ${visible(text(run[name]) ?? '', charset)}`],
      ),
      ...(reason === null ? [] : [`ended by ${visible(reason, charset)}`]),
    ];
    const lost = lostCounters(run.counters);
    const known = ns(run.endNs) !== null;
    await job.out.lines(
      table.rows([
        {
          lines: [
            [
              { text: dateTime(ns(run.startNs)), lines: 1 },
              known
                ? { text: dateTime(ns(run.endNs)), lines: 1 }
                : { text: 'cut off, or still going', role: 'warning' },
              { text: visible(intake, charset) },
              { text: visible(text(run.host) ?? '?', charset) },
            ],
          ],
          notes: [
            { text: about.join(', '), indent: 2, role: 'faint' },
            lost === null
              ? { text: 'no counters', indent: 2, role: 'faint' }
              : lost.length === 0
                ? { text: 'nothing lost', indent: 2, role: 'good' }
                : {
                    text: `lost: ${lost.map(([name, count]) => `${visible(name, charset)} ${count}`).join(', ')}`,
                    indent: 2,
                    role: 'bad',
                    lines: 6,
                  },
          ],
        },
      ]),
    );
  }
  if (first) await job.out.line(paint('faint', 'No run of the listener in the evidence.'));
}

/** Counters of a run that tell of something lost and are not 0; null when the run has none at all (it was cut off). */
function lostCounters(counters: unknown): [string, number][] | null {
  const all = Object.entries(fields(counters)).flatMap(([name, value]): [string, number][] => {
    const count = number(value);
    return count === null ? [] : [[name, count]];
  });
  if (all.length === 0) return null;
  return all.filter(
    ([name, count]) => count > 0 && /lost|loss|gap|drop|overrun|incomplete|undecod|discard|missed/i.test(name),
  );
}
