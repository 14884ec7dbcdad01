// Makes the corpus that the repository keeps: for each target the fewest and smallest inputs that reach what all have reached.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { targets } from './seeds.mjs';

/** Longer ones reach little that shorter ones do not (one edge of twenty), and would make the repository big. */
const mostInputBytes = 1024;

/** `corpus`: a folder for each target, of the runs so far. `kept`: the same of the repository, which is made anew. */
export function minimise(program, corpus, kept) {
  for (const [number, target] of targets.entries()) {
    const before = join(corpus, target);
    mkdirSync(before, { recursive: true });
    const after = join(kept, target);
    const made = join(corpus, `${target}-kept`);
    for (const folder of [made, after]) mkdirSync(folder, { recursive: true });
    merge(program, number, made, [before, after]);
    rmSync(after, { recursive: true });
    cpSync(made, after, { recursive: true });
    rmSync(made, { recursive: true });
    process.stderr.write(`${target}: ${readdirSync(after).length} inputs\n`);
  }
}

/** By the edges that are reached, not by how often: that would keep five times as many. */
function merge(program, number, into, from) {
  const options = ['-set_cover_merge=1', '-use_counters=0', `-max_len=${mostInputBytes}`, '-rss_limit_mb=1024'];
  const env = { ...process.env, GODO_FUZZ_TARGET: String(number) };
  const { status } = spawnSync(program, [...options, into, ...from], { stdio: 'ignore', env });
  if (status !== 0) throw new Error(`libFuzzer ended with ${status}`);
}
