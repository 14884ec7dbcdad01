import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import {
  addAuditRule,
  attachRecordRing,
  closeSocket,
  getAuditStatus,
  openAudit,
  receiveAudit,
  setAuditStatus,
} from '../index.js';
import { withAuditExperiment } from './support/audit-experiment.ts';
import { lockedTestMs } from './support/audit-lock.ts';
import { exitRule } from './support/audit-rules.ts';
import { netlinkRow } from './support/netlink-sockets.ts';
import { unpackRecords } from './support/packed-records.ts';
import { describeAsRoot } from './support/privilege.ts';

/*
 * What does not fit a ring goes into the socket, whose buffer is bounded too: who reads too little for long enough overruns
 * it (32 MiB are full after some seconds of 7,000 records a second, which count double there). The kernel waits 100 ms for
 * room, tells ENOBUFS once and takes nothing in until the socket was emptied. Meanwhile it keeps the records for another
 * attempt; when five have failed it drops them, uncounted where audit was not on from boot (kernel/audit.c, af_netlink.c).
 */

const limitMs = 5000;
const memory = new Uint8Array(1 << 20);
const serialOf = (text: string): number => Number(/^\d+ audit\([\d.]+:(\d+)\)/.exec(text)?.[1]);

/** Takes what is there, one text a record; null for an overrun. */
function take(fd: number): string[] | null {
  const bytes = receiveAudit(fd, memory, 0, memory.length, 0);
  if (bytes < 0) return null;
  return unpackRecords(memory, bytes).map(({ type, payload }) => `${type} ${payload.toString('latin1')}`);
}

interface Observed {
  overruns: number;
  received: string[];
  /** What another socket, which did not overrun, received meanwhile. */
  seen: string[];
  countedByKernel: number;
}

/** Lets records come until the socket is full and `awayMs` more, then takes all there is, a record made at the end too. */
async function overrun(control: number, ringBytes: number, awayMs: number): Promise<Observed> {
  const data = openAudit({ multicast: false, receiveBufferBytes: 65536 });
  const witness = openAudit({ multicast: true, receiveBufferBytes: 64 << 20 });
  const shell = spawn('sh', ['-c', 'read go; while :; do /bin/true; done'], { stdio: ['pipe', 'ignore', 'inherit'] });
  const exited = once(shell, 'exit');
  const observed: Observed = { overruns: 0, received: [], seen: [], countedByKernel: 0 };
  const watch = (): void => {
    const texts = take(witness);
    if (texts === null) throw new Error('the witness overran');
    observed.seen.push(...texts);
  };
  const receive = (): void => {
    const texts = take(data);
    if (texts === null) observed.overruns += 1;
    else observed.received.push(...texts);
  };
  const both = (): void => {
    receive();
    watch();
  };
  const during = async (ms: number, work: () => void, until = (): boolean => false): Promise<void> => {
    for (const end = performance.now() + ms; performance.now() < end && !until(); await sleep(2)) work();
  };
  try {
    if (shell.pid === undefined) throw new Error('no shell');
    if (ringBytes > 0) attachRecordRing(data, ringBytes);
    setAuditStatus(data, { pid: process.pid }, limitMs);
    setAuditStatus(control, { enabled: 1 }, limitMs);
    addAuditRule(control, exitRule('execve', { ppid: shell.pid }), limitMs);
    const { lost } = getAuditStatus(control, limitMs);
    shell.stdin.end('\n');
    await during(60_000, watch, () => netlinkRow(data).drops > 0);
    await during(awayMs, watch);
    await during(300, both);
    shell.kill('SIGKILL');
    await exited;
    // Each makes a record, and before that the kernel sends what it has kept.
    for (const backlogLimit of [65535, 65534, 65533]) {
      setAuditStatus(control, { backlogLimit }, limitMs);
      const told = `audit_backlog_limit=${backlogLimit}`;
      const cameTo = (texts: readonly string[]): boolean => texts.at(-1)?.includes(told) === true;
      await during(20_000, both, () => cameTo(observed.received) && cameTo(observed.seen));
    }
    return { ...observed, countedByKernel: (getAuditStatus(control, limitMs).lost ?? 0) - (lost ?? 0) };
  } finally {
    shell.kill('SIGKILL');
    closeSocket(witness);
    closeSocket(data);
  }
}

const ways = [
  ['an audit socket', 0],
  ['an audit socket with a ring', 16384],
] as const;

for (const [name, ringBytes] of ways) {
  describeAsRoot(`${name} that is full`, () => {
    it.each([
      ['at once', 0],
      ['when the kernel has given up', 3000],
    ])('tells it, and what was kept comes in its order: read %s', { timeout: lockedTestMs }, async (_, awayMs) => {
      await withAuditExperiment(async (control) => {
        const { overruns, received, seen, countedByKernel } = await overrun(control, ringBytes, awayMs);
        expect(overruns).toBeGreaterThan(0);

        // What stands at the beginning was sent while only one of the two listened.
        const ours = new Set(received);
        const common = new Set(seen.filter((text) => ours.has(text)));
        expect(received.filter((text) => common.has(text))).toEqual(seen.filter((text) => common.has(text)));

        // An event of which nothing came leaves a gap in the serials, for one after it has come.
        const serials = received.map(serialOf).filter((serial) => serial > 0);
        const lost = seen.filter((text) => serialOf(text) > Math.min(...serials) && !ours.has(text));
        expect(lost.filter((text) => serialOf(text) >= Math.max(...serials))).toEqual([]);
        if (awayMs > 0 && !/\baudit=(1|on)\b/.test(readFileSync('/proc/cmdline', 'latin1'))) {
          expect(lost.length).toBeGreaterThan(0);
          expect(countedByKernel).toBe(0);
        }
      });
    });
  });
}
