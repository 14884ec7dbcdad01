import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, cpus, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import {
  addAuditRule,
  attachRecordRing,
  closeSocket,
  openAudit,
  openAuditControl,
  readClocks,
  receiveAudit,
  recordRingDiversions,
  setAuditStatus,
} from '../index.js';
import { withAuditExperiment } from './support/audit-experiment.ts';
import { lockedTestMs } from './support/audit-lock.ts';
import { exitRule } from './support/audit-rules.ts';
import { unpackRecords } from './support/packed-records.ts';
import { describeAsRoot } from './support/privilege.ts';

const limitMs = 5000;

/** Receives until nothing came for a while after `over`, now and then falling behind; what came, one text a record. */
async function receiveAll(fd: number, over: () => boolean, pauseMs: () => number): Promise<string[]> {
  const memory = new Uint8Array(1 << 20);
  const texts: string[] = [];
  for (let quiet = 0; quiet < 20 || !over(); ) {
    const bytes = receiveAudit(fd, memory, 0, memory.length, 0);
    expect(bytes).toBeGreaterThanOrEqual(0);
    for (const { type, payload } of unpackRecords(memory, bytes)) texts.push(`${type} ${payload.toString('latin1')}`);
    quiet = bytes === 0 ? quiet + 1 : 0;
    await sleep(bytes === 0 ? 5 : pauseMs());
  }
  return texts;
}

describeAsRoot('a ring of records', () => {
  it('gives every record once and in the order in which the kernel sent them, however often it is full', {
    timeout: lockedTestMs,
  }, async () => {
    await withAuditExperiment(async (control) => {
      const data = openAudit({ multicast: false, receiveBufferBytes: 32 << 20 });
      // Its records go the usual way, through the socket.
      const witness = openAudit({ multicast: true, receiveBufferBytes: 32 << 20 });
      try {
        attachRecordRing(data, 16384);
        setAuditStatus(data, { pid: process.pid }, limitMs);
        setAuditStatus(control, { enabled: 1 }, limitMs);
        const children = [1, 2].map(() => {
          const child = spawn('sh', ['-c', 'read go; for i in $(seq 400); do /bin/true $i; done'], {
            stdio: ['pipe', 'ignore', 'inherit'],
          });
          if (child.pid === undefined) throw new Error('no shell');
          addAuditRule(control, exitRule('execve', { ppid: child.pid }), limitMs);
          return child;
        });
        let running = children.length;
        for (const child of children) {
          child.stdin.end('\n');
          void once(child, 'exit').then(() => {
            running -= 1;
          });
        }
        let pauses = 0;
        const [received, seen] = await Promise.all([
          // Long pauses fill it at once, and short ones make it fill just when it was emptied. Who pauses much longer reads so
          // little (some 100 records at once from the socket) that a lasting load fills that too: record-overrun.test.ts.
          receiveAll(
            data,
            () => running === 0,
            () => {
              pauses += 1;
              return pauses % 4 === 0 ? 30 : 0;
            },
          ),
          receiveAll(
            witness,
            () => running === 0,
            () => 0,
          ),
        ]);
        // What stands at the beginning and the end was sent while only one of the two listened.
        const ours = new Set(received);
        const common = new Set(seen.filter((text) => ours.has(text)));
        expect(received.filter((text) => text.startsWith('1300 ')).length).toBeGreaterThanOrEqual(800);
        expect(received.filter((text) => common.has(text))).toEqual(seen.filter((text) => common.has(text)));
        expect(
          received.filter((text) => !common.has(text) && /^13\d\d /.test(text) && !/^13(05|29|34) /.test(text)),
        ).toEqual([]);
        // How often it is full depends on how fast the machine is just then: between once and a dozen times.
        expect(recordRingDiversions(data)).toBeGreaterThan(0);
      } finally {
        closeSocket(witness);
        closeSocket(data);
      }
    });
  });

  it('gives no record an arrival before it was sent, even where others come while it is emptied', {
    timeout: lockedTestMs,
  }, async () => {
    await withAuditExperiment(async (control) => {
      const data = openAudit({ multicast: false, receiveBufferBytes: 32 << 20 });
      const memory = new Uint8Array(64 << 20);
      // More to do than there are processors: whoever empties the ring is held up in the middle of it.
      const busy = cpus()
        .flatMap(() => [1, 2])
        .map(() => spawn(process.execPath, ['-e', 'for (;;);']));
      const loops = [1, 2].map(() =>
        spawn('sh', ['-c', 'read go; exec dd if=/dev/zero of=/dev/null bs=1'], { stdio: 'pipe' }),
      );
      try {
        attachRecordRing(data, 64 << 20);
        setAuditStatus(data, { pid: process.pid }, limitMs);
        setAuditStatus(control, { enabled: 1 }, limitMs);
        // What came into the socket first; from here on they come into the ring.
        while (receiveAudit(data, memory, 0, memory.length, 50) > 0);
        for (const { pid, stdin } of loops) {
          if (pid === undefined) throw new Error('no shell');
          addAuditRule(control, exitRule('write', { pid }), limitMs);
          stdin.end('\n');
        }
        let records = 0;
        const early: number[] = [];
        for (let round = 0; round < 40; round += 1) {
          await sleep(60);
          const { realtimeNs, monotonicNs } = readClocks();
          setPriority(constants.priority.PRIORITY_LOW);
          const bytes = receiveAudit(data, memory, 0, memory.length, 0);
          setPriority(constants.priority.PRIORITY_NORMAL);
          for (const { arrivalNs, payload } of unpackRecords(memory, bytes)) {
            const stampMs = Number(/^audit\((\d+\.\d+):/.exec(payload.toString('latin1'))?.[1]) * 1000;
            const arrivalMs = Number(arrivalNs - monotonicNs + realtimeNs) / 1e6;
            records += 1;
            if (arrivalMs < stampMs) early.push(stampMs - arrivalMs);
          }
        }
        expect(records).toBeGreaterThan(5_000);
        expect(early).toEqual([]);
      } finally {
        for (const child of [...busy, ...loops]) child.kill('SIGKILL');
        closeSocket(data);
      }
    });
  });

  it('is refused where it makes no sense', () => {
    const data = openAudit({ multicast: false, receiveBufferBytes: 65536 });
    const control = openAuditControl();
    try {
      const bad = expect.objectContaining({ code: 'BAD_ARGUMENT' });
      expect(() => attachRecordRing(control, 4096)).toThrow(bad);
      expect(() => attachRecordRing(data, 4097)).toThrow(bad);
      expect(recordRingDiversions(data)).toBe(0);
      attachRecordRing(data, 65536);
      expect(() => attachRecordRing(data, 65536)).toThrow(bad);
    } finally {
      closeSocket(control);
      closeSocket(data);
    }
  });
});
