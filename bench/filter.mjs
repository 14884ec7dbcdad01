/** bench:filter: time and memory of the filter on raw evidence of several sizes. See README.md. */

import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { rawEvidence } from './filter/evidence.mjs';
import { BenchError, runBench } from './support/cleanup.mjs';
import { neutralEnvironment, rawBytes } from './support/godo.mjs';
import { runMeasured } from './support/measured.mjs';
import { benchOptions } from './support/options.mjs';
import { compilePrograms, godoProgram, temporaryFolder } from './support/programs.mjs';
import { megabytes, printJson, printTable, printTargets, progress, shown, versions } from './support/report.mjs';
import { ratio, spreads } from './support/statistics.mjs';

const own = { sizes: { type: 'string', default: '1,3,10', value: 'N,…', help: 'millions of raw documents' } };
const about = 'Time and memory of the filter, from a raw.db that is made for it (some GB in $TMPDIR) to its cooked.db.';
const limitSeconds = 3600;
const entriesABatch = 5000;

await runBench(async () => {
  const options = benchOptions('bench:filter', about, own);
  if (options === null) return;
  const sizes = options.sizes.split(',').map(Number);
  if (!sizes.every((millions) => millions >= 0.01 && millions <= 1000))
    throw new BenchError('--sizes takes millions of documents, from 0.01 on.');
  godoProgram(options.godo);
  const top = temporaryFolder();
  const { measure } = await compilePrograms(['measure'], top);
  const cells = [];
  for (const millions of sizes) cells.push(await measureSize(millions, { ...options, top, measure }));
  progress('');
  printCells(cells);
  const growth = growthOf(cells);
  const targets = printTargets('Targets', targetsOf(cells, growth));
  const settings = { runs: options.runs, sizes };
  printJson(
    { bench: 'filter', cells, growth, targets, settings, versions: await versions(options.godo, []) },
    options.json,
  );
});

async function measureSize(millions, { top, measure, godo, runs }) {
  const db = join(top, `${millions}`);
  mkdirSync(db);
  const documents = Math.round(millions * 1e6);
  const evidence = await import(pathToFileURL(join(godo, 'packages/evidence/dist/index.js')).href);
  const { expected, mix } = await store(db, documents, evidence);
  const bytes = rawBytes(db);
  const results = [];
  for (let run = 1; run <= runs; run += 1) {
    progress(`${millions} million: run ${run} of ${runs}`);
    results.push(await runFilter(join(godo, 'packages/filter/bin/filter.js'), db, { top, measure, expected }));
  }
  const counted = await cookedCounts(db, evidence);
  const wanted = { processes: expected.processes, files: expected.filesKept, containers: expected.containers };
  if (!isDeepStrictEqual(counted, wanted))
    throw new Error(`cooked.db holds ${JSON.stringify(counted)}, and not ${JSON.stringify(wanted)}.`);
  rmSync(db, { recursive: true });
  const cost = spreads(results);
  return {
    documents,
    mix,
    expected,
    rawBytes: bytes,
    ...cost,
    documentsPerSecond: ratio(documents, cost.wallSeconds.median),
    cpuMicrosecondsPerDocument: ratio(cost.cpuSeconds.median * 1e6, documents),
  };
}

/** Makes the raw evidence, through the store that the listener writes to. */
async function store(db, documents, { openRawStore, isoTime }) {
  const rawStore = await openRawStore({ kind: 'sqlite', directory: db });
  const entries = rawEvidence(documents, { isoTime });
  let batch = [];
  let stored = 0;
  for (;;) {
    const { done, value } = entries.next();
    if (!done) batch.push(value);
    if (done || batch.length === entriesABatch) {
      stored += (await rawStore.insert(batch)).inserted;
      batch = [];
      progress(`making ${documents.toLocaleString('en')} documents: ${stored.toLocaleString('en')}`);
    }
    if (!done) continue;
    await rawStore.close();
    if (stored !== documents) throw new Error(`${stored} of ${documents} documents were stored.`);
    return value;
  }
}

async function runFilter(program, db, { top, measure, expected }) {
  const said = join(top, 'summary');
  const out = openSync(said, 'w');
  let cost;
  try {
    // As the listener leaves it: nothing cooked yet.
    rmSync(join(db, 'cooked.db'), { force: true });
    cost = await runMeasured(measure, top, [process.execPath, program, '--db', db, '--json'], {
      stdio: ['ignore', out, 'inherit'],
      env: neutralEnvironment(),
      limitSeconds,
    });
  } finally {
    closeSync(out);
  }
  if (cost.code !== 0) throw new Error(`The filter ended with ${cost.code}.`);
  const { seconds: _, raw: __, cooked: ___, ...summary } = JSON.parse(readFileSync(said, 'utf8'));
  if (!isDeepStrictEqual(summary, expected))
    throw new Error(`The filter counted ${JSON.stringify(summary)}, and not ${JSON.stringify(expected)}.`);
  const { wallSeconds, userSeconds, systemSeconds, cpuSeconds, maxRssBytes } = cost;
  const cookedBytes = statSync(join(db, 'cooked.db')).size;
  return { wallSeconds, userSeconds, systemSeconds, cpuSeconds, maxRssBytes, cookedBytes };
}

async function cookedCounts(db, { openCookedReader }) {
  const reader = await openCookedReader({ kind: 'sqlite', directory: db });
  try {
    const counts = {};
    for (const name of ['processes', 'files', 'containers']) counts[name] = await reader.count(name);
    return counts;
  } finally {
    await reader.close();
  }
}

function printCells(cells) {
  const { mix, documents } = cells.at(-1);
  const share = (count) => `${shown((count / documents) * 100)} %`;
  const tasks = shown(mix.pids / cells.at(-1).expected.processes);
  process.stdout.write(
    `Two hosts; ${share(mix.files + mix.fds)} file sessions, ${share(mix.pids)} observations of tasks, ` +
      `${tasks} for each process of the tree.\n\n`,
  );
  printTable('Filter, SQLite to SQLite (medians; warm page cache)', [
    [
      'documents',
      'processes',
      'files',
      'raw MB',
      'cooked MB',
      'wall s',
      'CPU s',
      'documents/s',
      'CPU µs/doc',
      'RSS MB',
    ],
    ...cells.map((cell) => [
      shown(cell.documents),
      shown(cell.expected.processes),
      shown(cell.expected.filesKept),
      megabytes(cell.rawBytes),
      megabytes(cell.cookedBytes.median),
      shown(cell.wallSeconds.median),
      shown(cell.cpuSeconds.median),
      shown(Math.round(cell.documentsPerSecond)),
      shown(cell.cpuMicrosecondsPerDocument),
      megabytes(cell.maxRssBytes.median),
    ]),
  ]);
}

/** How much longer a larger size takes than the smallest, beside how much larger it is. */
function growthOf(cells) {
  const [least, ...larger] = cells.toSorted((a, b) => a.documents - b.documents);
  return larger.map((cell) => ({
    documents: ratio(cell.documents, least.documents),
    wallSeconds: ratio(cell.wallSeconds.median, least.wallSeconds.median),
    from: least.documents,
    to: cell.documents,
  }));
}

function targetsOf(cells, growth) {
  const largest = cells.toSorted((a, b) => b.documents - a.documents)[0];
  const isFull = largest.documents === 10_000_000;
  const tenfold = growth.find(({ from, to }) => from === 1_000_000 && to === 10_000_000);
  return [
    {
      measure: 'documents/s (slowest size)',
      value: Math.min(...cells.map((cell) => cell.documentsPerSecond)),
      least: 150_000,
    },
    { measure: 'RSS at 10 million', value: isFull ? largest.maxRssBytes.max / 2 ** 20 : null, most: 512, unit: ' MiB' },
    { measure: 'time at 10 million / at 1 million', value: tenfold?.wallSeconds ?? null, most: 11 },
  ];
}
