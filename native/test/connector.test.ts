import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { closeSocket, connectorListen, openConnector, readClocks, receiveConnector } from '../index.js';
import { type ConnectorMessage, receiveMessagesUntil, what } from './support/packed-records.ts';
import { describeAsRoot } from './support/privilege.ts';

const trueCommand = '/bin/true';

describeAsRoot('the proc connector', () => {
  let socket: number;

  beforeEach(() => {
    socket = openConnector({ receiveBufferBytes: 4 << 20 });
  });

  afterEach(() => {
    connectorListen(socket, false);
    closeSocket(socket);
  });

  function sequenceGaps(messages: ConnectorMessage[]): ConnectorMessage[] {
    const last = new Map<number, number>();
    return messages.filter(({ cpu, seq }) => {
      const before = last.get(cpu);
      last.set(cpu, seq);
      return before !== undefined && seq !== (before + 1) >>> 0;
    });
  }

  it('acknowledges the subscription, then shows fork, exec and exit of a child, with no gap for any CPU', () => {
    const start = readClocks();
    connectorListen(socket, true);
    const acknowledged = receiveMessagesUntil(socket, (messages) => messages.some((m) => m.what === what.ack));
    const { pid } = spawnSync(trueCommand);
    const messages = receiveMessagesUntil(socket, (all) => all.some((m) => m.what === what.exit && m.data[0] === pid));
    const end = readClocks();

    expect(acknowledged.find((m) => m.what === what.ack)).toMatchObject({ data: [0, 0, 0, 0, 0, 0], flags: 0 });
    const ofChild = messages.filter((m) => m.data[m.what === what.fork ? 2 : 0] === pid);
    const byTime = ofChild.toSorted((a, b) => Number(a.monotonicNs - b.monotonicNs));
    expect(byTime.map((m) => ({ what: m.what, data: m.data, flags: m.flags }))).toEqual([
      { what: what.fork, data: [expect.any(Number), process.pid, pid, pid, 0, 0], flags: 0 },
      { what: what.exec, data: [pid, pid, 0, 0, 0, 0], flags: 0 },
      { what: what.exit, data: [pid, pid, 0, 17, expect.any(Number), process.pid], flags: 0 },
    ]);
    const inTime = (m: ConnectorMessage): boolean =>
      m.monotonicNs > start.monotonicNs &&
      m.monotonicNs < end.monotonicNs &&
      m.arrivalNs > start.monotonicNs &&
      m.arrivalNs <= end.monotonicNs;
    expect(byTime.map(inTime)).toEqual([true, true, true]);
    expect(sequenceGaps([...acknowledged, ...messages])).toEqual([]);
  });

  it('gives no more messages than have room, and the rest at the next call', () => {
    connectorListen(socket, true);
    for (let round = 0; round < 4; round++) spawnSync(trueCommand);
    const memory = new Uint8Array(3 * 64 + 40).fill(0xee);
    expect(receiveConnector(socket, memory, 32, 2 * 64 + 63, 1000)).toBe(128);
    expect([memory.subarray(0, 32), memory.subarray(160)].every((part) => part.every((byte) => byte === 0xee))).toBe(
      true,
    );
    expect(receiveConnector(socket, memory, 0, 64, 0)).toBe(64);
  });

  it('tells an overrun by -1 and goes on afterwards', () => {
    const small = openConnector({ receiveBufferBytes: 1 });
    try {
      connectorListen(small, true);
      for (let round = 0; round < 20; round++) spawnSync(trueCommand);
      const memory = new Uint8Array(64 * 64);
      const receiveThrice = (): number[] =>
        Array.from({ length: 3 }, () => receiveConnector(small, memory, 0, memory.length, 0));
      expect(receiveThrice()).toContain(-1);
      spawnSync(trueCommand);
      expect(Math.max(...receiveThrice())).toBeGreaterThan(0);
    } finally {
      connectorListen(small, false);
      closeSocket(small);
    }
  });
});
