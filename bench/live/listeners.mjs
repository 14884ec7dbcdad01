/**
 * Who listens. start(context) gives a running listener:
 *
 *     { pids, stop() → { cost, records, bytes, missingSerials, stored, outputBytes } }
 *
 * `pids` are all processes whose CPU time counts; `cost` is what measured.mjs tells of their whole life. null stands
 * where a listener does not tell. The context: { folder, tools, godo, rules, workload, workFolder }.
 */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { loadRules, setKernel } from '../support/audit.mjs';
import { rawBytes, readRaw, startGodo } from '../support/godo.mjs';
import { startMeasured } from '../support/measured.mjs';
import { auditdListeners } from './auditd.mjs';
import { goAudit } from './go-audit.mjs';

/** As many records as godo lets the kernel queue by default. */
export const kernelQueue = { backlog: 65_536, waitTime: 0 };

export const nobody = { name: 'none', about: 'audit off', needs: {}, start: null };

const bareReader = {
  name: 'bare',
  about: 'a C program that receives, counts, and stores nothing',
  needs: {},
  async start({ folder, tools, rules }) {
    await setKernel(kernelQueue);
    const stdio = ['ignore', 'pipe', 'inherit'];
    const measured = await startMeasured(tools.measure, folder, [tools['bare-reader']], { stdio });
    const lines = createInterface({ input: measured.child.stdout })[Symbol.asyncIterator]();
    if ((await lines.next()).value !== 'listening') throw new Error('The bare reader did not get the audit role.');
    await loadRules(rules, [], folder);
    return {
      pids: measured.pids,
      async stop() {
        measured.child.kill('SIGTERM');
        const { records, bytes, missingSerials } = JSON.parse((await lines.next()).value);
        return { cost: await measured.ended, records, bytes, missingSerials, stored: null, outputBytes: 0 };
      },
    };
  },
};

const godo = {
  name: 'godo',
  about: 'godo as it is by default, SQLite',
  needs: {},
  async start({ folder, tools, godo: directory, workload, workFolder }) {
    const running = await startGodo(directory, tools.measure, folder);
    const db = join(folder, 'db');
    return {
      pids: running.pids,
      async stop() {
        const { cost, counters } = await running.stop();
        const { auditRecords, auditBytes, missingSerials } = counters;
        return {
          cost,
          records: auditRecords,
          bytes: auditBytes,
          missingSerials,
          stored: await countStored(directory, db, workload.isStored, workFolder),
          outputBytes: rawBytes(db),
        };
      },
    };
  },
};

export const listeners = [nobody, bareReader, godo, ...auditdListeners, goAudit];

/** The rules that godo loads, in auditctl's form, as the kernel tells them while it listens: [recording, excluded types]. */
export async function rulesOfGodo({ folder, tools, godo: directory }, auditState) {
  await mkdir(folder, { recursive: true });
  const running = await startGodo(directory, tools.measure, folder);
  const { rules: listed } = await auditState();
  await running.stop();
  // Of io_uring's list auditctl knows no name, and cannot load what it shows; no workload here uses that.
  const rules = listed.filter((rule) => !rule.includes(',(null) '));
  const excluding = rules.filter((rule) => rule.includes(',exclude '));
  return { recording: rules.filter((rule) => !excluding.includes(rule)), excluding };
}

async function countStored(directory, db, { of, matches }, workFolder) {
  let count = 0;
  for await (const document of readRaw(directory, db, of)) if (matches(document, workFolder)) count += 1;
  return count;
}
