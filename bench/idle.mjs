/** bench:idle: what godo costs a machine with nothing to record, and one that starts ten programs a second. */

import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { auditState, recordOnlyGroup, takeAudit } from './support/audit.mjs';
import { onCleanup, runBench } from './support/cleanup.mjs';
import { unusedGroup } from './support/cpu.mjs';
import { startGodo } from './support/godo.mjs';
import { benchOptions } from './support/options.mjs';
import { usageWindows } from './support/process-usage.mjs';
import { compilePrograms, godoProgram, requirePrograms, requireRoot, temporaryFolder } from './support/programs.mjs';
import { megabytes, printJson, printTable, printTargets, progress, shown, versions } from './support/report.mjs';
import { spreads } from './support/statistics.mjs';

const own = {
  runs: { type: 'string', default: '1', value: 'N', help: 'how often godo is started and watched' },
  seconds: { type: 'string', default: '60', value: 'N', help: 'how long each of the two is watched, in each run' },
};
const about = 'CPU and memory of godo at rest, and at ten execs a second; medians over windows of a sixth of the time.';
const windows = 6;
const execsPerSecond = 10;
/** Godo has told its snapshot, and its code is compiled, after this long. */
const settleMs = 5_000;

await runBench(async () => {
  const options = benchOptions('bench:idle', about, own, ['seconds']);
  if (options === null) return;
  requireRoot();
  requirePrograms({ auditctl: 'auditd', gcc: 'gcc' });
  godoProgram(options.godo);
  const top = temporaryFolder();
  const tools = await compilePrograms(['measure'], top);
  const parts = { rest: [], execs: [] };
  const runs = [];
  for (let run = 1; run <= options.runs; run += 1) {
    const folder = join(top, `run-${run}`);
    mkdirSync(folder);
    const { rest, execs, ...told } = await watchGodo(options, tools, folder);
    parts.rest.push(...rest);
    parts.execs.push(...execs);
    runs.push(told);
  }
  progress('');
  print(options, parts, runs);
  await printResult(options, parts, runs);
});

/** One life of godo: at rest, then with programs that start. */
async function watchGodo({ godo: directory, seconds }, tools, folder) {
  const release = await takeAudit();
  try {
    const group = unusedGroup();
    // The connector has no rules: forks and execs of the whole machine are part of what is measured.
    await recordOnlyGroup(group);
    const before = await auditState();
    const godo = await startGodo(directory, tools.measure, folder);
    const [pid] = godo.pids;
    await sleep(settleMs);
    progress('at rest');
    const rest = await usageWindows(pid, windows, seconds / windows);
    progress(`${execsPerSecond} execs a second`);
    const starting = startPrograms(group);
    const execs = await usageWindows(pid, windows, seconds / windows);
    const started = await starting.stop();
    const { cost, counters } = await godo.stop();
    const { auditRecords: records, connectorMessages: messages, documents: stored } = counters;
    const lost = (await auditState()).lost - before.lost;
    return { rest, execs, started, records, messages, stored, lost, maxRssBytes: cost.maxRssBytes };
  } finally {
    await release();
  }
}

/** Starts a program ten times a second until it is stopped; `stop()` gives how often it did. */
function startPrograms(group) {
  let started = 0;
  const timer = setInterval(() => {
    const child = spawn('/bin/true', { stdio: 'ignore', gid: group });
    child.on('spawn', () => {
      started += 1;
    });
    child.on('error', () => undefined);
  }, 1000 / execsPerSecond);
  const stop = onCleanup('stop starting programs', async () => clearInterval(timer));
  return {
    async stop() {
      await stop();
      return started;
    },
  };
}

function print({ runs, seconds }, parts, told) {
  const rows = [
    ['at rest', spreads(parts.rest)],
    [`${execsPerSecond} execs/s`, spreads(parts.execs)],
  ].map(([name, { cpuPercent, residentBytes }]) => [
    name,
    shown(cpuPercent.median),
    shown(cpuPercent.min),
    shown(cpuPercent.max),
    megabytes(residentBytes.median),
    megabytes(residentBytes.max),
  ]);
  const title = `godo, ${runs} × ${seconds} s each, windows of ${shown(seconds / windows)} s; CPU in % of one processor`;
  printTable(title, [['', 'CPU median', 'least', 'most', 'RSS MB median', 'most'], ...rows]);
  const columns = ['started', 'records', 'messages', 'stored', 'lost'];
  const counts = told.map((run, index) => [`run ${index + 1}`, ...columns.map((column) => shown(run[column]))]);
  printTable('What it recorded meanwhile', [['', ...columns], ...counts]);
}

async function printResult(options, parts, runs) {
  const rest = spreads(parts.rest);
  const execs = spreads(parts.execs);
  const most = Math.max(rest.residentBytes.max, execs.residentBytes.max);
  const targets = printTargets('Targets', [
    { measure: 'CPU at rest', value: rest.cpuPercent.median, most: 0.3, unit: ' %' },
    { measure: `CPU at ${execsPerSecond} execs/s`, value: execs.cpuPercent.median, most: 1, unit: ' %' },
    { measure: 'RSS', value: most / 1e6, most: 150, unit: ' MB' },
    { measure: 'lost', value: runs.reduce((sum, { lost }) => sum + lost, 0), most: 0 },
  ]);
  const settings = { runs: options.runs, seconds: options.seconds, windows, execsPerSecond };
  const result = { bench: 'idle', rest, execs, runs, targets, settings };
  printJson({ ...result, versions: await versions(options.godo, ['auditd']) }, options.json);
}
