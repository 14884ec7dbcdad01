/**
 * bench:guard: what a line of an audit.log costs `godo replay`, in multiples of the fixed work in guard/reference.mjs.
 *
 * CPU time, not instructions: few virtual machines have a performance counter. CPU time is not steady either (a
 * neighbour on the same core can double it), so both are run in pairs, one right after the other and in alternating
 * order, and the median of the pairs' ratios counts. Starting the programs is taken off: each runs on a short log too.
 */

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateLog } from './sample/generate.mjs';
import { BenchError, runBench } from './support/cleanup.mjs';
import { neutralEnvironment } from './support/godo.mjs';
import { runMeasured } from './support/measured.mjs';
import { benchOptions } from './support/options.mjs';
import { compilePrograms, godoProgram, temporaryFolder } from './support/programs.mjs';
import { printJson, printTable, progress, shown, versions } from './support/report.mjs';
import { median, spread } from './support/statistics.mjs';

const own = { lines: { type: 'string', default: '400000', value: 'N', help: 'lines of the log that godo reads' } };
const about = 'CPU time of godo replay per line, in multiples of a fixed piece of work on the same log.';
const shortLines = 3_000;
/** The yardstick is dearer a line, and needs no more than this. */
const referenceLines = 60_000;
const reference = fileURLToPath(new URL('guard/reference.mjs', import.meta.url));

await runBench(async () => {
  const options = benchOptions('bench:guard', about, own, ['lines']);
  if (options === null) return;
  if (options.lines <= shortLines) throw new BenchError(`--lines must be above ${shortLines}.`);
  const top = temporaryFolder();
  const { measure } = await compilePrograms(['measure'], top);
  const lines = { godo: options.lines, reference: referenceLines, short: shortLines };
  const logOf = (name) => join(top, `${name}.log`);
  for (const [name, count] of Object.entries(lines)) await generateLog(logOf(name), count);
  const programs = {
    godo: (log, folder) => [godoProgram(options.godo), 'replay', log, '--quiet', '--db', join(folder, 'db')],
    reference: (log) => [reference, log],
  };
  const cpu = async (name, log) => {
    const folder = join(top, 'run');
    mkdirSync(folder);
    const command = [process.execPath, ...programs[name](logOf(log), folder)];
    const cost = await runMeasured(measure, folder, command, { env: neutralEnvironment() });
    if (cost.code !== 0) throw new BenchError(`${name} ended with ${cost.code}: ${command.join(' ')}`);
    rmSync(folder, { recursive: true });
    return cost.cpuSeconds;
  };

  const runs = [];
  for (let run = 1; run <= options.runs; run += 1) {
    progress(`run ${run} of ${options.runs}`);
    const order = run % 2 === 1 ? ['godo', 'reference'] : ['reference', 'godo'];
    const used = {};
    for (const name of order) used[name] = { long: await cpu(name, name), short: await cpu(name, 'short') };
    runs.push(used);
  }
  progress('');
  const starts = (name) => median(runs.map((run) => run[name].short));
  const perLine = (name, run) => ((run[name].long - starts(name)) / (lines[name] - shortLines)) * 1e6;
  const results = Object.keys(programs).map((name) => [name, spread(runs.map((run) => perLine(name, run)))]);
  const ratios = spread(runs.map((run) => perLine('godo', run) / perLine('reference', run)));
  printTable('CPU time a line', [
    ['', 'µs', 'min–max', 'start s'],
    ...results.map(([name, all]) => [
      name,
      shown(all.median),
      `${shown(all.min)}–${shown(all.max)}`,
      shown(starts(name)),
    ]),
    ['godo / reference', shown(ratios.median), `${shown(ratios.min)}–${shown(ratios.max)}`, ''],
  ]);
  const settings = { runs: options.runs, lines: options.lines };
  const found = await versions(options.godo, []);
  printJson(
    { bench: 'guard', ratio: ratios, microseconds: Object.fromEntries(results), settings, versions: found },
    options.json,
  );
});
