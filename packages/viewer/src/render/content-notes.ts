/** What changed a file beside writes: other calls, and stores through shared mappings. */

import { fields, list, number, text } from './lenient.ts';
import { facts, pidOfKey, programName } from './process.ts';
import type { Charset } from './screen.ts';
import type { Cell } from './table.ts';
import { visible } from './visible.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Keys of all who used the file of a session, some more than once. */
export function usersOf(document: unknown): unknown[] {
  const { key, writers, changes, mapped } = fields(document);
  const named = [...list(writers), ...list(changes)].map((user) => fields(user).key);
  return [key, ...named, ...list(fields(mapped).keys)];
}

const shownAtOnce = 8;

/** `changed without writing by pid 5 /bin/truncate: 1 call`, `mapped for writing by pid 5 …: it was written`. */
export function contentNotes(
  file: Fields,
  processes: ReadonlyMap<string, unknown>,
  charset: Charset,
  indent: number,
): Cell[] {
  const who = (key: unknown) => {
    const process = processes.get(text(key) ?? '');
    const pid = number(fields(process).tgid) ?? pidOfKey(key) ?? '?';
    return `pid ${pid}${process === undefined ? '' : ` ${programName(facts(process), charset)}`}`;
  };
  const changes = list(file.changes).map(fields);
  const shown = changes.slice(0, shownAtOnce).map((change): Cell => {
    const calls = number(change.count) ?? '?';
    const note = `changed without writing by ${who(change.key)}: ${calls} call${calls === 1 ? '' : 's'}`;
    return { text: note, indent, lines: 2, role: 'warning' };
  });
  const more = changes.length - shown.length;
  return [
    ...shown,
    ...(more > 0 ? [{ text: `and by ${more} more (see --json)`, indent, role: 'warning' } as const] : []),
    ...mappingNotes(fields(file.mapped), who, charset).map((note): Cell => ({ ...note, indent, lines: 2 })),
  ];
}

function mappingNotes(mapped: Fields, who: (key: unknown) => string, charset: Charset): Cell[] {
  const keys = list(mapped.keys);
  if (keys.length === 0) return [];
  const more = keys.length > 1 ? ` and ${keys.length - 1} more` : '';
  const how = mapped.writable === true ? 'for writing' : 'shared, at first for reading,';
  const because = text(mapped.unknownBecause);
  const outcome =
    mapped.written === true
      ? 'it was written so'
      : mapped.written === false
        ? 'it was not written so'
        : `it may have been written so${because === null ? '' : ` (not known: ${visible(because, charset)})`}`;
  const role = mapped.written === false ? 'faint' : 'warning';
  return [{ text: `mapped ${how} by ${who(keys[0])}${more}: ${outcome}`, role }];
}

/** Whether a session changed its file in one of these ways, for certain. */
export function changedWithoutWriting(file: Fields): boolean {
  return list(file.changes).length > 0 || fields(file.mapped).written === true;
}

/** Of a fallocate, a clone or a dedupe: `punch-hole, 4096 bytes from 0, size kept`. */
export function contentDetails(operation: Fields, charset: Charset): string[] {
  const { allocation, offset, length, keepSize, fromFd } = operation;
  const from = text(operation.fromPath);
  const range = `${number(length) ?? '?'} bytes from ${number(offset) ?? '?'}`;
  return [
    ...(text(allocation) === null ? [] : [visible(text(allocation) ?? '', charset)]),
    ...(offset === undefined && length === undefined ? [] : [range]),
    ...(keepSize === true ? ['size kept'] : []),
    ...(from === null ? [] : [`from ${visible(from, charset)}`]),
    ...(from === null && number(fromFd) !== null ? [`from fd ${number(fromFd)}`] : []),
  ];
}
