import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import {
  addAuditRule,
  attachRecordRing,
  auditRecordRoomBytes,
  closeSocket,
  foreignDatagrams,
  getAuditStatus,
  openAudit,
  readClocks,
  receiveAudit,
  setAuditStatus,
} from '../index.js';
import { withAuditExperiment } from './support/audit-experiment.ts';
import { lockedTestMs } from './support/audit-lock.ts';
import { exitRule } from './support/audit-rules.ts';
import { netlinkRow } from './support/netlink-sockets.ts';
import { type AuditRecord, receiveRecordsUntil, unpackRecords } from './support/packed-records.ts';
import { describeAsRoot } from './support/privilege.ts';

const limitMs = 5000;
const recordType = {
  capabilities: 1321,
  proctitle: 1327,
  syscall: 1300,
  path: 1302,
  cwd: 1307,
  execve: 1309,
  endOfEvent: 1320,
} as const;

const textOf = (record: AuditRecord): string => record.payload.toString('latin1');
const serialOf = (record: AuditRecord): string | undefined => /^audit\([\d.]+:(\d+)\)/.exec(textOf(record))?.[1];

/** The records of the event whose SYSCALL record is of this pid. */
function eventOf(pid: number, records: AuditRecord[]): AuditRecord[] {
  const isSyscall = (r: AuditRecord): boolean => r.type === recordType.syscall && textOf(r).includes(` pid=${pid} `);
  const first = records.find(isSyscall);
  return first === undefined ? [] : records.filter((record) => serialOf(record) === serialOf(first));
}

const hasWholeEventOf = (pid: number) => (records: AuditRecord[]) =>
  eventOf(pid, records).some((record) => record.type === recordType.endOfEvent);

type Work = (data: number, control: number) => void | Promise<void>;

/** Takes the audit role with a rule for the execve calls of our children; `ringBytes` 0: no ring. */
async function takeRole(ringBytes: number, work: Work): Promise<void> {
  await withAuditExperiment(async (control) => {
    const data = openAudit({ multicast: false, receiveBufferBytes: 8 << 20 });
    try {
      if (ringBytes > 0) attachRecordRing(data, ringBytes);
      setAuditStatus(data, { pid: process.pid }, limitMs);
      setAuditStatus(control, { enabled: 1 }, limitMs);
      addAuditRule(control, exitRule('execve', { ppid: process.pid }), limitMs);
      await work(data, control);
    } finally {
      closeSocket(data);
    }
  });
}

const ways = [
  ['an audit data socket', 0],
  ['an audit data socket with a ring', 1 << 20],
  ['an audit data socket with a ring that is full all the time', 4096],
] as const;

for (const [name, ringBytes] of ways) describeAsRoot(name, () => describeReceiving(ringBytes));

function describeReceiving(ringBytes: number): void {
  const withRole = (work: Work) => takeRole(ringBytes, work);

  it('receives the records of a child, whole and in order', { timeout: lockedTestMs }, async () => {
    await withRole((data, control) => {
      expect(getAuditStatus(control, limitMs)).toMatchObject({ pid: process.pid, enabled: 1 });
      const start = readClocks();
      const { pid } = spawnSync('/bin/true', ['one argument'], { cwd: '/usr' });
      // Whether the exec raised capabilities depends on those that the tests themselves run with.
      const event = eventOf(pid, receiveRecordsUntil(data, hasWholeEventOf(pid))).filter(
        ({ type }) => type !== recordType.capabilities,
      );
      const end = readClocks();

      expect(event.map(({ type, flags }) => [type, flags])).toEqual([
        [recordType.syscall, 0],
        [recordType.execve, 0],
        [recordType.cwd, 0],
        [recordType.path, 0],
        [recordType.path, 0],
        [recordType.proctitle, 0],
        [recordType.endOfEvent, 0],
      ]);
      const [syscall, execve, cwd] = event.map(textOf);
      expect(syscall).toMatch(
        new RegExp(`^audit\\(.* ppid=${process.pid} pid=${pid} .* comm="true" exe="[^"]*/true" .*"godo-native-test"$`),
      );
      expect(execve).toMatch(/^audit\([\d.]+:\d+\): argc=2 a0="\/bin\/true" a1=6F6E6520617267756D656E74$/);
      expect(cwd).toMatch(/^audit\([\d.]+:\d+\): cwd="\/usr"$/);
      expect(event.every((r) => r.arrivalNs > start.monotonicNs && r.arrivalNs < end.monotonicNs)).toBe(true);
    });
  });

  it('receives records of the greatest length among short ones', { timeout: lockedTestMs }, async () => {
    await withRole((data) => {
      const argument = 'abcdefgh'.repeat(4000);
      const { pid } = spawnSync('/bin/true', [argument]);
      const execve = eventOf(pid, receiveRecordsUntil(data, hasWholeEventOf(pid))).filter(
        (r) => r.type === recordType.execve,
      );

      // Pieces of a split argument are always hex, whatever stands in them.
      const pieces = execve.map((record) => /a1\[\d+\]=([0-9A-F]*)$/.exec(textOf(record))?.[1] ?? '');
      expect(Buffer.from(pieces.join(''), 'hex').toString() === argument).toBe(true);
      expect(Math.max(...execve.map((record) => record.payload.length))).toBeGreaterThan(7000);
    });
  });

  it('leaves the memory outside of its part alone, and takes no more records than have room', {
    timeout: lockedTestMs,
  }, async () => {
    await withRole((data) => {
      const { pid } = spawnSync('/bin/true');
      const memory = new Uint8Array(auditRecordRoomBytes + 128);
      const records: AuditRecord[] = [];
      const sizes: number[] = [];
      while (!hasWholeEventOf(pid)(records)) {
        memory.fill(0xee);
        const bytes = receiveAudit(data, memory, 64, auditRecordRoomBytes, 5000);
        expect([memory.subarray(0, 64), memory.subarray(-64)].every((part) => part.every((b) => b === 0xee))).toBe(
          true,
        );
        const received = unpackRecords(memory.subarray(64), bytes);
        sizes.push(received.length);
        records.push(...received);
      }
      // From the socket each is received with the room of the largest; from the ring as many come as fit.
      if (ringBytes === 0) expect(new Set(sizes)).toEqual(new Set([1]));
    });
  });

  it('keeps records that stand before the answer to a request on the same socket', {
    timeout: lockedTestMs,
  }, async () => {
    await withRole(async (data, control) => {
      const pids = Array.from({ length: 40 }, () => spawnSync('/bin/true').pid);
      while (getAuditStatus(control, limitMs).backlog > 0) await sleep(10);
      // From here on they are in the socket's buffer.
      await sleep(50);
      setAuditStatus(data, { failure: 0 }, limitMs);
      expect(getAuditStatus(data, limitMs).pid).toBe(process.pid);

      const memory = new Uint8Array(auditRecordRoomBytes * 2);
      const records: AuditRecord[] = [];
      for (let bytes = 1; bytes > 0; ) {
        bytes = receiveAudit(data, memory, 0, memory.length, 0);
        records.push(...unpackRecords(memory, bytes));
      }
      expect(pids.filter((pid) => !hasWholeEventOf(pid)(records))).toEqual([]);
      // Events of two processors may stand interleaved, but begin one after the other.
      const serials = [...new Set(records.map((record) => Number(serialOf(record))))];
      expect(serials).toEqual(serials.toSorted((a, b) => a - b));
    });
  });

  it('drops and counts what another process sends to it', () => {
    const data = openAudit({ multicast: false, receiveBufferBytes: 65536 });
    try {
      if (ringBytes > 0) attachRecordRing(data, ringBytes);
      const before = foreignDatagrams();
      const { port } = netlinkRow(data);
      const forged =
        'import socket,struct,sys; s=socket.socket(socket.AF_NETLINK,socket.SOCK_RAW,9);' +
        's.sendto(struct.pack("=IHHII",20,1300,0,0,0)+b"fake",(int(sys.argv[1]),0))';
      const sender = spawnSync('python3', ['-c', forged, `${port}`], { encoding: 'utf8' });
      expect({ status: sender.status, stderr: sender.stderr }).toEqual({ status: 0, stderr: '' });

      const memory = new Uint8Array(auditRecordRoomBytes);
      expect(receiveAudit(data, memory, 0, memory.length, 100)).toBe(0);
      expect(foreignDatagrams() - before).toBe(1);
    } finally {
      closeSocket(data);
    }
  });
}

describeAsRoot('the audit role', () => {
  it('leaves the same records to a reader of the multicast group', { timeout: lockedTestMs }, async () => {
    await takeRole(0, (data) => {
      const reader = openAudit({ multicast: true, receiveBufferBytes: 8 << 20 });
      try {
        const { pid } = spawnSync('/bin/true', ['seen', 'twice']);
        const content = (fd: number): [number, string][] =>
          eventOf(pid, receiveRecordsUntil(fd, hasWholeEventOf(pid))).map((record) => [record.type, textOf(record)]);
        expect(content(reader)).toEqual(content(data));
      } finally {
        closeSocket(reader);
      }
    });
  });

  it('cannot take the role from another process, and can once that has left it', {
    timeout: lockedTestMs,
  }, async () => {
    await withAuditExperiment(async (control) => {
      const holder = spawn(process.execPath, [fileURLToPath(new URL('support/take-audit-role.mjs', import.meta.url))], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const exited = once(holder, 'exit');
      const data = openAudit({ multicast: false, receiveBufferBytes: 1 << 20 });
      try {
        const gone = exited.then(([code]) => Promise.reject(new Error(`the holder ended with ${code}`)));
        await Promise.race([once(holder.stdout, 'data'), gone]);
        expect(getAuditStatus(control, limitMs).pid).toBe(holder.pid);
        const take = (): void => setAuditStatus(data, { pid: process.pid }, limitMs);
        expect(take).toThrow(expect.objectContaining({ code: 'EEXIST', syscall: 'AUDIT_SET' }));
        holder.stdin.end();
        expect(await exited).toEqual([0, null]);
        take();
        expect(getAuditStatus(control, limitMs).pid).toBe(process.pid);
      } finally {
        holder.stdin.end();
        await exited;
        closeSocket(data);
      }
    });
  });
});
