import type { ShownEntry } from '../history/file-history.ts';
import { commandLine } from './command-line.ts';
import { changedWithoutWriting } from './content-notes.ts';
import { openerAt, openerProgram, type ProcessesByKey, pathCell, sessionNotes, truncatesFile } from './file-rows.ts';
import { fields, ns, number, text } from './lenient.ts';
import { operationTable } from './operation-rows.ts';
import { facts, programName, shortContainer } from './process.ts';
import type { Screen } from './screen.ts';
import type { Row, StreamedTable } from './table.ts';
import { dateTime, timeBeside } from './time.ts';
import { visible } from './visible.ts';

export interface HistoryTable {
  readonly table: StreamedTable;
  row(entry: ShownEntry, processes: ProcessesByKey): Row;
}

/** File sessions and operations in one table. */
export function historyTable(screen: Screen): HistoryTable {
  const operations = operationTable(screen);
  return {
    table: operations.table,
    row: ({ collection, document }, processes) => {
      if (collection === 'operations') return operations.row(document, processes);
      return collection === 'events'
        ? contentRow(document, processes, screen)
        : sessionRow(document, processes, screen);
    },
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

/** What the file held when it had come to rest. */
function contentRow(document: unknown, processes: ProcessesByKey, { charset }: Screen): Row {
  const event = fields(document);
  const data = fields(event.data);
  const container = shortContainer(event.containerId, charset);
  const sha256 = text(data.sha256);
  const size = number(data.size);
  const changed = data.stable === false ? ', changed while it was read' : '';
  const held =
    sha256 === null
      ? `not read: ${visible(text(data.reason) ?? '?', charset)}`
      : `sha256 ${visible(sha256, charset)}${size === null ? '' : `, ${size} bytes`}${changed}`;
  return {
    lines: [
      [
        { text: dateTime(ns(event.timeNs)), lines: 1 },
        { text: 'content', role: 'heading', lines: 1 },
        sha256 === null ? { text: '-' } : { text: 'read' },
        container === null ? { text: '-' } : { text: container, role: 'container' },
        { text: String(number(event.tgid) ?? '?') },
        { text: programName(facts(processes.get(text(event.key) ?? '')), charset), lines: 2 },
      ],
    ],
    notes: [
      { ...pathCell({ ...data, pathResolved: true }, charset), indent: 2 },
      { text: held, indent: 2, lines: 2 },
    ],
  };
}

function sessionName(file: Readonly<Record<string, unknown>>): string {
  if (file.created === true) return 'create';
  if ((number(fields(file.writes).count) ?? 0) > 0) return 'write';
  if (changedWithoutWriting(file)) return 'change';
  if (truncatesFile(file)) return 'truncate';
  return file.access === 'read' ? 'read' : 'open';
}
