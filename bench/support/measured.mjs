/**
 * A program under bench/programs/measure.c, which says what it and all its descendants cost: the kernel's own accounts
 * (wait4), so nothing that ends early is missed.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { onCleanup, refuseWhenEnding } from './cleanup.mjs';

let numbers = 0;

/**
 * Starts it. `folder` takes the note of what it cost. Options: `copies` (default 1; `{}` in an argument becomes the
 * copy's number), `group` (the number of the group to run it as), `stdio` ([in, out, err] as node:child_process takes them; default: nothing), `env`, `cwd`.
 *
 * Gives { pids, child, ended, stop(signal) }: `pids` are the copies'; `ended` resolves with { wallSeconds, userSeconds,
 * systemSeconds, cpuSeconds, maxRssBytes (the largest single process), writtenBytes (dirtied in page cache, not on
 * tmpfs), code }.
 */
export async function startMeasured(measure, folder, command, options = {}) {
  const { copies = 1, group = null, stdio = ['ignore', 'ignore', 'ignore'], env, cwd } = options;
  refuseWhenEnding();
  numbers += 1;
  const resultFile = `${folder}/cost-${numbers}`;
  // A group of its own: Ctrl-C must not reach it before the bench has put things in order.
  const child = spawn(measure, [resultFile, String(copies), String(group ?? '-'), ...command], {
    stdio,
    env,
    cwd,
    detached: true,
  });
  await once(child, 'spawn');
  let running = true;
  const done = onCleanup(`end ${command[0]}`, async () => {
    if (!running) return;
    child.kill('SIGTERM');
    const impatience = setTimeout(() => killGroup(child.pid), 20_000);
    await ended.catch(() => undefined);
    clearTimeout(impatience);
  });
  const ended = once(child, 'close').then(async () => {
    running = false;
    await done();
    const [, json] = readFileSync(resultFile, 'utf8').split('\n');
    if (!json) throw new Error(`${command.join(' ')} was killed.`);
    const cost = JSON.parse(json);
    return { ...cost, cpuSeconds: cost.userSeconds + cost.systemSeconds };
  });
  // It may fail before anybody waits for it.
  ended.catch(() => undefined);
  const pids = await startedPids(resultFile, () => running);
  return {
    pids,
    child,
    ended,
    async stop(signal = 'SIGTERM') {
      if (running) child.kill(signal);
      return ended;
    },
  };
}

/** Runs it to its end; options as for {@link startMeasured}, and `limitSeconds` (default 600), after which it is ended. */
export async function runMeasured(measure, folder, command, options = {}) {
  const { limitSeconds = 600, ...rest } = options;
  const measured = await startMeasured(measure, folder, command, rest);
  const timer = setTimeout(() => measured.stop('SIGTERM'), limitSeconds * 1000);
  try {
    return await measured.ended;
  } finally {
    clearTimeout(timer);
  }
}

async function startedPids(resultFile, isRunning) {
  for (;;) {
    const [line, rest] = readText(resultFile).split('\n');
    if (rest !== undefined) return line.split(' ').slice(1).map(Number);
    if (!isRunning()) return [];
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}
