/**
 * Views for people with the sqlite3 shell: the evidence with times, names and paths as text, made of the compact tables
 * by SQL alone. No program of ours reads them. `SELECT * FROM files_readable WHERE path LIKE '/etc/%'`.
 */

import type { SqliteDatabase } from './driver.ts';
import { accesses, bits, closings, fileTypes } from './session-row.ts';
import { kinds } from './shape.ts';

/** Makes a view `<collection>_readable` for each of the collections. */
export function createViews(database: SqliteDatabase, collections: readonly string[]): void {
  for (const name of collections) {
    const select = name === 'files' || name === 'fds' ? fileView(name) : documentView(name);
    database.exec(`CREATE VIEW ${name}_readable AS ${select}`);
  }
}

/** An SQL expression: ISO text of a time in ns; null for "not known". */
function timeOf(ns: string): string {
  const seconds = `strftime('%Y-%m-%dT%H:%M:%S', ${ns} / 1000000000, 'unixepoch')`;
  return `CASE WHEN ${ns} >= 0 THEN ${seconds} || printf('.%09dZ', ${ns} % 1000000000) END`;
}

/** An SQL expression: one of the list by its place in some bits of the second item of `doc`. */
function oneOf(list: readonly (string | null)[], shift: number, mask: number): string {
  const cases = list.map((value, place) => `WHEN ${place} THEN ${value === null ? 'NULL' : `'${value}'`}`);
  return `CASE (doc ->> 1) >> ${shift} & ${mask} ${cases.join(' ')} END`;
}

/** An SQL expression: a text that may be relative to a boot id. */
function absolute(text: string, boot: string): string {
  return `CASE substr(${text}, 1, 1) WHEN ':' THEN ${boot} || ${text} ELSE substr(${text}, 2) END`;
}

function fileView(name: 'files' | 'fds'): string {
  const text = (id: string) => `(SELECT text FROM texts WHERE texts.id = ${id})`;
  const fraction = (place: number) => `coalesce(doc ->> '$[#-1].ns[${place}]', 0)`;
  const opened = `opened * 1000000 + ${fraction(0)}`;
  const columns = {
    opened: timeOf(`(${opened})`),
    closed: `CASE WHEN lasted IS NOT NULL THEN ${timeOf(`((opened + lasted) * 1000000 + ${fraction(1)})`)} END`,
    closed_by: oneOf(closings, bits.closedByShift, 7),
    path: 'doc ->> 0',
    access: oneOf(accesses, bits.accessShift, 3),
    created: `(doc ->> 1) & ${bits.created} <> 0`,
    file_type: oneOf(fileTypes, bits.fileTypeShift, 15),
    writes: `CASE json_type(doc, '$[6]') WHEN 'integer' THEN doc ->> 6 ELSE 0 END`,
    bytes: `CASE json_type(doc, '$[7]') WHEN 'integer' THEN doc ->> 7 ELSE 0 END`,
    tgid: 'openers.tgid',
    fd: 'doc ->> 2',
    comm: text('openers.comm'),
    exe: text('openers.exe'),
    container_id: text('openers.container'),
    dev: text('(doc ->> 4)'),
    inode: 'CAST(doc ->> 5 AS TEXT)',
    flags: 'doc ->> 3',
    process_key: absolute('openers."key"', 'boots.boot'),
    host: 'origins.host',
    session_id: absolute('origins.session', 'boots.boot'),
    ...(name === 'fds' && { checkpoint: timeOf('checkpoint') }),
    ...(name === 'files' && { close_inferred: `(doc ->> 1) & ${bits.closeInferred} <> 0` }),
    file_session_id: `CASE typeof(${name}.id)
      WHEN 'integer' THEN boots.boot || ':audit:' || opened || '.' || (${name}.id & 4294967295)
      ELSE ${absolute(`${name}.id`, 'boots.boot')} END`,
    rare: "CASE json_type(doc, '$[#-1]') WHEN 'object' THEN doc -> '$[#-1]' END",
  };
  return `SELECT ${columnList(columns)} FROM ${name}
    JOIN openers ON openers.id = ${name}.opener
    JOIN origins ON origins.id = openers.origin
    JOIN boots ON boots.id = origins.boot`;
}

/** Columns of the views of other collections, beside `document`: the fields of these names. */
const shown: Readonly<Record<string, readonly string[]>> = {
  pids: ['observation', 'pid', 'tgid', 'ppid', 'comm', 'exe', 'argv', 'cwd', 'containerId', 'exitCode', 'exitSignal'],
  operations: [
    ...['operation', 'success', 'errno', 'path', 'toPath', 'target', 'tgid', 'comm', 'exe', 'containerId'],
    ...['dev', 'inode', 'replacedInode', 'mode', 'ownerUid', 'ownerGid', 'size'],
  ],
  events: ['kind', 'tgid', 'containerId', 'data'],
  losses: ['severity', 'source', 'from', 'to', 'count', 'reason'],
  sessions: ['phase', 'mode', 'kernel', 'version', 'reason'],
  chain: ['n', 'through', 'count', 'prev_entry_hash', 'entry_hash', 'signature'],
  processes: [
    ...['tgid', 'ppid', 'comm', 'exe', 'script', 'argv', 'cwd', 'containerId', 'exitCode', 'exitSignal'],
    ...['cpuUs', 'maxRssKb', 'depth'],
  ],
  containers: ['containerId', 'name', 'image', 'runtime', 'processes', 'filesChanged'],
  runs: ['mode', 'reason', 'kernel', 'version'],
};

/** How fields are kept is told in shape.ts. */
function documentView(name: string): string {
  const keyed = name === 'pids';
  const field = (wanted: string) => `(SELECT ${fieldValue(name, keyed, false)} FROM json_each(shapes.text) AS field
    WHERE field.value ->> 0 = '${wanted}')`;
  const columns = {
    time: timeOf(`${name}.time`),
    ...Object.fromEntries((shown[name] ?? []).map((wanted) => [columnName(wanted), field(wanted)])),
    ...(keyed && { process_key: absolute(`${name}."key"`, 'boots.boot') }),
    host: `coalesce(origins.host, ${field('host')})`,
    _id: absolute(`${name}.id`, 'boots.boot'),
    // Everything there is, without the ISO texts.
    document: `(SELECT json_group_object(field.value ->> 0, ${fieldValue(name, keyed, true)})
      FROM json_each(shapes.text) AS field WHERE field.value ->> 1 <> '${kinds.iso}')`,
  };
  return `SELECT ${columnList(columns)} FROM ${name}
    JOIN texts AS shapes ON shapes.id = ${name}.shape
    JOIN boots ON boots.id = ${name}.boot
    LEFT JOIN origins ON origins.id = ${name}.origin`;
}

/** The value of the field of the shape that `field` stands for: as SQL has it, or as JSON. */
function fieldValue(name: string, keyed: boolean, json: boolean): string {
  const doc = `${name}.doc`;
  const held = `(field.value ->> 2)`;
  const value = json ? `json(${doc} -> ${held})` : `${doc} ->> ${held}`;
  const constant = json ? 'json(field.value -> 2)' : 'field.value ->> 2';
  const key = keyed ? `${name}."key"` : "''";
  // A key column is `:<tgid>:<start>`.
  const afterTgid = `instr(substr(${key}, 2), ':') + 1`;
  const time = `${name}.time`;
  return `CASE field.value ->> 1
    WHEN '${kinds.constant}' THEN ${constant}
    WHEN '${kinds.value}' THEN ${value}
    WHEN '${kinds.text}' THEN (SELECT text FROM texts WHERE texts.id = ${doc} ->> ${held})
    WHEN '${kinds.relative}' THEN boots.boot || ':' || (${doc} ->> ${held})
    WHEN '${kinds.nanoseconds}' THEN CASE json_type(${doc}, '$[' || ${held} || ']')
      WHEN 'integer' THEN CAST(${time} - (${doc} ->> ${held}) AS TEXT) ELSE ${doc} ->> ${held} END
    WHEN '${kinds.id}' THEN ${absolute(`${name}.id`, 'boots.boot')}
    WHEN '${kinds.key}' THEN ${absolute(key, 'boots.boot')}
    WHEN '${kinds.time}' THEN CAST(${time} AS TEXT)
    WHEN '${kinds.origin}' THEN CASE field.value ->> 0
      WHEN 'host' THEN origins.host
      WHEN 'machineId' THEN origins.machine
      WHEN 'bootId' THEN (SELECT boot FROM boots AS own WHERE own.id = origins.boot)
      ELSE (SELECT ${absolute('origins.session', 'own.boot')} FROM boots AS own WHERE own.id = origins.boot) END
    WHEN '${kinds.tgid}' THEN CAST(substr(${key}, 2, ${afterTgid} - 2) AS INTEGER)
    WHEN '${kinds.startTicks}' THEN CAST(substr(${key}, ${afterTgid} + 1) AS INTEGER)
    WHEN '${kinds.monotonic}' THEN ${json ? "json_object('name', 'monotonic')" : "'monotonic'"}
    WHEN '${kinds.audit}' THEN ${json ? "json_object('name', 'audit')" : "'audit'"} END`;
}

function columnList(columns: Readonly<Record<string, string>>): string {
  return Object.entries(columns)
    .map(([name, expression]) => `${expression} AS "${name}"`)
    .join(', ');
}

/** `containerId` as SQL writes names: `container_id`. */
function columnName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
