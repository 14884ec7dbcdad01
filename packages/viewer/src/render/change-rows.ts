import type { ChangeDocument, ChangeWriter } from '../changes/change-document.ts';
import { commandLine } from './command-line.ts';
import { facts, programName } from './process.ts';
import { warnings } from './process-rows.ts';
import type { Charset, Screen } from './screen.ts';
import { type Cell, type Row, StreamedTable } from './table.ts';
import { dateTime } from './time.ts';
import { visible, visibleName } from './visible.ts';

const columns = [
  { title: '  TIME (UTC)', width: 25 },
  { title: '', width: 5 },
  { title: 'DID', width: 11 },
  { title: 'PID', width: 7, align: 'right' },
  { title: 'EXE', width: 22, share: 1 },
] as const;

/** Final changes: what became of each path, and below it who was the first and who the last to change it. */
export function changeTable(screen: Screen): { readonly table: StreamedTable; row(change: ChangeDocument): Row } {
  return { table: new StreamedTable(columns, screen, '  PATH'), row: (change) => changeRow(change, screen) };
}

function changeRow(change: ChangeDocument, { charset, width }: Screen): Row {
  const { firstWriter: first, lastWriter: last } = change;
  const isOne = first?.key === last?.key && first?.exe === last?.exe && first?.action === last?.action;
  const argvOf = (writer: ChangeWriter | null) =>
    writer === null ? null : commandLine(writer.argv, writer.argvHex, charset, width * 2);
  const commands = new Set([isOne ? null : argvOf(first), argvOf(last)].filter((text) => text !== null));
  return {
    lead: [pathCell(change, charset)],
    lines: [
      ...(first === null || isOne ? [] : [writerCells('first', first, charset)]),
      ...(last === null ? [] : [writerCells('last', last, charset)]),
    ],
    notes: [
      ...[...commands].map((text): Cell => ({ text, indent: 2, role: 'faint', lines: 2 })),
      ...warnings(change.warnings, charset).map((cell) => ({ ...cell, indent: 2 })),
    ],
  };
}

function pathCell({ change, path, pathHex, fileType, writes, inRemoved }: ChangeDocument, charset: Charset): Cell {
  const remarks = [
    ...(fileType === 'regular' || fileType === 'unknown' ? [] : [visible(fileType, charset)]),
    ...(writes.count === 0 ? [] : [`writes ${writes.count}, bytes ${writes.bytes}`]),
    ...(inRemoved ? ['with its directory'] : []),
  ];
  return {
    text: `${change} ${visibleName(path, charset, pathHex)}`,
    role: 'path',
    lines: 4,
    ...(remarks.length > 0 && { remark: { text: `(${remarks.join(', ')})`, role: 'faint' } }),
  };
}

function writerCells(which: 'first' | 'last', writer: ChangeWriter, charset: Charset): Cell[] {
  return [
    { text: `  ${dateTime(writer.timeNs)}`, lines: 1 },
    { text: which },
    { text: writer.action, lines: 1 },
    { text: String(writer.tgid ?? '?') },
    { text: programName(facts(writer), charset), lines: 2 },
  ];
}
