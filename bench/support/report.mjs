/** The output of a bench: tables for people, then one line of JSON. */

import { execFile } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { availableParallelism, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from './programs.mjs';

const run = promisify(execFile);

/** Says what is done just now, on standard error; on a terminal the line is written over. */
export function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

/** A table of texts on standard output; the first row is the head. Numbers stand to the right. */
export function printTable(title, rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  const line = (row) =>
    row
      .map((cell, column) => {
        const text = String(cell);
        return column > 0 ? text.padStart(widths[column]) : text.padEnd(widths[column]);
      })
      .join('  ')
      .trimEnd();
  const [head, ...body] = rows;
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  process.stdout.write(`${title}\n\n${[line(head), rule, ...body.map(line)].join('\n')}\n\n`);
}

/** A number for a table: three digits that count, `·` where there is none. */
export function shown(value, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return '·';
  if (Number.isInteger(value)) return value.toLocaleString('en');
  if (Math.abs(value) >= 10 ** digits) return Math.round(value).toLocaleString('en');
  return value.toPrecision(digits);
}

/** Bytes as MB (10⁶). */
export function megabytes(value) {
  return value === null || value === undefined ? '·' : shown(value / 1e6);
}

/**
 * The targets of an issue: rows { measure, value (a number or null), most or least, unit?, void? (why it cannot count) }. Prints value, bound and
 * whether it is reached, and gives the rows with `reached` for the JSON line (null where nothing was measured).
 */
export function printTargets(title, targets) {
  const judged = targets.map((target) => ({ ...target, reached: isReached(target) }));
  const rows = judged.map(({ measure, value, most, least, unit = '', reached, void: why }) => [
    measure,
    `${shown(value)}${value === null ? '' : unit}`,
    most === undefined ? `≥ ${shown(least)}${unit}` : `≤ ${shown(most)}${unit}`,
    reached === null ? 'not measured' : reached ? 'reached' : `NOT reached${why ? ` (${why})` : ''}`,
  ]);
  printTable(title, [['measure', 'value', 'target', ''], ...rows]);
  return judged;
}

function isReached({ value, most, least, void: why }) {
  if (value === null || value === undefined) return null;
  if (why) return false;
  return most === undefined ? value >= least : value <= most;
}

/** The one JSON line: what was measured, with what, under which settings. */
export function printJson(result, file) {
  const line = `${JSON.stringify(result)}\n`;
  process.stdout.write(line);
  if (file !== undefined) appendFileSync(file, line);
}

/** Versions of the kernel, Node, godo, and those programs (names) that say theirs; and what machine this is. */
export async function versions(godo, programs) {
  const found = { kernel: release(), node: process.version, godo: await godoVersion(godo) };
  for (const name of programs) found[name] = await versionOf(name);
  return { ...found, cpus: availableParallelism(), cpu: cpuModel(), memoryBytes: totalmem() };
}

async function godoVersion(directory) {
  const { version } = JSON.parse(readFileSync(join(directory, 'packages/listener/package.json'), 'utf8'));
  const commit = await run('git', ['-C', directory, 'describe', '--always', '--dirty']).then(
    ({ stdout }) => ` (${stdout.trim()})`,
    () => '',
  );
  return `${version}${commit}`;
}

const versionArguments = { auditd: ['auditctl', '-v'], 'go-audit': ['go', 'version', '-m', findProgram('go-audit')] };

async function versionOf(name) {
  const [program, ...args] = versionArguments[name] ?? [name, '--version'];
  const path = findProgram(program);
  if (path === null || findProgram(name) === null) return null;
  const said = await run(path, args).then(
    ({ stdout, stderr }) => stdout || stderr,
    () => '',
  );
  return /(\d+\.\d+[\w.~+-]*)/.exec(said)?.[1] ?? said.split('\n')[0];
}

function cpuModel() {
  return /^model name\s*: (.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? null;
}
