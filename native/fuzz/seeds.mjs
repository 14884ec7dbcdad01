// What libFuzzer begins with: logs that were recorded, in the form of each target (decoder-fuzz.cc), and some bytes for the others.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** In the order of their numbers. */
export const targets = ['log', 'diag', 'records', 'connector', 'statistics', 'answers'];

const mostBytes = 16_384;

export function writeSeeds(target, corpus, fixtures) {
  const number = targets.indexOf(target);
  const write = (name, how, cut, bytes) =>
    writeFileSync(join(corpus, `seed-${name}`), Buffer.concat([Buffer.from([number | (how << 3), cut]), bytes]));
  for (const [name, how, bytes] of seedsOf(target, fixtures)) write(name, how, how * 7, bytes);
}

function seedsOf(target, fixtures) {
  const logs = readdirSync(fixtures)
    .filter((name) => name.endsWith('.log'))
    .map((name) => [name, readFileSync(join(fixtures, name))]);
  const hows = [0, 1, 2, 3, 4, 7];
  switch (target) {
    case 'log':
      return logs.flatMap(([name, log]) => hows.map((how) => [`${how}-${name}`, how, log.subarray(0, mostBytes)]));
    case 'diag':
      return logs.flatMap(([name, log]) => hows.map((how) => [`${how}-${name}`, how, withNotes(log)]));
    case 'records':
      return logs.flatMap(([name, log]) => [0, 1, 2, 3].map((how) => [`${how}-${name}`, how, recordsOf(log)]));
    case 'connector':
      return [0, 1].map((how) => [`${how}`, how, Buffer.alloc(76, 1)]);
    case 'statistics':
      return [
        ['nested', 0, Buffer.from([2, 1, 0, 0, 28, 0, 4, 0, 8, 0, 1, 0, 7, 0, 0, 0, 16, 0, 3, 0, ...Buffer.alloc(12)])],
      ];
    default:
      return [
        ['stat', 0, Buffer.from(`20 (a) b) S 10 ${'4194560 '.repeat(18)}0\n`)],
        ['fdinfo', 1, Buffer.from('pos:\t0\nflags:\t0100002\nmnt_id:\t25\n')],
        ['status', 2, Buffer.alloc(44, 1)],
      ];
  }
}

/** A --diag file's own lines among the records. */
function withNotes(log) {
  const lines = log.subarray(0, mostBytes).toString('latin1').split('\n');
  const notes = lines.flatMap((line, index) => {
    const stamp = /msg=(audit\([\d.:]+\))/.exec(line)?.[1];
    return index % 4 === 3 && stamp ? [line, `type=GODO_INCOMPLETE msg=${stamp}: {"reason":"it was late"}`] : [line];
  });
  return Buffer.from(notes.join('\n'), 'latin1');
}

const types = {
  SYSCALL: 0,
  PATH: 2,
  CWD: 7,
  EXECVE: 9,
  EOE: 20,
  FD_PAIR: 17,
  MMAP: 23,
  PROCTITLE: 27,
  URINGOP: 36,
  OPENAT2: 37,
};

/** Lines `TYPE PAYLOAD` as decoder-fuzz.cc packs them. */
function recordsOf(log) {
  const lines = log
    .toString('latin1')
    .split('\n')
    .flatMap((line) => {
      const match = /^(?:node=\S+ )?type=(\w+) msg=(.*)$/.exec(line);
      const type = types[match?.[1]];
      return type === undefined ? [] : [`${String.fromCharCode(type)}\0${match[2]}`];
    });
  return Buffer.from(lines.join('\n'), 'latin1').subarray(0, mostBytes);
}
