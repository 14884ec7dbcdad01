/** bench:replay: what an audit.log of a million lines costs its readers. See README.md. */

import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readers } from './replay/readers.mjs';
import { printReaders } from './replay/result.mjs';
import { generateLog } from './sample/generate.mjs';
import { BenchError, runBench } from './support/cleanup.mjs';
import { startMongo } from './support/mongodb.mjs';
import { benchOptions, keepOnly } from './support/options.mjs';
import { compilePrograms, godoProgram, requirePrograms, temporaryFolder } from './support/programs.mjs';
import { printJson, progress, versions } from './support/report.mjs';

const own = {
  lines: { type: 'string', default: '1000000', value: 'N', help: 'lines of the log' },
  enriched: { type: 'boolean', default: false, help: 'the log in auditd’s ENRICHED format rather than RAW' },
};
const about = 'Wall and CPU time of godo replay, laurel, ausearch and aureport on one and the same audit.log.';

await runBench(async () => {
  const options = benchOptions('bench:replay', about, own, ['lines']);
  if (options === null) return;
  const wanted = keepOnly(options.only, readers);
  for (const { needs } of wanted) requirePrograms(needs);
  godoProgram(options.godo);
  const top = temporaryFolder();
  const { measure } = await compilePrograms(['measure'], top);
  const mongo = wanted.some((reader) => reader.mongo) ? await startMongo() : null;
  const kept = wanted.filter((reader) => !reader.mongo || mongo !== null);

  progress('making the log');
  const log = join(top, 'audit.log');
  const mix = await generateLog(log, options.lines, { enriched: options.enriched });
  const results = await readInTurns(kept, { log, top, measure, godo: options.godo, mongo }, options.runs);
  const missing = wanted.filter((reader) => !kept.includes(reader));
  const result = printReaders(kept, results, mix, { ...options, mongo, missing });
  const settings = { runs: options.runs, lines: options.lines, enriched: options.enriched, mongo: mongo?.name ?? null };
  const found = await versions(options.godo, ['laurel', 'auditd', 'gcc']);
  printJson({ bench: 'replay', ...result, mix, settings, versions: found }, options.json);
});

/** A B C, A B C, …: what else the machine does meanwhile meets all of them alike. */
async function readInTurns(kept, context, runs) {
  const results = new Map(kept.map(({ name }) => [name, []]));
  let number = 0;
  for (let run = 1; run <= runs; run += 1) {
    for (const reader of kept) {
      progress(`run ${run} of ${runs}: ${reader.name}`);
      number += 1;
      const folder = join(context.top, `run-${number}`);
      mkdirSync(folder, { mode: 0o755 });
      // Whoever comes first must not be the one who brings the log into memory.
      readFileSync(context.log);
      const result = await reader.run({ ...context, folder, number });
      if (result.code !== 0) throw new BenchError(`${reader.name} ended with ${result.code}.`);
      const all = results.get(reader.name);
      if (result.done === 0 || (all.length > 0 && all[0].done !== result.done))
        throw new BenchError(`${reader.name} made ${result.done} ${result.unit}, but ${all[0]?.done} before.`);
      all.push(result);
      rmSync(folder, { recursive: true, force: true });
    }
  }
  progress('');
  return results;
}
