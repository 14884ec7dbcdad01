/** The tables of bench:live and its targets. */

import { megabytes, printTable, printTargets, shown } from '../support/report.mjs';
import { ratio, spreads } from '../support/statistics.mjs';

const micro = 1e6;

/** One table for each workload and number of processes; medians, the workload's time with its range. */
export function printCells(cells, { rules, missing }) {
  const head = [
    'listener',
    'work s',
    'min–max',
    'vs none',
    'drain s',
    'CPU s',
    'kauditd s',
    'records',
    'records/s',
    'µs/record',
    'lost',
    'gaps',
    'stored',
    'of',
    'out MB',
    'written MB',
    'RSS MB',
  ];
  for (const group of groups(cells)) {
    const [{ workload, copies, about }] = group;
    const none = group.find(({ listener }) => listener === 'none');
    const rows = group.map((cell) => row(cell, none));
    printTable(`${workload}, ${copies} process${copies > 1 ? 'es' : ''}: ${about} each`, [head, ...rows]);
  }
  process.stdout.write('Rules (godo’s own; the others get the same):\n');
  for (const rule of rules.recording) process.stdout.write(`  ${rule}\n`);
  for (const rule of rules.excluding) process.stdout.write(`  ${rule}   (godo only: it never reads these)\n`);
  for (const { name, needs } of missing)
    process.stdout.write(`Not measured: ${name} is not installed (${Object.values(needs).join(', ')}).\n`);
  process.stdout.write('\n');
}

function row(cell, none) {
  const all = spreads(cell.results);
  const value = (field) => all[field]?.median ?? null;
  const records = value('records');
  const work = all.wallSeconds;
  return [
    cell.listener,
    shown(work.median),
    `${shown(work.min)}–${shown(work.max)}`,
    none === undefined ? '·' : shown(ratio(work.median, spreads(none.results).wallSeconds.median)),
    shown(value('drainSeconds')),
    shown(value('cpuSeconds')),
    shown(value('kauditdSeconds')),
    shown(records),
    shown(rate(records, work.median + (value('drainSeconds') ?? 0))),
    shown(ratio(value('cpuSeconds'), records) === null ? null : ratio(value('cpuSeconds') * micro, records)),
    shown(all.lost?.max ?? null),
    shown(all.missingSerials?.max ?? null),
    shown(all.stored?.min ?? null),
    cell.listener === 'none' ? '·' : shown(value('expected')),
    megabytes(value('outputBytes')),
    megabytes(value('writtenBytes')),
    megabytes(value('maxRssBytes')),
  ];
}

function rate(count, seconds) {
  return count === null ? null : Math.round(count / seconds);
}

/** Prints the targets; gives { cells, ratios, targets } for the JSON line. */
export function printResult(cells) {
  const medians = (workload, copies, listener) => {
    const cell = cells.find((one) => one.workload === workload && one.copies === copies && one.listener === listener);
    return (field) => (cell === undefined ? null : (spreads(cell.results)[field]?.median ?? null));
  };
  const compare = (workload, copies, a, b, field) =>
    ratio(medians(workload, copies, a)(field), medians(workload, copies, b)(field));
  const godo = medians('files', 1, 'godo');
  const perRecord = ratio(godo('cpuSeconds'), godo('records'));
  const runsOfGodo = cells.filter(({ listener }) => listener === 'godo').flatMap(({ results }) => results);
  const sum = (field) => runsOfGodo.reduce((total, result) => total + (result[field] ?? 0), 0);
  const wrong = sum('lost') + sum('missingSerials');
  // Work under a listener that loses records is quicker for it: such a time is no achievement.
  const workAgainst = (listener, most) => ({
    measure: `file loop: work time, godo / ${listener}`,
    value: compare('files', 1, 'godo', listener, 'wallSeconds'),
    most,
    void: wrong > 0 ? 'godo lost records' : null,
  });
  const targets = printTargets('Targets of issue 3', [
    workAgainst('bare', 1.25),
    workAgainst('auditd', 0.65),
    {
      measure: 'file loop: CPU of godo a record, database included',
      value: perRecord === null ? null : perRecord * micro,
      most: 2,
      unit: ' µs',
    },
    { measure: 'every run of godo: lost', value: runsOfGodo.length === 0 ? null : wrong, most: 0 },
    {
      measure: 'every run of godo: done and not stored, or stored and not done',
      value:
        runsOfGodo.length === 0 ? null : runsOfGodo.reduce((all, run) => all + Math.abs(run.expected - run.stored), 0),
      most: 0,
    },
    {
      measure: 'spawn loop: CPU, godo / auditd (ENRICHED)',
      value: compare('spawns', 1, 'godo', 'auditd', 'cpuSeconds'),
      most: 1,
    },
    {
      measure: 'file loop: raw.db bytes / audit.log bytes (auditd RAW)',
      value: compare('files', 1, 'godo', 'auditd-raw', 'outputBytes'),
      most: 0.15,
    },
  ]);
  return {
    cells: cells.map(({ results, ...cell }) => ({ ...cell, runs: results.length, ...spreads(results) })),
    targets,
  };
}

function groups(cells) {
  const keys = [...new Set(cells.map(({ workload, copies }) => `${workload} ${copies}`))];
  return keys.map((key) => cells.filter(({ workload, copies }) => `${workload} ${copies}` === key));
}
