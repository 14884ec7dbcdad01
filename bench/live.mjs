/** bench:live: what listening costs the audited programs and the machine, godo beside others. See README.md. */

import { measureCell } from './live/cell.mjs';
import { listeners, rulesOfGodo } from './live/listeners.mjs';
import { printCells, printResult } from './live/result.mjs';
import { workloads } from './live/workloads.mjs';
import { auditState, takeAudit } from './support/audit.mjs';
import { BenchError, runBench } from './support/cleanup.mjs';
import { findByName, unusedGroup } from './support/cpu.mjs';
import { benchOptions, keepOnly } from './support/options.mjs';
import {
  compilePrograms,
  findProgram,
  godoProgram,
  requirePrograms,
  requireRoot,
  temporaryFolder,
} from './support/programs.mjs';
import { printJson, progress, versions } from './support/report.mjs';

const own = {
  sessions: { type: 'string', default: '100000', value: 'N', help: 'open/write/close rounds of each process' },
  spawns: { type: 'string', default: '8000', value: 'N', help: 'programs that each process starts' },
  processes: { type: 'string', default: '1,2', value: 'N,…', help: 'processes at a time' },
};
const about = 'Workload time, CPU and losses under godo and other audit listeners, with the same rules.';

await runBench(async () => {
  const options = benchOptions('bench:live', about, own, ['sessions', 'spawns']);
  if (options === null) return;
  requireRoot();
  requirePrograms({ auditctl: 'auditd', gcc: 'gcc' });
  godoProgram(options.godo);
  const top = temporaryFolder();
  const tools = await compilePrograms(['measure', 'bare-reader', 'file-loop', 'spawn-loop'], top);
  const { kept, works, missing } = choose(options, workloads({ ...options, tools }));
  const context = { top, tools, godo: options.godo, kauditd: findByName('kauditd'), group: unusedGroup(), rules: [] };

  const release = await takeAudit();
  const rules = await rulesOfGodo({ ...context, folder: `${top}/rules` }, auditState);
  await release();
  context.rules = rules.recording;

  const cells = await measureInTurns(context, kept, works, options);
  printCells(cells, { rules, missing });
  const programs = ['gcc', 'make', 'auditd', 'laurel', 'go-audit'];
  const settings = { runs: options.runs, sessions: options.sessions, spawns: options.spawns, rules };
  const result = printResult(cells);
  printJson({ bench: 'live', ...result, settings, versions: await versions(options.godo, programs) }, options.json);
});

/** Those listeners and workloads that were asked for; of the listeners only what is installed, if it is optional. */
function choose(options, all) {
  const kept = keepOnly(options.only, listeners, [listeners, all]);
  const works = keepOnly(options.only, all, [listeners, all]);
  const copies = options.processes.split(',').map(Number);
  if (!copies.every((number) => Number.isInteger(number) && number >= 1 && number <= 16))
    throw new BenchError('--processes takes numbers from 1 to 16.');
  const lacks = ({ needs }) => Object.keys(needs).some((program) => findProgram(program) === null);
  const missing = kept.filter((listener) => listener.optional && lacks(listener));
  const present = kept.filter((listener) => !missing.includes(listener));
  for (const { needs } of present) requirePrograms(needs);
  return { kept: present, works: works.flatMap((work) => copies.map((number) => ({ work, copies: number }))), missing };
}

/** All cells once, then all again: what else the machine does meanwhile meets all of them alike. */
async function measureInTurns(context, kept, works, { runs }) {
  const cells = works.flatMap(({ work, copies }) =>
    kept.map((listener) => ({ workload: work.name, about: work.about, copies, listener: listener.name, results: [] })),
  );
  for (let turn = 1; turn <= runs; turn += 1) {
    for (const { work, copies } of works) {
      const order = turn % 2 === 1 ? kept : [...kept].reverse();
      for (const listener of order) {
        progress(`run ${turn} of ${runs}: ${work.name} ×${copies}, ${listener.name}`);
        const result = await measureCell(context, listener, work, copies);
        const cell = cells.find(
          (one) => one.workload === work.name && one.copies === copies && one.listener === listener.name,
        );
        cell.results.push(result);
      }
    }
  }
  progress('');
  return cells;
}
