/** One run of bench:store in a process of its own: makes the documents, inserts them, reads them; says what it cost. */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fileEntries, taskEntries } from './mix.mjs';

const { godo, target, what, documents, batch } = JSON.parse(process.argv[2]);
const evidence = await import(pathToFileURL(join(godo, 'packages/evidence/dist/index.js')).href);
const entries = (what === 'files' ? fileEntries : taskEntries)(documents, evidence);

// What came before must not be cleared away while the clock runs.
globalThis.gc?.();
const insert = await cost(async () => {
  const store = await evidence.openRawStore(target);
  let inserted = 0;
  for (let at = 0; at < entries.length; at += batch) {
    inserted += (await store.insert(entries.slice(at, at + batch))).inserted;
  }
  await store.close();
  return inserted;
});
entries.length = 0;
globalThis.gc?.();
const read = await cost(async () => {
  const reader = await evidence.openRawReader(target);
  let count = 0;
  for await (const batch of what === 'files' ? reader.closedFiles() : reader.tasks()) {
    count += Array.isArray(batch) ? batch.length : (batch.sessions?.length ?? 1);
  }
  await reader.close();
  return count;
});
if (insert.count !== documents || read.count !== documents)
  throw new Error(`of ${documents} documents ${insert.count} were inserted and ${read.count} read`);
process.stdout.write(`${JSON.stringify({ insert, read })}\n`);

async function cost(work) {
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  const count = await work();
  const { user, system } = process.cpuUsage(cpu);
  return { count, seconds: (performance.now() - began) / 1000, cpuSeconds: (user + system) / 1e6 };
}
