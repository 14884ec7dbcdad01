/** The processes of this machine, and a way to end exactly the ones that are ours. */

import { readdir, readFile } from 'node:fs/promises';
import { waitFor } from './wait-for.ts';

export interface ProcessState {
  readonly pid: number;
  readonly ppid: number;
  readonly comm: string;
  readonly argv: readonly string[];
}

/** Every process that is not a zombie. */
export async function listProcesses(): Promise<ProcessState[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const states = await Promise.all(names.map((name) => readProcess(Number(name))));
  return states.filter((state) => state !== null);
}

async function readProcess(pid: number): Promise<ProcessState | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    const argv = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').slice(0, -1);
    // comm stands in parentheses and may hold some itself: the last one ends it.
    const end = stat.lastIndexOf(')');
    const [state, ppid] = stat.slice(end + 2).split(' ');
    if (state === 'Z' || state === 'X') return null;
    return { pid, ppid: Number(ppid), comm: stat.slice(stat.indexOf('(') + 1, end), argv };
  } catch {
    // It ended while we looked.
    return null;
  }
}

/** Ends what `find` finds: SIGTERM, and SIGKILL after five seconds. */
export async function endProcesses(find: () => Promise<readonly ProcessState[]>): Promise<void> {
  const signalAll = async (signal: NodeJS.Signals) => {
    for (const { pid } of await find()) {
      try {
        process.kill(pid, signal);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
  };
  const gone = async () => (await find()).length === 0;
  if (await gone()) return;
  await signalAll('SIGTERM');
  try {
    await waitFor('the processes to end', gone, 5_000);
  } catch {
    await signalAll('SIGKILL');
    await waitFor('the killed processes to end', gone, 5_000);
  }
}

/** User processes that are in uninterruptible sleep all the time, for two seconds. */
export async function stuckProcesses(): Promise<string[]> {
  let stuck = await sleepingHard();
  for (let look = 0; look < 10 && stuck.length > 0; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const now = new Set(await sleepingHard());
    stuck = stuck.filter((name) => now.has(name));
  }
  return stuck;
}

async function sleepingHard(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      // The kernel's own threads are children of 2.
      return state === 'D' && parent !== '2'
        ? [`${pid} ${stat.slice(stat.indexOf('('), stat.lastIndexOf(')') + 1)}`]
        : [];
    }),
  );
  return found.flat();
}
