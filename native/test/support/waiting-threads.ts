import { readdirSync, readFileSync } from 'node:fs';

/**
 * Whether a thread of this process waits in poll(2) or ppoll(2) for three descriptors, as one does that receives: socket,
 * ring and wake. (libuv waits in epoll_wait, and V8's threads in futex.) See proc_pid_syscall(5).
 */
export function aThreadReceives(): boolean {
  return readdirSync('/proc/self/task').some((task) => /^\d+ 0x[\da-f]+ 0x3 /.test(systemCallOf(task)));
}

function systemCallOf(task: string): string {
  try {
    return readFileSync(`/proc/self/task/${task}/syscall`, 'latin1');
  } catch {
    return '';
  }
}
