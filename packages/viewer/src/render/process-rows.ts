import { baseName } from '../base-name.ts';
import { commandLine } from './command-line.ts';
import { errnoName } from './errno.ts';
import { list, ns, number, text } from './lenient.ts';
import { ending, facts, programName, scriptText, shortContainer } from './process.ts';
import { type Charset, glyphs, type Screen } from './screen.ts';
import { type Cell, type Column, columnsFit, type Row, StreamedTable } from './table.ts';
import { dateTime, timeBeside } from './time.ts';
import { visible, visibleName } from './visible.ts';

const fixed: readonly Column[] = [
  { title: 'PID', width: 7, align: 'right' },
  { title: 'PARENT', width: 7, align: 'right' },
  { title: 'CONTAINER', width: 12 },
  { title: 'START (UTC)', width: 23 },
  { title: 'EXIT', width: 12 },
  { title: 'CODE', width: 9 },
];
const flat: readonly Column[] = [
  ...fixed,
  { title: 'EXE', width: 20, share: 2 },
  { title: 'CWD', width: 12, share: 1 },
  { title: 'ARGV', width: 30, share: 5 },
];

export interface DocumentTable {
  readonly table: StreamedTable;
  row(document: unknown): Row;
}

/** Processes, one row each; program, directory and arguments in lines of their own where the screen is narrow. */
export function processTable(screen: Screen): DocumentTable {
  const wide = columnsFit(flat, screen.width);
  return {
    table: new StreamedTable(wide ? flat : fixed, screen),
    row: (document) => (wide ? flatRow(document, screen) : stackedRow(document, screen)),
  };
}

function fixedCells(document: unknown, charset: Charset): Cell[] {
  const process = facts(document);
  const container = shortContainer(process.containerId, charset);
  const end = ending(process);
  const startNs = ns(process.startNs);
  return [
    { text: String(number(process.tgid) ?? '?'), ...(process.star === true ? { role: 'star' } : {}) },
    { text: String(number(process.parentTgid) ?? '-') },
    container === null ? { text: '-' } : { text: container, role: 'container' },
    { text: dateTime(startNs), lines: 1 },
    { text: timeBeside(ns(process.exitNs), startNs) },
    end === null ? { text: '-' } : { text: end.text, role: end.role, lines: 2 },
  ];
}

function flatRow(document: unknown, screen: Screen): Row {
  const { charset } = screen;
  const process = facts(document);
  const programs = executions(process);
  const first = [...fixedCells(document, charset), ...programCells(programs[0] ?? process, screen, 4)];
  const later = programs
    .slice(1)
    .map((execution): Cell[] => [
      ...['', '', ''].map((blank) => ({ text: blank })),
      { text: executionTime(execution, ns(process.startNs), charset).replace('\n', ' '), role: 'faint', lines: 1 },
      { text: '' },
      { text: failure(execution) ?? '', role: 'bad' },
      ...programCells(execution, screen, 4),
    ]);
  return { lines: [first, ...later], notes: remarks(process, charset) };
}

function programCells(program: ReturnType<typeof facts>, { charset, width }: Screen, lines: number): Cell[] {
  const script = scriptText(program, charset);
  const name = programName(program, charset);
  return [
    { text: script === null ? name : `${name}\n${script}`, role: 'program', lines },
    { text: directory(program, charset), lines },
    { text: commandLine(program.argv, program.argvHex, charset, width * lines) ?? '-', lines },
  ];
}

function stackedRow(document: unknown, screen: Screen): Row {
  const { charset, width } = screen;
  const process = facts(document);
  const programs = executions(process);
  const several = programs.length > 1;
  const notes = (programs.length > 0 ? programs : [process]).flatMap((program): Cell[] => {
    const when = several ? `${executionTime(program, ns(process.startNs), charset).replace('\n', ' ')}  ` : '';
    const remark = failure(program);
    const script = scriptText(program, charset);
    const argv = commandLine(program.argv, program.argvHex, charset, width * 4);
    const name = `${when}${programName(program, charset)}  (in ${directory(program, charset)})`;
    return [
      {
        text: name,
        role: 'program',
        indent: 9,
        lines: 2,
        ...(remark ? { remark: { text: remark, role: 'bad' } } : {}),
      },
      ...(script === null ? [] : [{ text: script, indent: several ? 11 : 9, lines: 2 }]),
      // The kernel tells the arguments of a call that failed only where it got far enough to copy them.
      ...(argv === null && remark !== null
        ? []
        : [
            {
              text: argv ?? 'arguments not known',
              indent: several ? 11 : 9,
              lines: 4,
              ...(argv ? {} : ({ role: 'faint' } as const)),
            },
          ]),
    ];
  });
  return { lines: [fixedCells(document, charset)], notes: [...notes, ...remarks(process, charset)] };
}

/**
 * What the process became, in order. A shell tries the folders of PATH one after the other: failures in a row to run the
 * same name with the same error are shown as the last of them, with their number in `tries`.
 */
function executions(process: Readonly<Record<string, unknown>>): (ReturnType<typeof facts> & { tries?: number })[] {
  const shown: (ReturnType<typeof facts> & { tries?: number })[] = [];
  for (const execution of list(process.executions).map(facts)) {
    const last = shown.at(-1);
    const again = last !== undefined && last.success === false && execution.success === false;
    if (again && last.errno === execution.errno && nameOf(last.exe) === nameOf(execution.exe)) {
      shown[shown.length - 1] = { ...execution, tries: (last.tries ?? 1) + 1 };
    } else shown.push(execution);
  }
  return shown;
}

function nameOf(exe: unknown): string | null {
  const path = text(exe);
  return path === null ? null : baseName(path);
}

function executionTime(execution: Readonly<Record<string, unknown>>, startNs: bigint | null, charset: Charset): string {
  return `${glyphs(charset).arrow} ${timeBeside(ns(execution.timeNs), startNs)}`;
}

function failure(execution: Readonly<Record<string, unknown>>): string | null {
  if (execution.success !== false) return null;
  const errno = number(execution.errno);
  const tries = number(execution.tries);
  const places = tries === null ? '' : ` in ${tries} places`;
  return `${errno === null ? 'failed' : `failed ${errnoName(errno)}`}${places}`;
}

function directory(program: Readonly<Record<string, unknown>>, charset: Charset): string {
  const cwd = text(program.cwd);
  return cwd === null ? '-' : visibleName(cwd, charset, program.cwdHex);
}

function remarks(process: Readonly<Record<string, unknown>>, charset: Charset): Cell[] {
  const innerPid = number(process.innerPid);
  const inside = innerPid === null ? [] : [{ text: `pid ${innerPid} in its own namespace`, indent: 9 }];
  const names = list(process.envNames).flatMap((name) => text(name) ?? []);
  const environment =
    names.length === 0 ? [] : [{ text: `environment ${visible(names.join(' '), charset)}`, indent: 9, lines: 2 }];
  return [...inside, ...environment, ...warnings(process.warnings, charset)];
}

/** The warnings of a document, each on its own line. */
export function warnings(value: unknown, charset: Charset): Cell[] {
  return list(value)
    .flatMap((warning) => text(warning) ?? [])
    .map((warning) => ({ text: `! ${visible(warning, charset)}`, role: 'warning', indent: 9 }));
}
