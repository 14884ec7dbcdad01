import { describe, expect, it } from 'vitest';
import { became, exit, fork, keyOf, loss, snapshot, write } from '../support/events.ts';
import { byAudit, byConnector, process, record, runOrigin } from '../support/recording.ts';

const unknownStart = { startTicks: null, startNs: null, start: null };
const credentials = { uid: 0, gid: 0, euid: 0, auid: 4294967295, ses: 4294967295, tty: null };

describe('a process whose start nobody told', () => {
  it('is made from its first audit record, and marked', () => {
    const { pids } = record(snapshot(0, { tgid: 5 }), write(30, 20, 1, 4, { caller: { ppid: 5 } }));

    expect(pids.slice(1)).toEqual([
      {
        ...byAudit(30),
        ...runOrigin,
        ...unknownStart,
        ...credentials,
        _id: 'boot:audit:1700000000030.30:first',
        observation: 'snapshot',
        key: 'boot:20:?1700000000030.30',
        pid: 20,
        tgid: 20,
        ppid: 5,
        parentTgid: 5,
        parentKey: keyOf(5, -10_000),
        comm: 'sh',
        exe: '/bin/sh',
        containerId: null,
        rootfs: '/',
        inferred: true,
        warnings: ['its start was not seen: an audit record is the first of it'],
      },
    ]);
  });

  it('has no parent where the record does not name one', () => {
    const { pids } = record(write(30, 20, 1, 4, { caller: { ppid: Number.NaN } }));
    const [first] = pids;
    expect([first?.observation, first && 'ppid' in first, first && 'parentTgid' in first, first?.parentKey]).toEqual([
      'snapshot',
      false,
      false,
      null,
    ]);
  });

  it('is one process for all that follows', () => {
    const { pids } = record(write(30, 20, 1, 4), write(31, 20, 1, 4), became(40, { tgid: 20 }), exit(50, { tgid: 20 }));
    const key = 'boot:20:?1700000000030.30';

    expect(pids.map((document) => [document.observation, document.key])).toEqual([
      ['snapshot', key],
      ['exec', key],
      ['exit', key],
    ]);
  });

  it.each([
    ['an exec', became(40, { tgid: 20 })],
    ['an exit', exit(40, { tgid: 20 })],
  ] as const)('may be known by %s first', (what, event) => {
    const { pids } = record(event);

    expect(pids).toHaveLength(2);
    expect(pids[0]).toEqual({
      ...byConnector(40),
      ...runOrigin,
      ...unknownStart,
      _id: 'boot:connector:0.40.40000000:unseen',
      observation: 'snapshot',
      key: 'boot:20:?40000000',
      pid: 20,
      tgid: 20,
      warnings: [`its start was not seen: ${what} is the first that was told of it`],
    });
    expect(pids[1]).toMatchObject({ _id: 'boot:connector:0.40.40000000', key: 'boot:20:?40000000' });
  });

  it('may be known by a thread first', () => {
    const { pids } = record(fork(40, { tgid: 20, pid: 21, parentTgid: 20 }));

    expect(pids).toEqual([
      {
        ...byConnector(40),
        ...runOrigin,
        ...unknownStart,
        observation: 'fork',
        key: 'boot:20:?40000000',
        pid: 21,
        tgid: 20,
        ppid: 20,
        parentTgid: 20,
        warnings: ['the start of its process was not seen'],
      },
    ]);
  });

  it('is over when its number is forked', () => {
    const { pids } = record(write(30, 20, 1, 4), fork(60, { tgid: 20, parentTgid: 1 }));

    expect(pids[1]).toEqual({
      ...byConnector(60),
      ...process(20, 60),
      observation: 'fork',
      ppid: 1,
      parentTgid: 1,
      parentKey: null,
      warnings: [
        'the exit of the process that had this number before (boot:20:?1700000000030.30) was not seen',
        'its parent is not known',
      ],
    });
  });

  it('is another one than a process of that number which ended before', () => {
    const { pids } = record(
      fork(10, { tgid: 20, parentTgid: 1 }),
      exit(20, { tgid: 20 }),
      write(15, 20, 1, 4),
      write(300, 20, 1, 4),
    );

    expect(pids.map(({ observation, key }) => [observation, key])).toEqual([
      ['fork', keyOf(20, 10)],
      ['exit', keyOf(20, 10)],
      ['snapshot', 'boot:20:?1700000000300.300'],
    ]);
  });
});

it('numbers that the kernel did not give are left out', () => {
  const { pids } = record(write(30, 20, 1, 4, { caller: { uid: Number.NaN, ses: Number.NaN, comm: null, exe: null } }));

  expect(pids[0]).not.toHaveProperty('uid');
  expect(pids[0]).not.toHaveProperty('ses');
  expect(pids[0]).toMatchObject({ gid: 0, comm: null, exe: null });
});

it('nothing is made of a loss', () => {
  expect(record(loss(5)).pids).toEqual([]);
});
