/** What a running process uses in windows of time: CPU to the microsecond, and memory. */

import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSecondsOf, residentBytesOf } from './cpu.mjs';

/**
 * CPU seconds (user and system) of the threads that a process has now, from /proc/PID/task/TID/schedstat: exact, where
 * /proc/PID/stat counts in hundredths. By thread, because what a thread has used is gone with it.
 */
function threadSeconds(pid) {
  const seconds = new Map();
  for (const thread of tasksOf(pid)) {
    try {
      const [nanoseconds] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ');
      seconds.set(thread, Number(nanoseconds) / 1e9);
    } catch {
      // It ended while we looked, or the kernel keeps no such counts (CONFIG_SCHED_INFO).
    }
  }
  return seconds;
}

function usedSince(before, pid) {
  let used = 0;
  for (const [thread, seconds] of threadSeconds(pid)) used += seconds - (before.get(thread) ?? 0);
  return used;
}

/**
 * Watches a process for `windows` windows of `seconds` each. Gives for each { cpuPercent (of one processor),
 * residentBytes (at its end) }.
 *
 * @throws Error when the process ends meanwhile.
 */
export async function usageWindows(pid, windows, seconds) {
  const found = [];
  for (let window = 0; window < windows; window += 1) {
    const [began, threads, coarse] = [performance.now(), threadSeconds(pid), cpuSecondsOf(pid)];
    await sleep(seconds * 1000);
    const elapsed = (performance.now() - began) / 1000;
    const residentBytes = residentBytesOf(pid);
    if (residentBytes === 0) throw new Error(`Process ${pid} ended while it was watched.`);
    const used = threads.size > 0 ? usedSince(threads, pid) : cpuSecondsOf(pid) - coarse;
    found.push({ cpuPercent: (100 * used) / elapsed, residentBytes });
  }
  return found;
}

function tasksOf(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}
