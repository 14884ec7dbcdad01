/** Raw evidence of two busy container hosts, the same on every run, of any size. */

import { Host } from './host.mjs';
import { boot, build, container, housekeeping, script, server } from './jobs.mjs';
import { Random } from './random.mjs';

/** Things that go on at the same time on each host. */
const jobsAtOnce = 24;
const entriesALoss = 50_000;

/**
 * Entries of raw evidence, `total` documents of all kinds together, as if the listeners were cut off then.
 *
 * @param evidence - The module @godo/evidence.
 * @returns (as the generator's return value) { expected, mix }: what the filter must count, and documents by collection.
 */
export function* rawEvidence(total, { isoTime }) {
  const seeds = new Random(20_250_101);
  const hosts = ['node-a', 'node-b'].map((name) => {
    const host = new Host(name, new Random(seeds.from(1, 2 ** 31)), isoTime);
    const place = boot(host);
    return { host, place, jobs: [], waiting: [host.sessionStart(), ...place.entries] };
  });
  const mix = { pids: 0, fds: 0, files: 0, operations: 0, events: 0, losses: 0, sessions: 0 };
  for (let made = 0; made < total; made += 1) {
    const one = hosts[made % hosts.length];
    const entry = made % entriesALoss === entriesALoss - 1 ? one.host.loss() : nextEntry(one);
    mix[entry.collection] += 1;
    yield entry;
  }
  const expected = {};
  for (const { host } of hosts) {
    for (const [name, count] of Object.entries(host.expected)) expected[name] = (expected[name] ?? 0) + count;
  }
  return { expected: { ...expected, runs: hosts.length, unusable: 0 }, mix };
}

function nextEntry(one) {
  const { host, place, jobs, waiting } = one;
  const first = waiting.shift();
  if (first !== undefined) return first;
  while (jobs.length < jobsAtOnce) jobs.push(newJob(host, place));
  for (;;) {
    const index = host.random.from(0, jobs.length - 1);
    const { done, value } = jobs[index].next();
    if (!done) return value;
    jobs[index] = newJob(host, place);
  }
}

function newJob(host, place) {
  const what = host.random.next();
  if (what < 0.15) return container(host, place, ['/usr/bin/make', '-j4'], build);
  if (what < 0.55) return container(host, place, ['/bin/sh', '/entrypoint.sh'], script);
  if (what < 0.85) return container(host, place, ['/usr/sbin/nginx', '-g', 'daemon off;'], server);
  return housekeeping(host, place);
}
