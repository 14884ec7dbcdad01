/** Lines of a raw audit.log, as auditd writes them for one host. */

import type { BinaryString } from '../../src/events.ts';
import { baseMs } from './events.ts';

const x86_64 = 'c000003e';

const stampOf = (ms: number, serial: number) => {
  const at = baseMs + ms;
  return `audit(${Math.floor(at / 1000)}.${String(at % 1000).padStart(3, '0')}:${serial})`;
};

export interface LoggedCall {
  readonly ms: number;
  /** The time unless given. */
  readonly serial?: number;
  readonly pid: number;
  readonly ppid?: number;
  readonly auid?: number;
  readonly ses?: number;
  readonly comm?: string;
  readonly exe?: string;
}

const who = ({ pid, ppid = 1, auid = 1000, ses = 1, comm = 'sh', exe = '/bin/sh' }: LoggedCall) =>
  `ppid=${ppid} pid=${pid} auid=${auid} uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) ses=${ses} comm="${comm}" exe="${exe}" key="k"`;

function lines(call: LoggedCall, syscall: number, exit: number, args: string, ...others: string[]): BinaryString[] {
  const stamp = stampOf(call.ms, call.serial ?? call.ms);
  const [a0 = '0', a1 = '0', a2 = '0', a3 = '0'] = args.split(' ');
  const success = exit < 0 ? 'no' : 'yes';
  const body = `arch=${x86_64} syscall=${syscall} success=${success} exit=${exit} a0=${a0} a1=${a1} a2=${a2} a3=${a3} items=${others.length} ${who(call)}`;
  return [`type=SYSCALL msg=${stamp}: ${body}`, ...others.map((other) => other.replace('MSG', `msg=${stamp}:`))];
}

/** openat(AT_FDCWD, name, O_WRONLY|O_CREAT|O_TRUNC) in /srv. */
export function loggedOpen(call: LoggedCall, fd: number, name: string): BinaryString[] {
  const item = `item=0 name="${name}" inode=42 dev=fe:00 mode=0100644 ouid=0 ogid=0 rdev=00:00 nametype=CREATE`;
  return lines(call, 257, fd, 'ffffff9c 7ffe 241 1b6', 'type=CWD MSG cwd="/srv"', `type=PATH MSG ${item}`);
}

export const loggedWrite = (call: LoggedCall, fd: number, bytes: number) =>
  lines(call, 1, bytes, `${fd.toString(16)} 7ffe`);
export const loggedClose = (call: LoggedCall, fd: number) => lines(call, 3, 0, fd.toString(16));
export const loggedFork = (call: LoggedCall, child: number) => lines(call, 57, child, '');

export function loggedExec(call: LoggedCall, ...argv: string[]): BinaryString[] {
  const list = argv.map((value, index) => `a${index}="${value}"`).join(' ');
  const item = `item=0 name="${call.exe ?? '/bin/sh'}" inode=7 dev=fe:00 mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL`;
  const execve = `type=EXECVE MSG argc=${argv.length} ${list}`;
  return lines(call, 59, 0, '', execve, 'type=CWD MSG cwd="/srv"', `type=PATH MSG ${item}`);
}

/** A record of one line that is no system call: SYSTEM_BOOT, SERVICE_START, DAEMON_START. */
export const loggedNotice = (type: string, ms: number, serial: number): BinaryString[] => [
  `type=${type} msg=${stampOf(ms, serial)}: pid=1 uid=0 auid=4294967295 ses=4294967295 msg='unit=x res=success'`,
];

export const onNode = (node: string, all: readonly BinaryString[]) => all.map((line) => `node=${node} ${line}`);
export const enriched = (all: readonly BinaryString[]) => all.map((line) => `${line}\x1dARCH=x86_64 UID="root" pid=99`);
