/** Processes that have ended, and that nobody has waited for yet: they have a place in /proc still, and hold nothing. */

import { readFileSync } from 'node:fs';

/** Places in /proc/PID/stat behind the name (proc_pid_stat(5): fields 3 and 20). */
const [state, threads] = [0, 17];

/**
 * Whether it is such a one, with all its threads: a leader that ended before them looks the same, but for their number.
 * False where it is gone.
 */
export function isUnwaitedFor(pid: number): boolean {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return false;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (fields[state] === 'Z' || fields[state] === 'X') && Number(fields[threads]) <= 1;
}
