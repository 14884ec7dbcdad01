/** The table of bench:replay and its targets. */

import { megabytes, printTable, printTargets, shown } from '../support/report.mjs';
import { ratio, spreads } from '../support/statistics.mjs';

/** Prints log, table and targets; gives { readers, targets } for the JSON line. */
export function printReaders(readers, results, mix, { enriched, mongo, missing }) {
  printMix(mix, enriched);
  const medians = new Map(readers.map(({ name }) => [name, spreads(results.get(name))]));
  const base = medians.get('laurel');
  const rows = readers.map(({ name, about }) => row(name, about, results.get(name)[0], medians.get(name), base));
  const head = ['reader', 'wall s', 'min–max', 'CPU s', 'wall/laurel', 'CPU/laurel', 'RSS MB', 'made', 'out MB'];
  printTable('Medians', [head, ...rows]);
  const server = medians.get('godo-mongodb')?.serverSeconds;
  if (server) process.stdout.write(`The CPU time of ${mongo.name} is not in it: ${shown(server.median)} s.\n\n`);
  for (const { name } of missing)
    process.stdout.write(`Not measured: ${name}. Set MONGODB_URI, or run the tests once: they build a server.\n\n`);
  const compare = (field) => ratio(medians.get('godo')?.[field].median, base?.[field].median);
  const targets = printTargets('Targets of issue 3', [
    { measure: 'godo into SQLite: wall against laurel', value: compare('wallSeconds'), most: 0.45 },
    { measure: 'godo into SQLite: CPU seconds against laurel', value: compare('cpuSeconds'), most: 0.8 },
    {
      measure: 'raw.db bytes against the audit.log',
      value: ratio(medians.get('godo')?.outputBytes.median, mix.bytes),
      most: 0.15,
    },
  ]);
  const all = readers.map(({ name }) => ({ reader: name, ...medians.get(name), unit: results.get(name)[0].unit }));
  return { readers: all, targets };
}

function row(name, about, { unit }, { wallSeconds, cpuSeconds, maxRssBytes, done, outputBytes }, base) {
  return [
    `${name}: ${about}`,
    shown(wallSeconds.median),
    `${shown(wallSeconds.min)}–${shown(wallSeconds.max)}`,
    shown(cpuSeconds.median),
    shown(ratio(wallSeconds.median, base?.wallSeconds.median)),
    shown(ratio(cpuSeconds.median, base?.cpuSeconds.median)),
    megabytes(maxRssBytes.median),
    `${shown(done.median)} ${unit}`,
    megabytes(outputBytes?.median),
  ];
}

function printMix({ lines, bytes, events, interleaved, sessions, execs, repetitions, types }, enriched) {
  const kinds = Object.entries(types)
    .sort(([, a], [, b]) => b - a)
    .map(([type, count]) => `${type} ${shown(Number(((100 * count) / lines).toPrecision(2)))} %`);
  process.stdout.write(
    [
      `The log (${enriched ? 'ENRICHED' : 'RAW'}): ${shown(lines)} lines, ${megabytes(bytes)} MB, ${shown(events)} events,`,
      `${shown(interleaved)} of them interleaved with others; ${shown(sessions)} files opened for writing,`,
      `${shown(execs)} programs executed; ${repetitions} times the sample. Lines: ${kinds.join(', ')}.\n\n`,
    ].join(' '),
  );
}
