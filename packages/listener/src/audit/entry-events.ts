/** From an event entry to a typed event: what the call did, by whom, to which file. */

import { withoutOwnSecrets } from '@godo/evidence';
import type {
  AuditEvent,
  BinaryString,
  Caller,
  DescriptorFlagsEvent,
  DupEvent,
  ExecEvent,
  PivotRootEvent,
} from '../events.ts';
import { callMeaning } from './call-table.ts';
import { chrootEventOf } from './chroot-event.ts';
import { fileIoctlEventOf, mapEventOf } from './content-calls.ts';
import { firstItem, itemNames, nameOf, type RecordBody, type Texts } from './entry-items.ts';
import { eventAt, eventFlag, itemAt } from './entry-layout.ts';
import type { EntryMemory } from './entry-memory.ts';
import { readArgv } from './exec-argv.ts';
import { executedFile } from './executed-file.ts';
import { openEventOf } from './open-events.ts';
import { operationCall } from './operation-calls.ts';
import { operationEventOf } from './operation-events.ts';
import { absolutePath } from './paths.ts';
import { pipeEventOf } from './pipe-event.ts';
import { recordType } from './record-types.ts';
import { connectEventOf, failedOpenOf, isOpen } from './sensitive-events.ts';
import {
  closeRangeOnExec,
  closeRangeUnshare,
  currentDirectory,
  errnoBadDescriptor,
  fcntlCommand,
  ioctlCommand,
  memfdCloseOnExec,
  openFlag,
} from './syscalls.ts';
import { uringOpenOf, uringOperationOf } from './uring-events.ts';

/** Bits of `argumentsKnown`. */
const known = { a0: 1, a1: 2, a2: 4 } as const;

/** The event whose entry stands at `at`; null when it makes none. Lines and reasons of incompleteness are not its part. */
export function eventOf(
  memory: EntryMemory,
  at: number,
  caller: Caller,
  texts: Texts,
  bases: Texts,
  bodies: readonly RecordBody[],
): AuditEvent | null {
  const { bytes, words, floats } = memory;
  const meaning = bytes[at + eventAt.meaning] as number;
  if (meaning === 0) return null;
  const word = at >>> 2;
  const float = at >>> 3;
  const exit = floats[float + eventAt.exit / 8] as number;
  const ms = floats[float + eventAt.ms / 8] as number;
  const serial = words[word + eventAt.serial / 4] as number;
  const given = bytes[at + eventAt.argumentsKnown] as number;
  const a0 = words[word + eventAt.a0 / 4] as number;
  if (meaning === callMeaning.close) {
    if (exit === errnoBadDescriptor || (given & known.a0) === 0) return null;
    return { kind: 'close', fd: a0 | 0, ms, serial, caller };
  }
  if (meaning === callMeaning.exec) return execEventOf(memory, at, caller, texts, bodies, true);
  if (meaning === callMeaning.execAt) {
    const isTold = (given & known.a0) !== 0;
    const event = execEventOf(memory, at, caller, texts, bodies, isTold && a0 === currentDirectory);
    const hangs = isTold && a0 !== currentDirectory && (event.name === null || !event.name.startsWith('/'));
    return hangs ? { ...event, dirfd: a0 | 0 } : event;
  }
  if (Number.isNaN(exit)) return null;
  if (meaning >= callMeaning.operations) {
    const call = operationCall(meaning - callMeaning.operations);
    if (((bytes[at + 5] as number) & eventFlag.byUring) !== 0) return uringOperationOf(memory, at, call, caller, texts);
    return call === undefined ? null : operationEventOf(memory, at, call, caller, texts, bodies);
  }
  if (meaning === callMeaning.connect || meaning === callMeaning.socketcall) {
    return connectEventOf(memory, at, caller, texts);
  }
  const a1 = words[word + eventAt.a1 / 4] as number;
  if (meaning === callMeaning.ioctl) {
    const operation = fileIoctlEventOf(memory, at, caller);
    if (operation !== null) return operation;
  }
  if (((bytes[at + 5] as number) & eventFlag.succeeded) === 0) {
    return isOpen(meaning) ? failedOpenOf(memory, at, caller, texts, bases, bodies) : null;
  }
  const a2 = words[word + eventAt.a2 / 4] as number;
  switch (meaning) {
    case callMeaning.writeToFirst:
      return (given & known.a0) === 0 ? null : { kind: 'write', fd: a0 | 0, bytes: exit, ms, serial, caller };
    case callMeaning.writeToThird:
      return (given & known.a2) === 0 ? null : { kind: 'write', fd: a2 | 0, bytes: exit, ms, serial, caller };
    case callMeaning.open:
    case callMeaning.openat:
    case callMeaning.openat2:
    case callMeaning.creat:
      return openEventOf(memory, at, caller, texts, bases, bodies);
    case callMeaning.clone:
      return { kind: 'clone', childPid: exit, flags: 0, ms, serial, caller };
    case callMeaning.cloneWithFlags:
      return { kind: 'clone', childPid: exit, flags: (given & known.a0) === 0 ? null : a0, ms, serial, caller };
    case callMeaning.cloneWithHiddenFlags:
      return { kind: 'clone', childPid: exit, flags: null, ms, serial, caller };
    case callMeaning.unshare:
      return (given & known.a0) === 0 ? null : { kind: 'unshare', flags: a0, ms, serial, caller };
    case callMeaning.setns:
      // With a pid descriptor they are a set; with that of a namespace its kind, or 0 for whatever it is.
      return { kind: 'setns', flags: (given & known.a1) === 0 ? 0 : a1, ms, serial, caller };
    case callMeaning.closeRange: {
      if ((given & (known.a0 | known.a1)) !== (known.a0 | known.a1)) return null;
      const onExec = (given & known.a2) !== 0 && (a2 & closeRangeOnExec) !== 0;
      const unshares = (given & known.a2) !== 0 && (a2 & closeRangeUnshare) !== 0;
      const range = { kind: 'close-range', first: a0, last: a1, onExec } as const;
      return unshares ? { ...range, unshares, ms, serial, caller } : { ...range, ms, serial, caller };
    }
    case callMeaning.pidfdGetfd:
      return {
        kind: 'descriptor-made',
        by: 'pidfd_getfd',
        fd: exit,
        flags: null,
        closeOnExec: true,
        ms,
        serial,
        caller,
      };
    case callMeaning.memfdCreate: {
      const closeOnExec = (given & known.a1) !== 0 && (a1 & memfdCloseOnExec) !== 0;
      return { kind: 'descriptor-made', by: 'memfd_create', fd: exit, flags: null, closeOnExec, ms, serial, caller };
    }
    case callMeaning.openByHandle: {
      const flags = (given & known.a2) === 0 ? null : a2;
      const closeOnExec = flags !== null && (flags & openFlag.closeOnExec) !== 0;
      return { kind: 'descriptor-made', by: 'open_by_handle_at', fd: exit, flags, closeOnExec, ms, serial, caller };
    }
    case callMeaning.pipe:
      return pipeEventOf(memory, at, caller, bodies, false);
    case callMeaning.pipe2:
      return pipeEventOf(memory, at, caller, bodies, (given & known.a1) !== 0 && (a1 & openFlag.closeOnExec) !== 0);
    case callMeaning.chroot:
      return chrootEventOf(memory, at, caller, texts);
    case callMeaning.unmount:
      return { kind: 'unmount', ms, serial, caller };
    case callMeaning.uringSetup:
      return { kind: 'uring-setup', ms, serial, caller };
    case callMeaning.uringOpen:
      return uringOpenOf(memory, at, caller, texts);
    case callMeaning.uringClose:
      return { kind: 'uring-close', ms, serial, caller };
    case callMeaning.uringFallocate:
      return { kind: 'uring-change', operation: 'fallocate', ms, serial, caller };
    case callMeaning.uringTruncate:
      return { kind: 'uring-change', operation: 'ftruncate', ms, serial, caller };
    case callMeaning.mmap:
    case callMeaning.oldMmap:
      return mapEventOf(memory, at, caller, bodies, meaning === callMeaning.mmap);
    case callMeaning.pivotRoot:
      return pivotRootEventOf(memory, at, caller, texts);
    default: {
      if ((given & known.a0) === 0) return null;
      const command = (given & known.a1) === 0 ? null : a1;
      const flags = (given & known.a2) === 0 ? 0 : a2;
      return descriptorEventOf(meaning, a0 | 0, command, flags, exit, ms, serial, caller);
    }
  }
}

/** What changes a descriptor without opening, closing or writing. */
function descriptorEventOf(
  meaning: number,
  fd: number,
  command: number | null,
  flags: number,
  exit: number,
  ms: number,
  serial: number,
  caller: Caller,
): DupEvent | DescriptorFlagsEvent | null {
  switch (meaning) {
    case callMeaning.dup:
      return { kind: 'dup', from: fd, to: exit, replaces: false, closeOnExec: false, ms, serial, caller };
    case callMeaning.dup2:
      return { kind: 'dup', from: fd, to: exit, replaces: true, closeOnExec: false, ms, serial, caller };
    case callMeaning.dup3: {
      const closeOnExec = (flags & openFlag.closeOnExec) !== 0;
      return { kind: 'dup', from: fd, to: exit, replaces: true, closeOnExec, ms, serial, caller };
    }
    case callMeaning.ioctl: {
      const closeOnExec = command === ioctlCommand.closeOnExec;
      if (!closeOnExec && command !== ioctlCommand.keepOnExec) return null;
      return { kind: 'descriptor-flags', fd, closeOnExec, ms, serial, caller };
    }
    case callMeaning.fcntl: {
      if (command === fcntlCommand.setFd) {
        return { kind: 'descriptor-flags', fd, closeOnExec: (flags & 1) !== 0, ms, serial, caller };
      }
      const closeOnExec = command === fcntlCommand.dupFdCloseOnExec;
      if (!closeOnExec && command !== fcntlCommand.dupFd) return null;
      return { kind: 'dup', from: fd, to: exit, replaces: false, closeOnExec, ms, serial, caller };
    }
    default:
      return null;
  }
}

/** `atCwd`: a relative name hangs on the working directory. */
function execEventOf(
  memory: EntryMemory,
  at: number,
  caller: Caller,
  texts: Texts,
  bodies: readonly RecordBody[],
  atCwd: boolean,
): ExecEvent {
  const success = (memory.u8(at + 5) & eventFlag.succeeded) !== 0;
  const execve: BinaryString[] = [];
  for (const { type, body } of bodies) if (type === recordType.execve) execve.push(body);
  const { argv: told, problem } = readArgv(execve);
  const argv = told === null ? null : withoutOwnSecrets(told);
  const first = firstItem(memory, at);
  const cwd = texts[memory.u32(at + eventAt.cwd)] ?? null;
  const names = itemNames(memory, at);
  const name = names[0] ?? null;
  const event: ExecEvent = {
    kind: 'exec',
    success,
    exit: memory.f64(at + eventAt.exit),
    argv,
    cwd,
    name: absolutePath(name, atCwd ? cwd : null) ?? (name === '' ? null : name),
    ...(success && executedFile({ names, argv: told, cwd, exe: caller.exe, comm: caller.comm })),
    dev: first === 0 ? null : (texts[memory.u32(first + itemAt.dev)] ?? null),
    ms: memory.f64(at + eventAt.ms),
    serial: memory.u32(at + eventAt.serial),
    caller,
  };
  return problem !== null && (success || execve.length > 0) ? { ...event, warnings: [problem] } : event;
}

/**
 * runc calls pivot_root(".", ".") when its working directory is the new root, and the CWD record then says "/": the
 * path of a directory that is about to be the root is not to be had from that, so it is left unknown.
 */
function pivotRootEventOf(memory: EntryMemory, at: number, caller: Caller, texts: Texts): PivotRootEvent {
  // user_path_at(new_root) is looked up first.
  const any = memory.u16(at + eventAt.itemCount) === 0 ? 0 : at + eventAt.items;
  const item = firstItem(memory, at) || any;
  const cwd = texts[memory.u32(at + eventAt.cwd)] ?? null;
  const path = absolutePath(item === 0 ? null : nameOf(memory, item), cwd);
  const origin = { ms: memory.f64(at + eventAt.ms), serial: memory.u32(at + eventAt.serial), caller };
  if (path !== null && path !== '/') return { kind: 'pivot-root', newRoot: path, ...origin };
  const warnings = ['the path of the new root is not known from the call'];
  return { kind: 'pivot-root', newRoot: null, ...origin, warnings };
}
