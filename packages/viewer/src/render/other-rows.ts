import { quoteArgument } from './command-line.ts';
import type { ProcessesByKey } from './file-rows.ts';
import { fields, list, ns, number, text } from './lenient.ts';
import { facts, pidOfKey, programName, shortContainer } from './process.ts';
import type { Charset, Screen } from './screen.ts';
import { type Cell, type Row, StreamedTable } from './table.ts';
import { dateTime } from './time.ts';
import { visible, visibleName } from './visible.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A table of documents with the processes they name. */
export interface OtherTable {
  readonly table: StreamedTable;
  row(document: unknown, processes: ProcessesByKey): Row;
}

export function containerTable(screen: Screen): OtherTable {
  const { charset } = screen;
  const wide = screen.width >= 160;
  const columns = [
    { title: 'CONTAINER', width: wide ? 64 : 12 },
    { title: 'HOST', width: 12, share: 2 },
    { title: 'FIRST SEEN (UTC)', width: 23 },
    { title: 'PROCESSES', width: 9, align: 'right' },
    { title: 'CHANGED', width: 7, align: 'right' },
    ...(wide ? [{ title: 'LAST SEEN (UTC)', width: 23 }] : []),
  ] as const;
  return {
    table: new StreamedTable(columns, screen),
    row: (document, processes) => {
      const container = fields(document);
      const id = text(container.containerId);
      const last = dateTime(ns(container.lastNs));
      const outermost = text(container.outermostContainerId);
      const engineKey = text(container.engineKey);
      const engine = processes.get(engineKey ?? '');
      const rootPids = list(container.rootKeys).map((key) => pidOfKey(key) ?? '?');
      const more = rootPids.length > 8 ? ` and ${rootPids.length - 8} more` : '';
      return {
        lines: [
          [
            {
              text: wide ? visible(id ?? '?', charset) : (shortContainer(id, charset) ?? '?'),
              role: 'container',
              lines: 1,
            },
            { text: visible(text(container.host) ?? '?', charset) },
            { text: dateTime(ns(container.firstNs)), lines: 1 },
            { text: String(number(container.processes) ?? '?') },
            { text: String(number(container.filesChanged) ?? '?') },
            ...(wide ? [{ text: last, lines: 1 }] : []),
          ],
        ],
        notes: [
          note(`name       ${nameOrDash(container.name, undefined, charset)}`),
          note(`image      ${nameOrDash(container.image, undefined, charset)}`),
          ...(wide ? [] : [note(`last seen  ${last}`)]),
          note(`rootfs     ${nameOrDash(container.rootfs, container.rootfsHex, charset)}`),
          ...(outermost === null ? [] : [note(`inside     container ${shortContainer(outermost, charset)}`)]),
          note(`engine     ${engineKey === null ? '-' : processText(engineKey, engine, charset)}`),
          note(`began with ${rootPids.length > 0 ? `pid ${rootPids.slice(0, 8).join(', ')}${more}` : '-'}`),
        ],
      };
    },
  };
}

export function eventTable(screen: Screen): OtherTable {
  const { charset, width } = screen;
  const columns = [
    { title: 'TIME (UTC)', width: 23 },
    { title: 'KIND', width: 14 },
    { title: 'CONTAINER', width: 12 },
    { title: 'PID', width: 7, align: 'right' },
    { title: 'EXE', width: 16, share: 1 },
  ] as const;
  return {
    table: new StreamedTable(columns, screen),
    row: (document, processes) => {
      const event = fields(document);
      const key = text(event.key);
      const process = processes.get(key ?? '');
      const container = shortContainer(event.containerId, charset);
      const data = fields(event.data);
      const program = process === undefined ? { ...facts(data), exe: data.exe, comm: data.comm } : facts(process);
      return {
        lines: [
          [
            { text: dateTime(ns(event.timeNs)), lines: 1 },
            { text: visible(text(event.kind) ?? '?', charset), role: 'heading', lines: 2 },
            container === null ? { text: '-' } : { text: container, role: 'container' },
            { text: String(number(event.tgid) ?? pidOfKey(key) ?? '-') },
            { text: programName(program, charset), lines: 2 },
          ],
        ],
        notes: [{ text: dataText(data, charset, width * 3), indent: 2, lines: 3 }].filter(({ text }) => text !== ''),
      };
    },
  };
}

export function lossTable(screen: Screen): OtherTable {
  const { charset } = screen;
  const columns = [
    { title: 'TIME (UTC)', width: 23 },
    { title: 'SEVERITY', width: 8 },
    { title: 'SOURCE', width: 14 },
    { title: 'MISSING', width: 9, align: 'right' },
    { title: 'FROM - TO', width: 14, share: 1 },
  ] as const;
  return {
    table: new StreamedTable(columns, screen),
    row: (document) => {
      const loss = fields(document);
      const severity = text(loss.severity) ?? '?';
      const [from, to] = [text(loss.from), text(loss.to)];
      const range =
        from === null && to === null ? '-' : `${visible(from ?? '?', charset)} - ${visible(to ?? '?', charset)}`;
      const unknown = severity === 'loss' ? 'unknown' : '-';
      return {
        lines: [
          [
            { text: dateTime(ns(loss.timeNs)), lines: 1 },
            { text: visible(severity, charset), role: severity === 'loss' ? 'bad' : 'warning' },
            { text: visible(text(loss.source) ?? '?', charset) },
            { text: number(loss.count) === null ? unknown : String(loss.count) },
            { text: range },
          ],
        ],
        notes: [{ text: visible(text(loss.reason) ?? '?', charset), indent: 2, lines: 6 }],
      };
    },
  };
}

function note(line: string): Cell {
  return { text: line, indent: 2, role: 'faint', lines: 2 };
}

function nameOrDash(value: unknown, hex: unknown, charset: Charset): string {
  const name = text(value);
  return name === null ? '-' : visibleName(name, charset, hex);
}

function processText(key: string, process: unknown, charset: Charset): string {
  const pid = number(fields(process).tgid) ?? pidOfKey(key) ?? '?';
  return process === undefined ? `pid ${pid}` : `pid ${pid}  ${programName(facts(process), charset)}`;
}

/** `name=value` of each field, values quoted as in a shell; what is not text as JSON. */
function dataText(data: Fields, charset: Charset, limit: number): string {
  const words: string[] = [];
  let length = 0;
  for (const [name, value] of Object.entries(data)) {
    if (value === undefined) continue;
    const plain = typeof value === 'string' ? value : asJson(value);
    const word = `${visible(name, charset)}=${quoteArgument(plain.slice(0, limit), charset)}`;
    words.push(word);
    length += word.length + 1;
    if (length > limit) break;
  }
  return words.join(' ');
}

function asJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? inner.toString() : inner)) ?? '?';
}
