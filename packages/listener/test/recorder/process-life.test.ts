import { describe, expect, it } from 'vitest';
import { became, exec, exit, fork, keyOf, snapshot } from '../support/events.ts';
import { byAudit, byConnector, process, record } from '../support/recording.ts';

const init = snapshot(0, { tgid: 1, parentTgid: 0 });
const initKey = keyOf(1, -10_000);
const place = { containerId: null, rootfs: '/' };
const credentials = { uid: 0, gid: 0, euid: 0, auid: 4294967295, ses: 4294967295 };

describe('a process', () => {
  it('is written down when it is forked, when it becomes another program, and when it ends', () => {
    const proc = { startTicks: 5001, argv: ['ls', '-l'], comm: 'ls', exe: '/bin/ls', cwd: '/srv', containerId: null };
    const { pids } = record(
      init,
      fork(10, { tgid: 20, parentTgid: 1 }),
      became(12, { tgid: 20, proc }),
      exec(11, 20, { argv: ['ls', '-l'], caller: { comm: 'ls', exe: '/bin/ls', tty: 'pts0' } }),
      exit(30, { tgid: 20, status: 2 << 8 }),
    );

    expect(pids.slice(1)).toEqual([
      {
        ...byConnector(10),
        ...process(20, 10),
        observation: 'fork',
        ppid: 1,
        parentTgid: 1,
        parentKey: initKey,
      },
      {
        ...byConnector(12),
        ...process(20, 10),
        ...place,
        observation: 'exec',
        success: true,
        argv: ['ls', '-l'],
        comm: 'ls',
        exe: '/bin/ls',
        cwd: '/srv',
      },
      {
        ...byAudit(11),
        ...process(20, 10),
        ...place,
        ...credentials,
        observation: 'exec',
        success: true,
        ppid: 1,
        parentTgid: 1,
        parentKey: initKey,
        tty: 'pts0',
        argv: ['ls', '-l'],
        comm: 'ls',
        exe: '/bin/ls',
        cwd: '/srv',
      },
      {
        ...byConnector(30),
        ...process(20, 10),
        observation: 'exit',
        exitCode: 2,
        exitSignal: null,
        coreDumped: false,
      },
    ]);
  });

  it('that ran before the listener is written down with its threads', () => {
    const proc = {
      startTicks: 4000,
      argv: ['sh'],
      comm: 'sh',
      exe: '/bin/sh',
      cwd: '/',
      rootfs: '/',
      containerId: null,
      uid: 7,
    };
    const { pids } = record(init, snapshot(5, { tgid: 20, parentTgid: 1, tasks: [20, 21], proc }));
    const seen = { source: 'proc', clock: null, observation: 'snapshot', ppid: 1, parentTgid: 1 };

    expect(pids.slice(1)).toEqual([
      {
        ...process(20, -10_000),
        ...seen,
        ...place,
        _id: 'boot:run:1:proc:20.4000',
        timeNs: pids[1]?.timeNs,
        time: '2023-11-14T22:13:20.005000000Z',
        parentKey: initKey,
        argv: ['sh'],
        comm: 'sh',
        exe: '/bin/sh',
        cwd: '/',
        uid: 7,
      },
      {
        ...process(20, -10_000),
        ...seen,
        _id: 'boot:run:1:proc:20.4000/21',
        pid: 21,
        timeNs: pids[1]?.timeNs,
        time: '2023-11-14T22:13:20.005000000Z',
      },
    ]);
  });

  it.each([
    [0, { exitCode: 0, exitSignal: null, coreDumped: false }],
    [255 << 8, { exitCode: 255, exitSignal: null, coreDumped: false }],
    [9, { exitCode: null, exitSignal: 9, coreDumped: false }],
    [0x8b, { exitCode: null, exitSignal: 11, coreDumped: true }],
  ])('that ends with the status %d of wait(2) is told so', (status, end) => {
    const { pids } = record(fork(10, { tgid: 20, parentTgid: 1 }), exit(20, { tgid: 20, status }));

    expect(pids.at(-1)).toMatchObject({ observation: 'exit', ...end });
  });

  it('has the parent’s container, program and directory until something else is known', () => {
    const containerId = 'c'.repeat(64);
    const proc = {
      startTicks: 4000,
      comm: 'sh',
      exe: '/bin/sh',
      cwd: '/srv',
      rootfs: '/var/lib/x/merged',
      containerId,
    };
    const { pids } = record(
      snapshot(0, { tgid: 5, proc }),
      fork(10, { tgid: 20, parentTgid: 5 }),
      became(11, { tgid: 20 }),
    );

    expect(pids.slice(1)).toMatchObject([
      { observation: 'fork', containerId, rootfs: '/var/lib/x/merged' },
      { observation: 'exec', containerId, rootfs: '/var/lib/x/merged' },
    ]);
  });

  it('is in the container that its exec shows, when its runtime moved it there after the fork', () => {
    const containerId = 'c'.repeat(64);
    const { pids } = record(
      init,
      fork(10, { tgid: 20, parentTgid: 1, proc: { startTicks: 5001, containerId: null } }),
      became(15, { tgid: 20, proc: { startTicks: 5001, containerId, rootfs: '/merged' } }),
      fork(20, { tgid: 21, parentTgid: 20 }),
    );

    expect(pids.slice(1).map(({ observation, containerId: id, rootfs }) => [observation, id, rootfs])).toEqual([
      ['fork', null, '/'],
      ['exec', containerId, '/merged'],
      ['fork', containerId, '/merged'],
    ]);
  });

  it('is not given what /proc says of a later life of its number', () => {
    const containerId = 'c'.repeat(64);
    const later = { startTicks: 5100, containerId, argv: ['other'], exe: '/bin/other' };
    const { pids } = record(
      init,
      fork(10, { tgid: 20, parentTgid: 1, proc: later }),
      became(15, { tgid: 20, proc: later }),
    );

    expect(pids.slice(1)).toEqual([
      {
        ...byConnector(10),
        ...process(20, 10),
        observation: 'fork',
        ppid: 1,
        parentTgid: 1,
        parentKey: initKey,
      },
      { ...byConnector(15), ...process(20, 10), ...place, observation: 'exec', success: true },
    ]);
  });

  it('has the start that /proc shows, where that is within a tick of its fork', () => {
    const { pids } = record(init, fork(19, { tgid: 20, parentTgid: 1, proc: { startTicks: 5002 } }));

    expect(pids[1]).toMatchObject({ key: 'boot:20:5002', startTicks: 5002 });
  });

  it('that was in the snapshot already is the same when its fork is told', () => {
    const { pids } = record(
      snapshot(0, { tgid: 5 }),
      snapshot(20, { tgid: 20, parentTgid: 1, proc: { startTicks: 5001 } }, 10),
      fork(10, { tgid: 20, parentTgid: 5 }),
      exit(30, { tgid: 20 }),
    );

    expect(pids.map(({ observation, key, parentTgid }) => [observation, key, parentTgid])).toEqual([
      ['snapshot', keyOf(5, -10_000), 1],
      ['snapshot', 'boot:20:5001', 1],
      ['fork', 'boot:20:5001', 5],
      ['exit', 'boot:20:5001', undefined],
    ]);
  });
});
