// Runs the native decoders under libFuzzer with ASan and UBSan, each target for so long:
// `npm run fuzz:native -- SECONDS [TARGET…] [libFuzzer's options]`. Needs clang with its runtime (Debian: clang, and
// libclang-rt-NN-dev). What it finds is written to native/fuzz/found, and every later run begins with it; so it does with
// native/fuzz/corpus, which `npm run fuzz:native -- minimise` makes of what the runs so far have come to.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { minimise } from './minimise.mjs';
import { targets, writeSeeds } from './seeds.mjs';

const directory = dirname(fileURLToPath(import.meta.url));
const native = dirname(directory);
/** Not in native/build, which every build of the addon empties. */
const built = join(directory, 'build');
const kept = join(directory, 'corpus');
const found = join(directory, 'found');
const fixtures = join(native, '..', 'packages', 'listener', 'test', 'fixtures');
/** They need Node. */
const doors = new Set(['addon.cc', 'arguments.cc', 'audit-decoder-door.cc', 'errors.cc']);
/** Inputs take some ms with the sanitizers. By the clock, so that a busy machine has time. */
const limits = ['-max_len=65536', '-timeout=30', '-rss_limit_mb=1024', '-print_final_stats=1'];

function build() {
  const sources = readdirSync(join(native, 'src')).filter((name) => name.endsWith('.cc') && !doors.has(name));
  const program = join(built, 'decoder-fuzz');
  const files = [join(directory, 'decoder-fuzz.cc'), ...sources.map((name) => join(native, 'src', name))];
  const flags = ['-std=c++17', '-g', '-O1', '-fno-omit-frame-pointer', '-fno-sanitize-recover=all'];
  run('clang++', [...flags, '-fsanitize=fuzzer,address,undefined,float-cast-overflow', ...files, '-o', program]);
  return program;
}

function run(program, args, environment = {}) {
  const env = { ...process.env, ...environment };
  const { status, error } = spawnSync(program, args, { stdio: 'inherit', cwd: built, env });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

function fuzz(program, target, seconds, options) {
  const corpus = join(built, 'corpus', target);
  for (const folder of [corpus, join(kept, target), found]) mkdirSync(folder, { recursive: true });
  writeSeeds(target, corpus, fixtures);
  const words = `-dict=${join(directory, 'words.dict')}`;
  const given = [`-max_total_time=${seconds}`, words, ...limits, `-artifact_prefix=${found}/`, ...options];
  process.stderr.write(`Target ${target}:\n`);
  run(program, [...given, corpus, join(kept, target), found], { GODO_FUZZ_TARGET: String(targets.indexOf(target)) });
}

const [first = '60', ...more] = process.argv.slice(2);
const chosen = more.filter((word) => targets.includes(word));
const options = more.filter((word) => !targets.includes(word));
mkdirSync(built, { recursive: true });
const program = build();
if (first === 'minimise') minimise(program, join(built, 'corpus'), kept);
else for (const target of chosen.length > 0 ? chosen : targets) fuzz(program, target, Number(first), options);
