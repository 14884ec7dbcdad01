/** From an event's records to a typed event: what the call did, by whom, to which file. */

import type { AuditEvent, AuditOrigin, BinaryString, Caller } from '../events.ts';
import { readArgv } from './exec-argv.ts';
import { readOpenedFile } from './opened-file.ts';
import { absolutePath } from './paths.ts';
import type { AuditRecords } from './reassembler.ts';
import {
  type AuditRecord,
  argumentField,
  decimalField,
  decodeText,
  formatLogLine,
  rawField,
  textField,
} from './record.ts';
import { recordType, standsAlone } from './record-types.ts';
import {
  closeRangeOnExec,
  errnoBadDescriptor,
  fcntlCommand,
  ioctlCommand,
  openFlag,
  type SyscallName,
  syscallName,
} from './syscalls.ts';

export interface InterpretOptions {
  /** Keep the records as lines, and events that make no document, for a --diag file. */
  readonly keepLines: boolean;
}

/** The event, `null` when it is none of those that godo records, or what is wrong with it. */
export function interpret(event: AuditRecords, options: InterpretOptions): AuditEvent | null {
  const syscall = event.records.find((record) => record.type === recordType.syscall);
  const typed = syscall === undefined ? null : fromSyscall(event, syscall, options);
  if (typed !== null || !options.keepLines) return typed;
  return { kind: 'other', ...origin(event, readCaller(syscall?.body ?? ''), [], options) };
}

function fromSyscall(event: AuditRecords, record: AuditRecord, options: InterpretOptions): AuditEvent | null {
  const body = record.body;
  const arch = Number.parseInt(rawField(body, 'arch') ?? '', 16);
  const name = syscallName(arch, decimalField(body, 'syscall'));
  if (name === undefined) return null;
  const caller = readCaller(body);
  if (Number.isNaN(caller.tgid)) return null;
  const success = rawField(body, 'success') === 'yes';
  const exit = decimalField(body, 'exit');
  const call: Call = { name, body, success, exit, event };
  const warnings: string[] = [];
  const result = interpretCall(call, warnings);
  return result === null ? null : ({ ...result, ...origin(event, caller, warnings, options) } as AuditEvent);
}

interface Call {
  readonly name: SyscallName;
  readonly body: BinaryString;
  readonly success: boolean;
  readonly exit: number;
  readonly event: AuditRecords;
}

type WithoutOrigin<E> = E extends AuditEvent ? Omit<E, keyof AuditOrigin> : never;

function interpretCall(call: Call, warnings: string[]): WithoutOrigin<AuditEvent> | null {
  const { name, body, exit, event } = call;
  if (name === 'execve' || name === 'execveat') return interpretExec(call, warnings);
  const didNothing = name === 'close' ? exit === errnoBadDescriptor : !call.success || Number.isNaN(exit);
  if (didNothing) return null;
  switch (name) {
    case 'open':
    case 'openat':
    case 'openat2':
    case 'creat':
      return { kind: 'open', fd: exit, ...readOpenedFile(name, body, event.records, warnings) };
    case 'close':
      return withArgument(body, 'a0', (fd) => ({ kind: 'close', fd }));
    case 'close_range':
      return interpretCloseRange(body);
    case 'ioctl':
      return interpretIoctl(body);
    case 'write':
    case 'pwrite64':
    case 'writev':
    case 'pwritev':
    case 'pwritev2':
    case 'sendfile':
    case 'sendfile64':
      return withArgument(body, 'a0', (fd) => ({ kind: 'write', fd, bytes: exit }));
    case 'splice':
    case 'copy_file_range':
      return withArgument(body, 'a2', (fd) => ({ kind: 'write', fd, bytes: exit }));
    case 'dup':
    case 'dup2': {
      const replaces = name === 'dup2';
      return withArgument(body, 'a0', (from) => ({ kind: 'dup', from, to: exit, replaces, closeOnExec: false }));
    }
    case 'dup3': {
      const flags = argumentField(body, 'a2') ?? 0;
      const closeOnExec = (flags & openFlag.closeOnExec) !== 0;
      return withArgument(body, 'a0', (from) => ({ kind: 'dup', from, to: exit, replaces: true, closeOnExec }));
    }
    case 'fcntl':
    case 'fcntl64':
      return withArgument(body, 'a0', (fd) => interpretFcntl(body, fd, exit));
    case 'fork':
    case 'vfork':
    case 'clone':
    case 'clone3':
      return { kind: 'clone', childPid: exit };
    case 'pivot_root':
      return { kind: 'pivot-root', newRoot: readNewRoot(event, warnings) };
  }
}

function interpretCloseRange(body: BinaryString): WithoutOrigin<AuditEvent> | null {
  const [first, last] = [argumentField(body, 'a0'), argumentField(body, 'a1')];
  if (first === null || last === null) return null;
  const onExec = ((argumentField(body, 'a2') ?? 0) & closeRangeOnExec) !== 0;
  return { kind: 'close-range', first, last, onExec };
}

function interpretIoctl(body: BinaryString): WithoutOrigin<AuditEvent> | null {
  const command = argumentField(body, 'a1');
  if (command !== ioctlCommand.closeOnExec && command !== ioctlCommand.keepOnExec) return null;
  const closeOnExec = command === ioctlCommand.closeOnExec;
  return withArgument(body, 'a0', (fd) => ({ kind: 'descriptor-flags', fd, closeOnExec }));
}

function interpretFcntl(body: BinaryString, fd: number, exit: number): WithoutOrigin<AuditEvent> | null {
  const command = argumentField(body, 'a1');
  if (command === fcntlCommand.setFd) {
    return { kind: 'descriptor-flags', fd, closeOnExec: ((argumentField(body, 'a2') ?? 0) & 1) !== 0 };
  }
  if (command !== fcntlCommand.dupFd && command !== fcntlCommand.dupFdCloseOnExec) return null;
  return { kind: 'dup', from: fd, to: exit, replaces: false, closeOnExec: command === fcntlCommand.dupFdCloseOnExec };
}

function interpretExec(call: Call, warnings: string[]): WithoutOrigin<AuditEvent> {
  const { records } = call.event;
  const cwd = records.find((record) => record.type === recordType.cwd);
  const first = records.find((record) => record.type === recordType.path && rawField(record.body, 'item') === '0');
  const execve = records.filter((record) => record.type === recordType.execve);
  const { argv, problem } = readArgv(execve.map((record) => record.body));
  if (problem !== null && (call.success || execve.length > 0)) warnings.push(problem);
  return {
    kind: 'exec',
    success: call.success,
    exit: call.exit,
    argv,
    cwd: cwd === undefined ? null : textField(cwd.body, 'cwd'),
    name: first === undefined ? null : textField(first.body, 'name'),
    dev: first === undefined ? null : (rawField(first.body, 'dev') ?? null),
  };
}

/**
 * runc calls pivot_root(".", ".") when its working directory is the new root, and the CWD record then says "/": the
 * path of a directory that is about to be the root is not to be had from that, so it is left unknown.
 */
function readNewRoot(event: AuditRecords, warnings: string[]): BinaryString | null {
  const cwd = event.records.find((record) => record.type === recordType.cwd);
  const paths = event.records.filter((record) => record.type === recordType.path);
  // user_path_at(new_root) is looked up first.
  const first = paths.find((record) => rawField(record.body, 'item') === '0') ?? paths[0];
  const path = absolutePath(
    first === undefined ? null : textField(first.body, 'name'),
    cwd === undefined ? null : textField(cwd.body, 'cwd'),
  );
  if (path !== null && path !== '/') return path;
  warnings.push('the path of the new root is not known from the call');
  return null;
}

function withArgument(
  body: BinaryString,
  name: 'a0' | 'a2',
  make: (value: number) => WithoutOrigin<AuditEvent> | null,
): WithoutOrigin<AuditEvent> | null {
  const value = argumentField(body, name);
  return value === null ? null : make(value | 0);
}

function origin(
  event: AuditRecords,
  caller: Caller,
  warnings: readonly string[],
  options: InterpretOptions,
): AuditOrigin {
  return {
    ms: event.ms,
    serial: event.serial,
    caller,
    ...(warnings.length > 0 && { warnings }),
    ...(event.incomplete !== null && { incomplete: event.incomplete }),
    ...(options.keepLines && {
      lines: event.records.map(formatLogLine),
      alone: event.records.every((record) => standsAlone(record.type)),
    }),
  };
}

function readCaller(body: BinaryString): Caller {
  return {
    tgid: decimalField(body, 'pid'),
    ppid: decimalField(body, 'ppid'),
    uid: decimalField(body, 'uid'),
    gid: decimalField(body, 'gid'),
    euid: decimalField(body, 'euid'),
    auid: decimalField(body, 'auid'),
    ses: decimalField(body, 'ses'),
    tty: plainField(body, 'tty'),
    comm: textField(body, 'comm'),
    exe: textField(body, 'exe'),
  };
}

/** A field the kernel writes without quotes (audit_log_task_info: tty); `(none)` is null. */
function plainField(body: BinaryString, name: string): BinaryString | null {
  const raw = rawField(body, name);
  if (raw === undefined || raw.startsWith('(') || raw === '?') return null;
  return raw.startsWith('"') ? decodeText(raw) : raw;
}
