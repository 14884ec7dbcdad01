/** The rules that godo loads: as narrow as the kernel allows. */

import { operationSyscalls } from '../audit/operation-calls.ts';
import { recordType, recordTypeName } from '../audit/record-types.ts';
import {
  type Architecture,
  auditArch,
  errnoBadDescriptor,
  fcntlCommand,
  fileIoctl,
  ioctlCommand,
  mapShared,
  openRecordedMask,
  type SyscallName,
  syscallNumber,
} from '../audit/syscalls.ts';
import { type AuditRule, isSameRule, keyOfRule, type RuleCondition } from './audit-rule.ts';
import { ruleKey, sensitiveKey } from './rule-keys.ts';

export { ruleKey };

/** "godo" in ASCII. No process has such a number, so the condition always holds: it is what tells the rule as ours. */
export const markOfOurs: RuleCondition = { field: 'pid', operator: '!=', value: 0x676f_646f };

/**
 * What nobody reads need not be made: a third of the records of a write or a close. It holds for every listener of the
 * host, so it is for the one that has the audit role only.
 */
export const excludeRule: AuditRule = {
  list: 'exclude',
  action: 'never',
  syscalls: [],
  conditions: [{ field: 'msgtype', operator: '=', value: recordType.proctitle }, markOfOurs],
  first: false,
  key: null,
};

/** Whether a rule as the kernel lists it is one that a godo loaded. */
export function isOurs(rule: Uint8Array): boolean {
  return isRecording(rule) || isSensitive(rule);
}

/** Those that are loaded once, and stay. */
export function isRecording(rule: Uint8Array): boolean {
  return keyOfRule(rule) === ruleKey || isSameRule(rule, excludeRule);
}

/** Those about sensitive files, which come and go. */
export function isSensitive(rule: Uint8Array): boolean {
  return keyOfRule(rule) === sensitiveKey;
}

interface Wanted {
  readonly names: readonly SyscallName[];
  readonly conditions: readonly RuleCondition[];
  /** The argument that has the flags of an open call: one of those that are recorded must be in it. */
  readonly openFlags?: 'a1' | 'a2';
  readonly action?: 'never';
  /** Absent: wherever there are such calls. */
  readonly only?: readonly Architecture[];
}

const succeeded: RuleCondition = { field: 'success', operator: '=', value: 1 };
const failed: RuleCondition = { field: 'success', operator: '=', value: 0 };
const mappedShared: readonly RuleCondition[] = [{ field: 'a3', operator: '&', value: mapShared }, succeeded];
const cloneThread = 0x0001_0000;

const opensForWriting: readonly Wanted[] = [
  { names: ['open'], openFlags: 'a1', conditions: [succeeded] },
  { names: ['openat', 'open_by_handle_at'], openFlags: 'a2', conditions: [succeeded] },
];
const opens: readonly Wanted[] = [{ names: ['open', 'openat', 'open_by_handle_at'], conditions: [succeeded] }];

/** In the order of the kernel's list, after those of execs and opens; the first that matches decides. */
const wanted: readonly Wanted[] = [
  // openat2 and clone3 pass their flags by pointer, where no rule can look.
  { names: ['creat', 'openat2'], conditions: [succeeded] },
  {
    names: [
      'close',
      'close_range',
      'write',
      'pwrite64',
      'writev',
      'pwritev',
      'pwritev2',
      'sendfile',
      'sendfile64',
      'splice',
      'copy_file_range',
      'dup',
      'dup2',
      'dup3',
      'pidfd_getfd',
      'memfd_create',
      // Else what a process then writes to it would have to be looked up in /proc, and most that do are gone by then.
      'pipe',
      'pipe2',
      'pivot_root',
      'chroot',
      'umount',
      'umount2',
      'unshare',
      'setns',
      // What a process then does through it is told in part only.
      'io_uring_setup',
    ],
    conditions: [succeeded],
  },
  ...[fcntlCommand.dupFd, fcntlCommand.setFd, fcntlCommand.dupFdCloseOnExec].map(
    (command): Wanted => ({
      names: ['fcntl', 'fcntl64'],
      conditions: [{ field: 'a1', operator: '=', value: command }, succeeded],
    }),
  ),
  // A close that fails for another reason than a bad number has closed it all the same.
  { names: ['close'], conditions: [failed, { field: 'exit', operator: '!=', value: errnoBadDescriptor }] },
  ...Object.values(ioctlCommand).map(
    (command): Wanted => ({
      names: ['ioctl'],
      conditions: [{ field: 'a1', operator: '=', value: command }, succeeded],
    }),
  ),
  // Threads share their descriptors: only a new process needs to be placed in its parent's history.
  { names: ['clone'], conditions: [{ field: 'a0', operator: '&', value: cloneThread }], action: 'never' },
  { names: ['fork', 'vfork', 'clone', 'clone3'], conditions: [succeeded] },
  // Anonymous memory is shared so as well, which no rule can tell: 0x20 of the flags is not set where there is a file.
  { names: ['mmap'], conditions: mappedShared, only: ['x86_64', 'aarch64'] },
  { names: ['mmap2'], conditions: mappedShared },
  // The first mmap of i386 passes a pointer to its arguments.
  { names: ['mmap'], conditions: [succeeded], only: ['i386'] },
  // What was tried, and by whom, is worth knowing too.
  ...Object.values(fileIoctl).map(
    (command): Wanted => ({
      names: ['ioctl'],
      conditions: [{ field: 'a1', operator: '=', value: command }],
      ...(command === fileIoctl.setFlags && { only: ['x86_64', 'aarch64'] }),
      ...(command === fileIoctl.setFlags32 && { only: ['i386'] }),
    }),
  ),
  { names: operationSyscalls, conditions: [] },
];

/** Node's process.arch to the system call tables that its kernel can run. */
export function architecturesOf(arch: string): Architecture[] {
  if (arch === 'x64') return ['x86_64', 'i386'];
  if (arch === 'arm64') return ['aarch64'];
  return [];
}

/**
 * `exemptPids`: processes whose calls are not to be recorded, because they write what we record. Their rules come first.
 * `reads`: opens for reading are recorded too.
 */
export function ruleSet(
  architectures: readonly Architecture[],
  exemptPids: readonly number[],
  { reads = false } = {},
): AuditRule[] {
  const all = [
    { names: ['execve', 'execveat'], conditions: [] } as const,
    ...(reads ? opens : opensForWriting),
    ...wanted,
  ];
  const recording = architectures.flatMap((arch) => all.flatMap((rule) => ruleOf(arch, rule)));
  const exempting = exemptPids.map(
    (pid): AuditRule => ({
      list: 'exit',
      action: 'never',
      syscalls: [],
      conditions: [{ field: 'pid', operator: '=', value: pid }],
      first: true,
      key: ruleKey,
    }),
  );
  return [...exempting, ...recording];
}

function ruleOf(arch: Architecture, { names, conditions, openFlags, action, only }: Wanted): AuditRule[] {
  if (only !== undefined && !only.includes(arch)) return [];
  const syscalls = names.flatMap((name) => syscallNumber(arch, name) ?? []);
  if (syscalls.length === 0) return [];
  const own: RuleCondition[] = [{ field: 'arch', operator: '=', value: auditArch[arch] }];
  if (openFlags !== undefined) own.push({ field: openFlags, operator: '&', value: openRecordedMask(arch) });
  return [
    {
      list: 'exit',
      action: action ?? 'always',
      syscalls,
      conditions: [...own, ...conditions],
      first: false,
      key: ruleKey,
    },
  ];
}

const archNames: Readonly<Record<number, string>> = {
  [auditArch.x86_64]: 'b64',
  [auditArch.i386]: 'b32',
  [auditArch.aarch64]: 'b64',
};

/** As auditctl would have it, for people. */
export function describeRule(rule: AuditRule): string {
  const conditions = rule.conditions.map(
    ({ field, operator, value }) => `-F ${field}${operator}${shown(field, operator, value)}`,
  );
  if (rule.place !== undefined) conditions.push(`-F ${rule.place.field}=${rule.place.path}`);
  const head = `${rule.first ? '-A' : '-a'} ${rule.action},${rule.list} ${conditions.join(' ')}`;
  if (rule.list === 'exclude') return head;
  return `${head} ${rule.list === 'io_uring' ? '-U' : '-S'} ${rule.syscalls.length === 0 ? 'all' : rule.syscalls.join(',')} -k ${rule.key}`;
}

function shown(field: string, operator: string, value: number): string {
  if (field === 'arch') return archNames[value] ?? value.toString(16);
  if (field === 'msgtype') return recordTypeName(value);
  return operator === '&' ? `0${value.toString(8)}` : String(value);
}
