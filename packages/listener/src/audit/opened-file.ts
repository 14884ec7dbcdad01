/** Which file an open call opened, and how: from the SYSCALL, OPENAT2, CWD and PATH records of its event. */

import type { FileType } from '@godo/evidence';
import type { BinaryString, OpenEvent } from '../events.ts';
import { absolutePath } from './paths.ts';
import { type AuditRecord, argumentField, rawField, textField } from './record.ts';
import { recordType } from './record-types.ts';
import { openFlag } from './syscalls.ts';

type OpenedFile = Omit<OpenEvent, 'kind' | 'fd' | 'ms' | 'serial' | 'caller' | 'warnings' | 'lines' | 'incomplete'>;

const currentDirectory = 0xffff_ff9c;

export function readOpenedFile(
  name: 'open' | 'openat' | 'openat2' | 'creat',
  body: BinaryString,
  records: readonly AuditRecord[],
  warnings: string[],
): OpenedFile {
  const flags = readFlags(name, body, records);
  if (flags === null) warnings.push('the flags of the open call are not known');
  const item = openedItem(records);
  if (item === undefined) warnings.push('no PATH record names the file');
  const given = item === undefined ? null : textField(item.body, 'name');
  const directory = name === 'openat' || name === 'openat2' ? argumentField(body, 'a0') : currentDirectory;
  const fromCwd = directory === currentDirectory;
  const cwd = records.find((record) => record.type === recordType.cwd);
  // RESOLVE_IN_ROOT makes the directory the root of even an absolute name.
  const fromDirectory = given?.startsWith('/') ? resolvesInRoot(records) : !fromCwd;
  const absolute = fromDirectory ? null : absolutePath(given, cwd === undefined ? null : textField(cwd.body, 'cwd'));
  if (flags !== null && (flags & openFlag.unnamed) !== 0) {
    const where = absolute ?? given;
    warnings.push(`an unnamed file (O_TMPFILE)${where === null ? '' : ` in ${where}`}`);
    const { dev } = fileIdentity(item);
    return { ...unnamed, flags, access: accessMode(flags), closeOnExec: (flags & openFlag.closeOnExec) !== 0, dev };
  }
  return {
    flags,
    access: accessMode(flags),
    closeOnExec: flags !== null && (flags & openFlag.closeOnExec) !== 0,
    truncates: flags !== null && (flags & openFlag.truncate) !== 0,
    created: item !== undefined && rawField(item.body, 'nametype') === 'CREATE',
    path: absolute ?? given,
    pathResolved: absolute !== null,
    dirfd: fromDirectory && directory !== null ? directory | 0 : null,
    ...fileIdentity(item),
  };
}

/** The records name the directory; the file has no name, and its inode is not told. */
const unnamed = {
  truncates: false,
  created: true,
  path: null,
  pathResolved: false,
  dirfd: null,
  inode: null,
  fileType: 'regular',
} as const;

function readFlags(name: string, body: BinaryString, records: readonly AuditRecord[]): number | null {
  if (name === 'creat') return openFlag.create | openFlag.writeOnly | openFlag.truncate;
  if (name === 'open') return argumentField(body, 'a1');
  if (name === 'openat') return argumentField(body, 'a2');
  // audit_log_openat2_how: `oflag=0%llo mode=0%llo resolve=0x%llx`.
  const how = records.find((record) => record.type === recordType.openat2);
  const raw = how === undefined ? undefined : rawField(how.body, 'oflag');
  return raw !== undefined && /^[0-7]+$/.test(raw) ? Number.parseInt(raw, 8) : null;
}

/** RESOLVE_IN_ROOT of linux/openat2.h. */
const resolveInRoot = 0x10;

function resolvesInRoot(records: readonly AuditRecord[]): boolean {
  const how = records.find((record) => record.type === recordType.openat2);
  return (Number(how === undefined ? 0 : rawField(how.body, 'resolve')) & resolveInRoot) !== 0;
}

export function accessMode(flags: number | null): OpenEvent['access'] {
  if (flags === null) return 'unknown';
  switch (flags & openFlag.accessMode) {
    case 0:
      return 'read';
    case openFlag.writeOnly:
      return 'write';
    case openFlag.readWrite:
      return 'readwrite';
    default:
      // 3 asks for both permissions and gives neither (Linux: for ioctl only).
      return 'unknown';
  }
}

/** The last item that is not the PARENT; logs of old kernels have no nametype, there the last item is the file. */
function openedItem(records: readonly AuditRecord[]): AuditRecord | undefined {
  return records.findLast((record) => {
    if (record.type !== recordType.path) return false;
    const nametype = rawField(record.body, 'nametype');
    return nametype !== 'PARENT' && nametype !== 'UNKNOWN' && rawField(record.body, 'name') !== '(null)';
  });
}

function fileIdentity(item: AuditRecord | undefined): Pick<OpenEvent, 'dev' | 'inode' | 'fileType'> {
  if (item === undefined) return { dev: null, inode: null, fileType: 'unknown' };
  const mode = rawField(item.body, 'mode');
  return {
    dev: rawField(item.body, 'dev') ?? null,
    inode: rawField(item.body, 'inode') ?? null,
    fileType: mode !== undefined && /^[0-7]+$/.test(mode) ? fileType(Number.parseInt(mode, 8)) : 'unknown',
  };
}

/** S_IF* of stat.h, shifted right by 12. */
const fileTypes = new Map<number, FileType>([
  [0x1, 'fifo'],
  [0x2, 'character'],
  [0x4, 'directory'],
  [0x6, 'block'],
  [0x8, 'regular'],
  [0xa, 'symlink'],
  [0xc, 'socket'],
]);

/** `mode` as in struct stat. */
export function fileType(mode: number): FileType {
  return fileTypes.get(mode >> 12) ?? 'unknown';
}
