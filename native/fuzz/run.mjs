// Runs the native decoders under libFuzzer with ASan and UBSan: `npm run fuzz:native -- SECONDS [libFuzzer's options]`.
// Needs clang with its runtime (Debian: clang, and libclang-rt-NN-dev). What it finds is written to native/fuzz/found, and every
// later run begins with it.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const directory = dirname(fileURLToPath(import.meta.url));
const native = dirname(directory);
const built = join(native, 'build', 'fuzz');
const fixtures = join(native, '..', 'packages', 'listener', 'test', 'fixtures');
/** They need Node. */
const doors = new Set(['addon.cc', 'arguments.cc', 'audit-decoder-door.cc', 'errors.cc']);

/** A source that was compiled for it is not compiled again. */
function build() {
  const sources = readdirSync(join(native, 'src')).filter((name) => name.endsWith('.cc') && !doors.has(name));
  const program = join(built, 'decoder-fuzz');
  const files = [join(directory, 'decoder-fuzz.cc'), ...sources.map((name) => join(native, 'src', name))];
  const flags = ['-std=c++17', '-g', '-O1', '-fno-omit-frame-pointer', '-fno-sanitize-recover=all'];
  run('clang++', [...flags, '-fsanitize=fuzzer,address,undefined', ...files, '-o', program]);
  return program;
}

/** Logs that were recorded, for each of the decoders that read text; the connector and taskstats begin with nothing. */
function seeds(corpus) {
  for (const name of readdirSync(fixtures).filter((file) => file.endsWith('.log'))) {
    const log = readFileSync(join(fixtures, name));
    for (const how of [0, 1, 2 << 3, (2 << 3) | 1, 4 << 3, (1 << 3) | 1]) {
      writeFileSync(
        join(corpus, `${how}-${name}`),
        Buffer.concat([Buffer.from([how, how * 7]), log.subarray(0, 16_384)]),
      );
    }
    writeFileSync(join(corpus, `records-${name}`), Buffer.concat([Buffer.from([2 | (2 << 3), 1]), recordsOf(log)]));
  }
  writeFileSync(join(corpus, 'connector'), Buffer.from([3 | (1 << 3), 0, ...new Array(76).fill(1)]));
  writeFileSync(
    join(corpus, 'statistics'),
    Buffer.from([4, 0, 2, 1, 0, 0, 28, 0, 4, 0, 8, 0, 1, 0, 7, 0, 0, 0, 16, 0, 3, 0, ...new Array(12).fill(0)]),
  );
}

const types = { SYSCALL: 0, PATH: 2, CWD: 7, EXECVE: 9, EOE: 20, PROCTITLE: 27 };

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
  return Buffer.from(lines.join('\n'), 'latin1').subarray(0, 16_384);
}

function run(program, args) {
  const { status, error } = spawnSync(program, args, { stdio: 'inherit', cwd: built });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

const [seconds = '60', ...more] = process.argv.slice(2);
const corpus = join(built, 'corpus');
const found = join(directory, 'found');
for (const folder of [corpus, found]) mkdirSync(folder, { recursive: true });
seeds(corpus);
const words = `-dict=${join(directory, 'words.dict')}`;
const limits = [words, '-max_len=65536', '-timeout=20', '-rss_limit_mb=1024', '-print_final_stats=1'];
run(build(), [`-max_total_time=${Number(seconds)}`, ...limits, `-artifact_prefix=${found}/`, ...more, corpus, found]);
