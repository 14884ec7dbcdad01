/**
 * Records sample.log.gz anew from this machine's kernel: `node bench/sample/record.mjs` as root. auditd (ENRICHED) takes
 * the records, under godo's own rules, of two sessions alone that work at the same time: a host's (host-work.sh) and
 * that of a Docker engine with its containers (container-work.sh). What else runs here is not in it.
 *
 * The engine's session is told as one that nobody logged in to, as it is where a service starts it: auid and ses are
 * made 4294967295. Nothing else is changed. The first line is no record but a note for generate.mjs.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { auditdListeners } from '../live/auditd.mjs';
import { rulesOfGodo } from '../live/listeners.mjs';
import { auditState, loadRules, takeAudit, unloadRules } from '../support/audit.mjs';
import { BenchError, onCleanup, runBench } from '../support/cleanup.mjs';
import { benchOptions } from '../support/options.mjs';
import { compilePrograms, requirePrograms, requireRoot, temporaryFolder } from '../support/programs.mjs';

const build = '/srv/build';
const docker = '/srv/docker';
const scripts = ['wait.sh', 'host-work.sh', 'engine.sh', 'container-work.sh'];
const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const needs = {
  auditctl: 'auditd',
  dockerd: 'docker.io',
  docker: 'docker.io',
  busybox: 'busybox-static',
  make: 'make',
};

await runBench(async () => {
  const options = benchOptions('record', 'Records bench/sample/sample.log.gz anew.');
  if (options === null) return;
  requireRoot();
  requirePrograms({ ...needs, gcc: 'gcc', 'dpkg-deb': 'dpkg', auditd: 'auditd' });
  for (const folder of [build, docker]) {
    if (existsSync(folder)) throw new BenchError(`${folder} exists already: it would be overwritten.`);
    onCleanup(`remove ${folder}`, () => rmSync(folder, { recursive: true, force: true }));
    mkdirSync(folder);
  }
  const top = temporaryFolder();
  const tools = await compilePrograms(['measure', 'file-loop'], top);
  mkdirSync(`${build}/bin`);
  mkdirSync(`${build}/job-0000`);
  await copyFile(tools['file-loop'], `${build}/bin/file-loop`);
  // From where they would stand on a host: their paths are in what is recorded.
  for (const script of scripts) await copyFile(path(script), `${build}/bin/${script}`);

  const release = await takeAudit();
  const { recording } = await rulesOfGodo({ folder: `${top}/rules`, tools, godo: options.godo }, auditState);
  const engine = await session([`${build}/bin/engine.sh`, docker, `${build}/bin/container-work.sh`]);
  // What is younger than this process is new in every repetition of the sample.
  const { pid: firstPid } = spawn('true');
  const host = await session([`${build}/bin/host-work.sh`, `${build}/job-0000`, `${build}/bin/file-loop`]);
  await loadRules([`-a never,exit -F sessionid!=${host.id} -F sessionid!=${engine.id}`], [], top);
  const auditd = auditdListeners.find(({ name }) => name === 'auditd');
  mkdirSync(`${top}/cell`);
  const workload = { inLog: () => false };
  const listener = await auditd.start({ folder: `${top}/cell`, tools, rules: recording, workload });
  host.go();
  engine.go();
  await Promise.all([host.ended, engine.worked()]);
  await unloadRules();
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const { missingSerials } = await listener.stop();
  await release();
  await engine.end();
  if (missingSerials > 0) throw new BenchError(`${missingSerials} serials are missing: record again.`);
  save(readFileSync(`${top}/cell/auditd/audit.log`, 'latin1'), engine.id, firstPid);
});

/** A shell in a new login session that waits until it is told to go; the command may get ready before (line "ready"). */
async function session(command) {
  const script = 'echo 0 > /proc/self/loginuid; cat /proc/self/sessionid; echo; exec "$@"';
  const child = spawn('setsid', ['sh', '-c', script, 'sh', 'sh', `${build}/bin/wait.sh`, ...command], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: '/root',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', LANG: 'C' },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const expectLine = async (wanted) => {
    for (let line = await lines.next(); line.value !== wanted; line = await lines.next())
      if (line.done) throw new Error(`${command[0]} ended before it said "${wanted}".`);
  };
  const id = Number((await lines.next()).value);
  await expectLine('ready');
  const ended = once(child, 'close').then(([code]) => {
    if (code !== 0) throw new Error(`${command[0]} failed (${code}).`);
  });
  ended.catch(() => undefined);
  const end = async () => {
    child.stdin.end();
    await ended;
  };
  onCleanup(`end ${command[0]}`, () => end().catch(() => undefined));
  return { id, go: () => child.stdin.write('go\n'), worked: () => expectLine('worked'), ended, end };
}

function save(log, engineSession, firstPid) {
  const unset = 4294967295;
  const all = log.split('\n').filter((line) => line !== '');
  // What auditd and auditctl did to get ready is not the sessions' doing.
  const ofAudit = new Set(all.filter((line) => / comm="audit(d|ctl)" /.test(line)).map(stampOf));
  const lines = all
    .filter((line) => !/^type=(DAEMON_|CONFIG_CHANGE)/.test(line) && !ofAudit.has(stampOf(line)))
    .map((line) =>
      line.includes(` ses=${engineSession} `)
        ? line
            .replace(/ auid=\d+ /, ` auid=${unset} `)
            .replace(/ ses=\d+ /, ` ses=${unset} `)
            .replace(/ AUID="[^"]*"|AUID="[^"]*"/, (found) => found.replace(/"[^"]*"/, '"unset"'))
        : line,
    );
  const pids = lines.flatMap((line) => Number(/ pid=(\d+)/.exec(line)?.[1] ?? []));
  const note = { firstPid, lastPid: Math.max(...pids), lines: lines.length };
  if (Math.min(...pids.filter((pid) => pid >= firstPid)) < firstPid) throw new BenchError('The pids wrapped: again.');
  writeFileSync(
    path('sample.log.gz'),
    gzipSync(Buffer.from(`${JSON.stringify(note)}\n${lines.join('\n')}\n`, 'latin1'), { level: 9 }),
  );
  process.stdout.write(`${JSON.stringify(note)}\n`);
}

function stampOf(line) {
  return line.slice(0, line.indexOf('):')).replace(/^.*\(/, '');
}
