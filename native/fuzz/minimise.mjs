// Makes the corpus that the repository keeps: for each target the fewest and smallest inputs that reach what all have reached.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { targets } from './seeds.mjs';

/** Longer ones reach little that shorter ones do not, and would make the repository big. */
const mostInputBytes = 2048;

/** `corpus`: a folder for each target, of the runs so far. `kept`: the same of the repository, which is made anew. */
export function minimise(program, corpus, kept) {
  for (const [number, target] of targets.entries()) {
    const before = join(corpus, target);
    mkdirSync(before, { recursive: true });
    const after = join(kept, target);
    const old = join(corpus, `${target}-kept`);
    rmSync(old, { recursive: true, force: true });
    mkdirSync(after, { recursive: true });
    mkdirSync(old, { recursive: true });
    for (const folder of [before, after]) {
      merge(program, number, old, folder);
    }
    rmSync(after, { recursive: true });
    mkdirSync(after, { recursive: true });
    merge(program, number, after, old);
    console.error(`${target}: ${readdirSync(after).length} inputs`);
  }
}

function merge(program, number, into, from) {
  const options = ['-merge=1', `-max_len=${mostInputBytes}`, '-rss_limit_mb=1024'];
  const env = { ...process.env, GODO_FUZZ_TARGET: String(number) };
  const { status } = spawnSync(program, [...options, into, from], { stdio: ['ignore', 'ignore', 'ignore'], env });
  if (status !== 0) throw new Error(`-merge=1 of target ${number} ended with ${status}`);
}
