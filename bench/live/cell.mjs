/** One cell of the table: one workload under one listener, once. */

import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { auditState, recordOnlyGroup, takeAudit, unloadRules } from '../support/audit.mjs';
import { cpuSecondsOf } from '../support/cpu.mjs';
import { runMeasured } from '../support/measured.mjs';

const pollMs = 50;
/** So long nobody has used any CPU time (10 ms is the unit): the queues are empty. */
const quietMs = 300;
const quietSeconds = 0.02;
const drainLimitMs = 120_000;
const workLimitSeconds = 180;

let number = 0;

/**
 * `context`: { top (folder), tools, godo, rules, kauditd (pid), group (of the workload) }. Gives { wallSeconds (workload), drainSeconds (from its end until
 * nobody has anything left to do), cpuSeconds (listener, from the workload's start to the listener's end),
 * kauditdSeconds, lost, records, bytes, missingSerials, stored, expected, outputBytes, writtenBytes, maxRssBytes }.
 */
export async function measureCell(context, listener, workload, copies) {
  number += 1;
  const folder = join(context.top, `cell-${number}`);
  mkdirSync(folder);
  // laurel gives up root and must still reach its folder.
  chmodSync(folder, 0o711);
  const work = join(folder, 'work');
  mkdirSync(work);
  const { folder: workFolder, command } = await workload.prepare(work, copies);
  const release = await takeAudit();
  try {
    if (listener.start !== null) await recordOnlyGroup(context.group);
    const running = await listener.start?.({ ...context, folder, workload, workFolder });
    const processes = running === undefined ? [] : [...running.pids, context.kauditd];
    await quiet(processes, 1_000);
    const before = await readings(running, context.kauditd);
    const work = await runMeasured(context.tools.measure, folder, command, {
      copies,
      group: context.group,
      limitSeconds: workLimitSeconds,
    });
    if (work.code !== 0) throw new Error(`The workload ${workload.name} failed under ${listener.name} (${work.code}).`);
    const workEnd = performance.now();
    const drainSeconds = running === undefined ? 0 : ((await quiet(processes, drainLimitMs)) - workEnd) / 1000;
    const after = await readings(running, context.kauditd);
    const cell = {
      wallSeconds: work.wallSeconds,
      drainSeconds: Math.max(0, drainSeconds),
      kauditdSeconds: after.kauditd - before.kauditd,
      lost: after.lost - before.lost,
      expected: workload.expected(copies),
    };
    if (running === undefined) return cell;
    if (listener.name !== 'godo') await unloadRules();
    const { cost, ...told } = await running.stop();
    const cpuSeconds = Math.max(0, cost.cpuSeconds - before.listener);
    return { ...cell, ...told, cpuSeconds, writtenBytes: cost.writtenBytes, maxRssBytes: cost.maxRssBytes };
  } finally {
    await release();
    rmSync(folder, { recursive: true, force: true });
    if (workFolder !== work) rmSync(workFolder, { recursive: true, force: true });
  }
}

async function readings(running, kauditd) {
  const { lost } = await auditState();
  const listener = running === undefined ? 0 : sumCpu(running.pids);
  return { lost, listener, kauditd: cpuSecondsOf(kauditd) };
}

/** Waits until the processes have used no CPU time for a while; gives the time (performance.now()) they last did. */
async function quiet(pids, limitMs) {
  const end = performance.now() + limitMs;
  let [mark, markedAt] = [sumCpu(pids), performance.now()];
  while (performance.now() - markedAt < quietMs) {
    if (performance.now() > end) return performance.now();
    await new Promise((resolve) => setTimeout(resolve, pollMs));
    const now = sumCpu(pids);
    if (now - mark >= quietSeconds) [mark, markedAt] = [now, performance.now()];
  }
  return markedAt;
}

function sumCpu(pids) {
  return pids.reduce((sum, pid) => sum + cpuSecondsOf(pid), 0);
}
