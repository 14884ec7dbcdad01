import { recordType } from '../../src/audit/record-types.ts';
import { type Architecture, auditArch, type SyscallName, syscallNumber } from '../../src/audit/syscalls.ts';
import type { Caller } from '../../src/events.ts';
import type { AuditRecord, AuditRecords } from './log-records.ts';

export const stamp = { ms: 1795332111224, serial: 4711 };

/** What the caller of callOf is known as. */
export const shellCaller: Caller = {
  tgid: 20,
  ppid: 10,
  uid: 1000,
  gid: 1001,
  euid: 1002,
  auid: 4294967295,
  ses: 3,
  tty: 'pts0',
  comm: 'sh',
  exe: '/usr/bin/dash',
};

const who =
  'ppid=10 pid=20 auid=4294967295 uid=1000 gid=1001 euid=1002 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=3 comm="sh" exe="/usr/bin/dash"';

export interface Call {
  readonly name: SyscallName;
  readonly arch?: Architecture;
  readonly exit?: number;
  /** a0 to a3 as the kernel writes them, in hex. */
  readonly arguments?: string;
  /** Of the rule that matched. */
  readonly key?: string;
}

/** The SYSCALL record of a call; `exit` below 0 makes it a failed one. */
export function syscallRecord({
  name,
  arch = 'x86_64',
  exit = 0,
  arguments: given = '0 0 0 0',
  key = 'godo',
}: Call): AuditRecord {
  const number = syscallNumber(arch, name);
  if (number === undefined) throw new Error(`${arch} has no ${name}`);
  const args = given.split(' ').map((value, index) => `a${index}=${value}`);
  const success = exit < 0 ? 'no' : 'yes';
  const what = `arch=${auditArch[arch].toString(16)} syscall=${number} success=${success} exit=${exit}`;
  return { ...stamp, type: recordType.syscall, body: `${what} ${args.join(' ')} items=0 ${who} key="${key}"` };
}

export const cwdRecord = (body: string): AuditRecord => ({ ...stamp, type: recordType.cwd, body: `cwd=${body}` });
export const pathRecord = (body: string): AuditRecord => ({ ...stamp, type: recordType.path, body });
export const execveRecord = (body: string): AuditRecord => ({ ...stamp, type: recordType.execve, body });
export const openat2Record = (body: string): AuditRecord => ({ ...stamp, type: recordType.openat2, body });

export const mmapRecord = (body: string): AuditRecord => ({ ...stamp, type: recordType.mmap, body });

export const pairRecord = (body: string): AuditRecord => ({ ...stamp, type: recordType.fdPair, body });

export function eventOf(...records: AuditRecord[]): AuditRecords {
  return { ms: records[0]?.ms ?? 0, serial: records[0]?.serial ?? 0, records, incomplete: null };
}
