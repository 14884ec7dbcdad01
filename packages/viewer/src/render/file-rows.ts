import { truncates } from '@godo/evidence';
import { commandLine } from './command-line.ts';
import { contentNotes } from './content-notes.ts';
import { fields, list, ns, number, text } from './lenient.ts';
import { facts, pidOfKey, programName, shortContainer } from './process.ts';
import { warnings } from './process-rows.ts';
import { type Charset, glyphs, type Screen } from './screen.ts';
import { type Cell, type Column, columnsFit, type Row, StreamedTable } from './table.ts';
import { dateTime, timeBeside } from './time.ts';
import { visible, visibleName } from './visible.ts';

const counted: readonly Column[] = [
  { title: 'WRITES', width: 7, align: 'right' },
  { title: 'BYTES', width: 11, align: 'right' },
];
const timed: readonly Column[] = [
  { title: 'OPENED (UTC)', width: 23 },
  { title: 'CLOSED', width: 12 },
  { title: 'CLOSED BY', width: 10 },
];
const flat: readonly Column[] = [
  { title: 'PATH', width: 24, share: 4 },
  { title: 'CONTAINER', width: 12 },
  { title: 'PID', width: 7, align: 'right' },
  { title: 'EXE', width: 14, share: 2 },
  { title: 'ARGV', width: 24, share: 4 },
  ...counted,
  ...timed,
];
const stacked: readonly Column[] = [{ title: '  OPENED (UTC)', width: 25 }, ...timed.slice(1), ...counted];

/** Processes by key, for the arguments of those that opened a file. */
export type ProcessesByKey = ReadonlyMap<string, unknown>;

export interface FileTable {
  readonly table: StreamedTable;
  row(document: unknown, processes: ProcessesByKey): Row;
}

/** File sessions, one row each; in lines one under the other where the screen is narrow. */
export function fileTable(screen: Screen): FileTable {
  const wide = columnsFit(flat, screen.width);
  return {
    table: wide ? new StreamedTable(flat, screen) : new StreamedTable(stacked, screen, 'PATH'),
    row: (document, processes) => (wide ? flatRow : stackedRow)(fields(document), processes, screen),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function flatRow(file: Fields, processes: ProcessesByKey, screen: Screen): Row {
  const { charset, width } = screen;
  const opener = openerAt(file, facts(processes.get(text(file.key) ?? '')));
  const container = shortContainer(file.containerId, charset);
  const cells: Cell[] = [
    pathCell(file, charset),
    container === null ? { text: '-' } : { text: container, role: 'container' },
    { text: String(number(file.tgid) ?? '?') },
    { text: openerProgram(file, opener, charset), lines: 4 },
    { text: commandLine(opener.argv, opener.argvHex, charset, width * 4) ?? '-', lines: 4 },
    ...countCells(file),
    ...timeCells(file, '', charset),
  ];
  return { lines: [cells], notes: sessionNotes(file, processes, charset, 2) };
}

function stackedRow(file: Fields, processes: ProcessesByKey, screen: Screen): Row {
  const { charset, width } = screen;
  const { dot } = glyphs(charset);
  const opener = openerAt(file, facts(processes.get(text(file.key) ?? '')));
  const container = shortContainer(file.containerId, charset);
  const who = `pid ${number(file.tgid) ?? '?'}  ${openerProgram(file, opener, charset)}`;
  const where = container === null ? '' : ` ${dot} container ${container}`;
  const argv = commandLine(opener.argv, opener.argvHex, charset, width * 4);
  return {
    lead: [pathCell(file, charset)],
    lines: [[...timeCells(file, '  ', charset), ...countCells(file)]],
    notes: [
      { text: who + where, indent: 2, lines: 2 },
      ...(argv === null ? [] : [{ text: argv, indent: 2, lines: 4 }]),
      ...sessionNotes(file, processes, charset, 2),
    ],
  };
}

/** Which file it was, whatever its name: `inode fe:00 12`; null where that is not known. */
export function inodeText({ dev, inode }: Fields, charset: Charset): string | null {
  const number = text(inode);
  return number === null ? null : `inode ${visible(text(dev) ?? '?', charset)} ${visible(number, charset)}`;
}

export function pathCell(file: Fields, charset: Charset): Cell {
  const path = text(file.path);
  const identity = inodeText(file, charset);
  const shown =
    path === null
      ? `(path unknown)${identity === null ? '' : ` ${identity}`}`
      : visibleName(path, charset, file.pathHex);
  const dirfd = number(file.dirfd);
  const unresolved =
    file.pathResolved === true ? [] : [dirfd === null ? 'unresolved' : `unresolved, below fd ${dirfd}`];
  const remarks = [
    ...(path === null ? [] : unresolved),
    ...(file.created === true ? ['created'] : truncatesFile(file) ? ['truncated'] : []),
    ...(file.openedBefore === true ? ['open before the recording'] : []),
  ];
  if (remarks.length === 0) return { text: shown, role: 'path', lines: 4 };
  const role = path !== null && unresolved.length > 0 ? 'warning' : 'faint';
  return { text: shown, role: 'path', lines: 4, remark: { text: `(${remarks.join(', ')})`, role } };
}

/**
 * The opener with the arguments it had when it opened the file, which are not its last ones where it executed something
 * else since. Executions of another program than the one that opened the file are out of the question; a process that
 * opened it before its first exec had its parent's arguments, which are not its own.
 */
export function openerAt(file: Fields, opener: ReturnType<typeof facts>): ReturnType<typeof facts> {
  const programs = list(opener.executions)
    .map(facts)
    .filter((execution) => execution.success !== false);
  if (programs.length === 0) return opener;
  const exe = text(file.exe);
  const same = exe === null ? programs : programs.filter((execution) => text(execution.exe) === exe);
  const openedNs = ns(file.openedNs);
  const before = same.filter((execution) => openedNs === null || (ns(execution.timeNs) ?? 0n) <= openedNs);
  // The clock of audit lags: the exec may seem to be a little later than what was done after it.
  const then = before.at(-1) ?? same[0];
  return { ...opener, argv: then?.argv ?? null, argvHex: then?.argvHex };
}

/** What the opener was when it opened the file; what it became later only where that is not known. */
export function openerProgram(file: Fields, opener: ReturnType<typeof facts>, charset: Charset): string {
  return programName(text(file.exe) === null && text(file.comm) === null ? opener : facts(file), charset);
}

export function truncatesFile(file: Fields): boolean {
  return truncates({ flags: number(file.flags) });
}

function countCells(file: Fields): Cell[] {
  const writes = fields(file.writes);
  return [writes.count, writes.bytes].map((value) => ({ text: String(number(value) ?? '?') }));
}

function timeCells(file: Fields, indent: string, charset: Charset): Cell[] {
  const openedNs = ns(file.openedNs);
  const closedBy = text(file.closedBy);
  const how = closedBy === null ? '-' : visible(closedBy.slice(0, 10), charset);
  const inferred = file.closeInferred === true;
  return [
    { text: indent + dateTime(openedNs), lines: 1 },
    { text: timeBeside(ns(file.closedNs), openedNs) },
    inferred ? { text: `${how === '-' ? 'exit' : how}\n(inferred)`, role: 'warning' } : { text: how },
  ];
}

const writersShown = 8;

/** Writers that are not the opener, and what is uncertain. */
export function sessionNotes(file: Fields, processes: ProcessesByKey, charset: Charset, indent: number): Cell[] {
  const others = list(file.writers)
    .map(fields)
    .filter((writer) => writer.key !== file.key);
  const shown = others.slice(0, writersShown).map((writer): Cell => {
    const process = processes.get(text(writer.key) ?? '');
    const pid = number(fields(process).tgid) ?? pidOfKey(writer.key) ?? '?';
    const name = process === undefined ? '' : ` ${programName(facts(process), charset)}`;
    const amount = `writes ${number(writer.count) ?? '?'}, bytes ${number(writer.bytes) ?? '?'}`;
    return { text: `written by pid ${pid}${name}: ${amount}`, indent, lines: 2, role: 'warning' };
  });
  const more = others.length - shown.length;
  return [
    ...shown,
    ...(more > 0 ? [{ text: `and by ${more} more (see --json)`, indent, role: 'warning' } as const] : []),
    ...contentNotes(file, processes, charset, indent),
    ...warnings(file.warnings, charset).map((cell) => ({ ...cell, indent })),
  ];
}
