/**
 * Makes an audit.log of any length from the recorded sample, as auditd writes it (no end-of-event records): the sample
 * over and over, each time with fresh serials, stamps, pids of what started meanwhile, container ids and job folders, so
 * that no reader can live on what it remembers. Processes that ran before the recording (dockerd, its containerd, the
 * older container) go on through the whole log. Events of two processors stand interleaved as they were recorded.
 *
 *     node bench/sample/generate.mjs LINES FILE [--enriched]
 */

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const sampleFile = fileURLToPath(new URL('sample.log.gz', import.meta.url));
/** Where the log begins: 2025-01-01T00:00:00Z, and a serial like any. */
const beginMs = 1_735_689_600_000;
const beginSerial = 1_000;
const pauseMs = 1_000;

/** x86-64 calls whose exit value is a new process: clone, fork, vfork, clone3. */
const forks = new Set(['56', '57', '58', '435']);

/**
 * Writes `lines` lines to the file (latin1). Gives the mix: { lines, bytes, events, interleaved (events with another's
 * record among theirs), repetitions, sessions (files opened for writing), execs, types: { name: count } }.
 */
export async function generateLog(file, lines, { enriched = false } = {}) {
  const sample = readSample(enriched);
  const out = createWriteStream(file, { encoding: 'latin1', highWaterMark: 4 << 20 });
  const mix = { lines: 0, bytes: 0, repetitions: 0, ...countsOf([]) };
  while (mix.lines < lines) {
    const take = sample.lines.slice(0, lines - mix.lines);
    const text = take.map((parts) => fill(parts, sample, mix.repetitions)).join('');
    mix.lines += take.length;
    mix.bytes += text.length;
    mix.repetitions += 1;
    if (!out.write(text, 'latin1')) await once(out, 'drain');
    add(mix, take.length === sample.lines.length ? sample.counts : countsOf(sample.texts.slice(0, take.length)));
  }
  out.end();
  await once(out, 'close');
  return mix;
}

function readSample(enriched) {
  const [note, ...rest] = gunzipSync(readFileSync(sampleFile)).toString('latin1').split('\n');
  const { firstPid, lastPid } = JSON.parse(note);
  const texts = rest.filter((line) => line !== '').map((line) => (enriched ? line : line.split('\x1d')[0]));
  const stamps = texts.map((text) => /audit\((\d+)\.(\d+):(\d+)\)/.exec(text));
  const times = stamps.map(([, seconds, ms]) => Number(seconds) * 1000 + Number(ms));
  const serials = stamps.map(([, , , serial]) => Number(serial));
  const ids = [...new Set(texts.join('\n').match(/\b[0-9a-f]{64}\b/g) ?? [])];
  const sample = {
    firstPid,
    pidSpan: lastPid - firstPid + 1,
    firstMs: Math.min(...times),
    spanMs: Math.max(...times) - Math.min(...times) + pauseMs,
    firstSerial: Math.min(...serials),
    serialSpan: Math.max(...serials) - Math.min(...serials) + 1,
  };
  const pattern = changing(ids);
  return { ...sample, texts, counts: countsOf(texts), lines: texts.map((text) => partsOf(text, pattern, firstPid)) };
}

/** What differs between the repetitions, in the text of a line or in the hex form of one. */
function changing(ids) {
  const hex = (text) => Buffer.from(text, 'latin1').toString('hex').toUpperCase();
  const names = ids.flatMap((id) => [id, hex(id)]);
  return new RegExp(
    ['audit\\(\\d+\\.\\d+:\\d+\\)', ' p?pid=\\d+', ' exit=\\d+', 'job-0000', hex('job-0000'), ...names].join('|'),
    'g',
  );
}

/** A line as literal texts and functions of (sample, repetition) in between. */
function partsOf(text, pattern, firstPid) {
  const parts = [];
  let from = 0;
  const syscall = / syscall=(\d+)/.exec(text)?.[1];
  for (const match of text.matchAll(pattern)) {
    const change = changeOf(match[0], forks.has(syscall), firstPid);
    if (change === null) continue;
    parts.push(text.slice(from, match.index), change);
    from = match.index + match[0].length;
  }
  return [...parts, `${text.slice(from)}\n`];
}

function changeOf(found, isFork, firstPid) {
  if (found.startsWith('audit(')) return stampChange(found);
  const number = /^( p?pid=| exit=)(\d+)$/.exec(found);
  if (number !== null) {
    const [, name, digits] = number;
    // Inside a container a fork's result is a small number of its own pid namespace.
    if (Number(digits) < firstPid || (name === ' exit=' && !isFork)) return null;
    return ({ pidSpan }, repetition) => `${name}${Number(digits) + repetition * pidSpan}`;
  }
  const isHex = !/^job|^[0-9a-f]{64}$/.test(found);
  const text = isHex ? Buffer.from(found, 'hex').toString('latin1') : found;
  const renamed = remembered((repetition) => (text === 'job-0000' ? jobName(repetition) : freshId(text, repetition)));
  return (_, repetition) => {
    const name = renamed(repetition);
    return isHex ? Buffer.from(name, 'latin1').toString('hex').toUpperCase() : name;
  };
}

function stampChange(found) {
  const [seconds, ms, serial] = found.slice(6, -1).split(/[.:]/).map(Number);
  const time = seconds * 1000 + ms;
  return ({ firstMs, spanMs, firstSerial, serialSpan }, repetition) => {
    const now = beginMs + time - firstMs + repetition * spanMs;
    const number = beginSerial + serial - firstSerial + repetition * serialSpan;
    return `audit(${Math.floor(now / 1000)}.${String(now % 1000).padStart(3, '0')}:${number})`;
  };
}

function jobName(repetition) {
  return `job-${String(repetition).padStart(4, '0')}`;
}

function freshId(id, repetition) {
  return createHash('sha256').update(`${id} ${repetition}`).digest('hex');
}

/** The last answer, for those who ask the same over and over. */
function remembered(make) {
  let [key, value] = [null, null];
  return (asked) => {
    if (asked !== key) [key, value] = [asked, make(asked)];
    return value;
  };
}

function fill(parts, sample, repetition) {
  let text = '';
  for (const part of parts) text += typeof part === 'string' ? part : part(sample, repetition);
  return text;
}

function countsOf(texts) {
  const counts = { events: 0, interleaved: 0, sessions: 0, execs: 0, types: {} };
  const open = new Set();
  const split = new Set();
  let last = null;
  for (const text of texts) {
    const type = text.slice(5, text.indexOf(' '));
    counts.types[type] = (counts.types[type] ?? 0) + 1;
    const [stamp] = /\(\d+\.\d+:\d+\)/.exec(text);
    if (stamp !== last && open.has(stamp)) split.add(stamp);
    open.add(stamp);
    last = stamp;
    if (type === 'EXECVE') counts.execs += 1;
    if (/ syscall=(2|85|257|437) success=yes/.test(text)) counts.sessions += 1;
  }
  return { ...counts, events: open.size, interleaved: split.size };
}

function add(mix, { events, interleaved, sessions, execs, types }) {
  mix.events += events;
  mix.interleaved += interleaved;
  mix.sessions += sessions;
  mix.execs += execs;
  for (const [type, count] of Object.entries(types)) mix.types[type] = (mix.types[type] ?? 0) + count;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [lines, file, ...flags] = process.argv.slice(2);
  const mix = await generateLog(file, Number(lines), { enriched: flags.includes('--enriched') });
  process.stdout.write(`${JSON.stringify(mix)}\n`);
}
