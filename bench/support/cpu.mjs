/** What running processes have used so far, from /proc. */

import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ: the unit of the times in /proc/PID/stat; 100 on every architecture that Node runs on. */
const ticksPerSecond = 100;

/** CPU seconds (user and system, all threads, those that have ended too) of a process; 0 when it is gone. */
export function cpuSecondsOf(pid) {
  const fields = statFields(pid);
  return fields === null ? 0 : (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Resident memory now, in bytes; 0 when it is gone. */
export function residentBytesOf(pid) {
  try {
    const match = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return match ? Number(match[1]) * 1024 : 0;
  } catch {
    return 0;
  }
}

/** The process and all its descendants. */
export function processTree(pid) {
  const children = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statFields(name);
    if (fields === null) continue;
    const parent = Number(fields[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const tree = [pid];
  for (let index = 0; index < tree.length; index += 1) tree.push(...(children.get(tree[index]) ?? []));
  return tree;
}

/** The pid of the first kernel thread or process with this name, or null. */
export function findByName(name) {
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      if (readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name) return Number(pid);
    } catch {
      // It ended while we looked.
    }
  }
  return null;
}

/**
 * The number of a group that has a name and that no running process is in. (A name, because auditd looks a number
 * without one up again for every record.)
 */
export function unusedGroup() {
  const used = new Set();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const group of groupsOf(pid)) used.add(group);
  }
  const groups = readFileSync('/etc/group', 'utf8').matchAll(/^[^:]+:[^:]*:(\d+):/gm);
  const free = [...groups].map(([, number]) => Number(number)).find((number) => !used.has(number));
  if (free === undefined) throw new Error('Every group of this machine has a process in it.');
  return free;
}

function groupsOf(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return [...status.matchAll(/^(?:Gid|Groups):(.*)$/gm)].flatMap(([, numbers]) =>
      numbers.trim().split(/\s+/).map(Number),
    );
  } catch {
    return [];
  }
}

/** The fields of /proc/PID/stat behind the name, from the state on; null when the process is gone. */
function statFields(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}
