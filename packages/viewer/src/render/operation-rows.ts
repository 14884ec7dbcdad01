import { commandLine } from './command-line.ts';
import { contentDetails } from './content-notes.ts';
import { errnoName } from './errno.ts';
import { inodeText, openerAt, openerProgram, type ProcessesByKey } from './file-rows.ts';
import { fields, list, ns, number, text } from './lenient.ts';
import { facts, shortContainer } from './process.ts';
import { warnings } from './process-rows.ts';
import { type Charset, glyphs, type Screen } from './screen.ts';
import { type Cell, type Row, StreamedTable } from './table.ts';
import { dateTime } from './time.ts';
import { visible, visibleName } from './visible.ts';

type Fields = Readonly<Record<string, unknown>>;

const columns = [
  { title: 'TIME (UTC)', width: 23 },
  { title: 'OPERATION', width: 11 },
  { title: 'RESULT', width: 12 },
  { title: 'CONTAINER', width: 12 },
  { title: 'PID', width: 7, align: 'right' },
  { title: 'EXE', width: 5, share: 1 },
] as const;

export interface OperationTable {
  readonly table: StreamedTable;
  row(document: unknown, processes: ProcessesByKey): Row;
}

/** Operations on files: the columns, the names, and the arguments of who did it, one under the other. */
export function operationTable(screen: Screen): OperationTable {
  const { charset, width } = screen;
  return {
    table: new StreamedTable(columns, screen),
    row: (document, processes) => {
      const operation = fields(document);
      const process = facts(processes.get(text(operation.key) ?? ''));
      const container = shortContainer(operation.containerId, charset);
      const { argv, argvHex } = openerAt({ ...operation, openedNs: operation.timeNs }, process);
      const command = commandLine(argv, argvHex, charset, width * 2);
      return {
        lines: [
          [
            { text: dateTime(ns(operation.timeNs)), lines: 1 },
            { text: operationName(operation, charset), role: 'heading', lines: 1 },
            resultCell(operation),
            container === null ? { text: '-' } : { text: container, role: 'container' },
            { text: String(number(operation.tgid) ?? '?') },
            { text: openerProgram(operation, process, charset), lines: 2 },
          ],
        ],
        notes: [
          { ...namesCell(operation, charset), indent: 2 },
          ...(command === null ? [] : [{ text: command, indent: 2, role: 'faint' as const, lines: 2 }]),
          ...warnings(operation.warnings, charset).map((cell) => ({ ...cell, indent: 2 })),
        ],
      };
    },
  };
}

export function operationName(operation: Fields, charset: Charset): string {
  return operation.exchange === true ? 'exchange' : visible(text(operation.operation) ?? '?', charset);
}

export function resultCell(operation: Fields): Cell {
  if (operation.success !== false) return { text: operation.success === true ? 'done' : '?' };
  const errno = number(operation.errno);
  return { text: errno === null ? 'failed' : errnoName(errno), role: 'bad' };
}

/** What it was done to, and what with: `/a → /b  (replaced inode 12)`. */
export function namesCell(operation: Fields, charset: Charset): Cell {
  const details = [...unresolved(operation), ...changes(operation, charset)];
  return {
    text: namesText(operation, charset),
    role: 'path',
    lines: 6,
    ...(details.length > 0 && { remark: { text: `(${details.join(', ')})`, role: 'faint' } }),
  };
}

function namesText(operation: Fields, charset: Charset): string {
  const { arrow } = glyphs(charset);
  // An arrow in a name stands between no two names.
  const named = (name: string, hex: unknown) =>
    visibleName(name, charset, hex).replaceAll(` ${arrow} `, `\\x20${arrow}\\x20`);
  const path = text(operation.path);
  const own = path === null ? placeholder(operation, charset) : named(path, operation.pathHex);
  const target = text(operation.target);
  if (target !== null) return `${own} ${arrow} ${named(target, operation.targetHex)}`;
  if (operation.toPath === undefined) return own;
  const to = text(operation.toPath);
  if (path === null && to === null) return own;
  return `${own} ${arrow} ${to === null ? '(not told)' : named(to, operation.toPathHex)}`;
}

/** In place of a path: everything else that is known of what it was. */
function placeholder(operation: Fields, charset: Charset): string {
  const inode = inodeText(operation, charset);
  const named = (name: 'names' | 'directories') =>
    list(operation[name]).map((one, index) =>
      visibleName(text(one) ?? '?', charset, list(operation[`${name}Hex`])[index]),
    );
  const names = named('names');
  const directories = named('directories');
  const known = [
    ...(names.length > 0 ? [`one of ${names.join(', ')}`] : []),
    ...(directories.length > 0 ? [`in ${directories.join(', ')}`] : []),
    ...(number(operation.fd) === null ? [] : [`fd ${number(operation.fd)}`]),
    ...(inode === null ? [] : [inode]),
  ];
  return known.length === 0 ? '(name not told)' : `(name not told: ${known.join('; ')})`;
}

function unresolved(operation: Fields): string[] {
  const remark = (path: unknown, resolved: unknown, dirfd: unknown) => {
    if (text(path) === null || resolved === true) return [];
    const below = number(dirfd);
    return [below === null ? 'unresolved' : `unresolved, below fd ${below}`];
  };
  return [
    ...remark(operation.path, operation.pathResolved, operation.dirfd),
    ...remark(operation.toPath, operation.toPathResolved, operation.toDirfd),
  ];
}

function changes(operation: Fields, charset: Charset): string[] {
  const { arrow } = glyphs(charset);
  const octal = (value: unknown) => (number(value) === null ? '?' : (number(value) ?? 0).toString(8).padStart(4, '0'));
  const owner = (uid: unknown, gid: unknown) => `${number(uid) ?? '-'}:${number(gid) ?? '-'}`;
  const { replacedInode, exchangedInode, mode, modeBefore, size, fileType } = operation;
  const isChown = operation.operation === 'chown';
  return [
    ...(text(replacedInode) === null ? [] : [`replaced inode ${visible(text(replacedInode) ?? '', charset)}`]),
    ...(text(exchangedInode) === null ? [] : [`exchanged with inode ${visible(text(exchangedInode) ?? '', charset)}`]),
    ...(operation.operation === 'mknod' ? [visible(text(fileType) ?? '?', charset)] : []),
    ...(mode === undefined
      ? []
      : [`mode ${modeBefore === undefined ? '' : `${octal(modeBefore)} ${arrow} `}${octal(mode)}`]),
    ...(isChown
      ? [
          `owner ${owner(operation.ownerUidBefore, operation.ownerGidBefore)} ${arrow} ${owner(operation.ownerUid, operation.ownerGid)}`,
        ]
      : []),
    ...(size === undefined ? [] : [`to ${number(size) ?? '?'} bytes`]),
    ...contentDetails(operation, charset),
  ];
}
