/** The kernel's audit subsystem, by auditctl: one user at a time, and left as it was found. */

import { mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BenchError, onCleanup, refuseWhenEnding } from './cleanup.mjs';
import { findProgram, output } from './programs.mjs';

/** The folder that the tests take too (test/support/audit-lock.ts), under the same terms. */
const lockPath = '/tmp/godo-audit.lock';
const staleMs = 10 * 60_000;

const auditctlAlways = (...args) => output(findProgram('auditctl') ?? 'auditctl', args);
const auditctl = (...args) => {
  refuseWhenEnding();
  return auditctlAlways(...args);
};

/**
 * Takes the lock, notes the state of audit, and gives a function that puts it back and releases the lock.
 * @throws BenchError when somebody else uses audit on this machine.
 */
export async function takeAudit() {
  await takeLock();
  const timer = setInterval(() => utimesSync(lockPath, new Date(), new Date()), 60_000);
  let before = null;
  const release = onCleanup('put audit back', async () => {
    try {
      if (before !== null) await restore(before);
    } finally {
      clearInterval(timer);
      rmSync(lockPath, { recursive: true, force: true });
    }
  });
  try {
    const found = await auditState();
    refuseIfUsed(found);
    before = found;
  } catch (error) {
    await release();
    throw error;
  }
  return release;
}

let toldOfWaiting = false;

async function takeLock() {
  for (;;) {
    try {
      mkdirSync(lockPath);
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const age = Date.now() - (statSync(lockPath, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > staleMs) rmSync(lockPath, { recursive: true, force: true });
    if (!toldOfWaiting) process.stderr.write(`Waiting for ${lockPath}: a test or another bench uses audit.\n`);
    toldOfWaiting = true;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function refuseIfUsed({ pid, enabled, rules }) {
  if (pid !== 0)
    throw new BenchError(`Process ${pid} holds the audit role: stop it (service auditd stop) for the bench.`);
  if (enabled === 2) throw new BenchError('The audit rules are locked (enabled=2) until the next boot.');
  if (rules.length > 0)
    throw new BenchError(
      `${rules.length} audit rule(s) are loaded that are not ours: remove them (auditctl -D) first.`,
    );
}

/** Settings, counters and rules (in auditctl's form). */
export async function auditState() {
  const status = await auditctl('-s');
  const value = (name) => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(status)?.[1] ?? Number.NaN);
  const rules = (await auditctl('-l')).split('\n').filter((line) => line !== '' && line !== 'No rules');
  return {
    enabled: value('enabled'),
    failure: value('failure'),
    pid: value('pid'),
    rateLimit: value('rate_limit'),
    backlogLimit: value('backlog_limit'),
    backlogWaitTime: value('backlog_wait_time'),
    lost: value('lost'),
    backlog: value('backlog'),
    rules,
  };
}

async function restore({ enabled, failure, backlogLimit, backlogWaitTime }) {
  await auditctlAlways('-D');
  await auditctlAlways('--backlog_wait_time', String(backlogWaitTime));
  await auditctlAlways('-b', String(backlogLimit));
  await auditctlAlways('-f', String(failure));
  await auditctlAlways('-e', String(enabled));
}

/**
 * Settings under which a slow reader loses records rather than stopping the machine; `waitTime` (jiffies) above 0 makes
 * the audited processes wait instead, as the kernel does by default.
 */
export async function setKernel({ backlog, waitTime }) {
  await auditctl('-f', '0');
  await auditctl('--backlog_wait_time', String(waitTime));
  await auditctl('-b', String(backlog));
}

/** Loads rules in auditctl's form after those that are there, exempts these processes from all, and turns audit on. */
export async function loadRules(rules, exemptPids, folder) {
  const file = join(folder, 'audit.rules');
  const exempt = exemptPids.map((pid) => `-A never,exit -F pid=${pid}`);
  writeFileSync(file, `${[...exempt, ...rules].join('\n')}\n`, { mode: 0o600 });
  await auditctl('-R', file);
  await auditctl('-e', '1');
}

/**
 * From now on only what processes of this group do is recorded, whatever rules come after: what else runs on the machine
 * must not decide what is measured. (It also keeps those processes from ever having to wait for a slow listener.)
 */
export async function recordOnlyGroup(group) {
  await auditctl(...groupRule(group).split(' '));
}

/** The rule for that, in auditctl's form. */
export function groupRule(group) {
  return `-a never,exit -F gid!=${group}`;
}

/** First: no more records are made. Then the queue runs empty. */
export async function unloadRules() {
  await auditctl('-D');
}
