import type { HistoryEntry } from '../history/file-history.ts';
import { commandLine } from './command-line.ts';
import { openerAt, openerProgram, type ProcessesByKey, pathCell, sessionNotes, truncatesFile } from './file-rows.ts';
import { fields, ns, number, text } from './lenient.ts';
import { operationTable } from './operation-rows.ts';
import { facts, shortContainer } from './process.ts';
import type { Screen } from './screen.ts';
import type { Row, StreamedTable } from './table.ts';
import { dateTime, timeBeside } from './time.ts';
import { visible } from './visible.ts';

export interface HistoryTable {
  readonly table: StreamedTable;
  row(entry: HistoryEntry, processes: ProcessesByKey): Row;
}

/** File sessions and operations in one table. */
export function historyTable(screen: Screen): HistoryTable {
  const operations = operationTable(screen);
  return {
    table: operations.table,
    row: ({ collection, document }, processes) =>
      collection === 'operations' ? operations.row(document, processes) : sessionRow(document, processes, screen),
  };
}

function sessionRow(document: unknown, processes: ProcessesByKey, { charset, width }: Screen): Row {
  const file = fields(document);
  const opener = openerAt(file, facts(processes.get(text(file.key) ?? '')));
  const container = shortContainer(file.containerId, charset);
  const command = commandLine(opener.argv, opener.argvHex, charset, width * 2);
  const writes = fields(file.writes);
  const closed = timeBeside(ns(file.closedNs), ns(file.openedNs)).replace('\n', ' ');
  const end =
    ns(file.closedNs) === null ? 'not closed' : `closed ${closed} by ${visible(text(file.closedBy) ?? '?', charset)}`;
  return {
    lines: [
      [
        { text: dateTime(ns(file.openedNs)), lines: 1 },
        { text: sessionName(file), role: 'heading', lines: 1 },
        { text: 'done' },
        container === null ? { text: '-' } : { text: container, role: 'container' },
        { text: String(number(file.tgid) ?? '?') },
        { text: openerProgram(file, opener, charset), lines: 2 },
      ],
    ],
    notes: [
      { ...pathCell(file, charset), indent: 2 },
      { text: `writes ${number(writes.count) ?? '?'}, bytes ${number(writes.bytes) ?? '?'}, ${end}`, indent: 2 },
      ...(command === null ? [] : [{ text: command, indent: 2, role: 'faint' as const, lines: 2 }]),
      ...sessionNotes(file, processes, charset, 2),
    ],
  };
}

function sessionName(file: Readonly<Record<string, unknown>>): string {
  if (file.created === true) return 'create';
  if ((number(fields(file.writes).count) ?? 0) > 0) return 'write';
  return truncatesFile(file) ? 'truncate' : 'open';
}
