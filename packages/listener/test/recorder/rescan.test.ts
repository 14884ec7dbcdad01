import { describe, expect, it } from 'vitest';
import type { PipelineEvent } from '../../src/events.ts';
import { became, checkpoint, exit, fork, keyOf, rescan, snapshot, ticksAt, write } from '../support/events.ts';
import { process, record, runOrigin } from '../support/recording.ts';

const again = { again: true } as const;
const facts = { comm: 'sh', exe: '/bin/sh', cwd: '/', rootfs: '/', containerId: null };

/** What was written down after the snapshot of process 5. */
function recordAfter(...events: readonly PipelineEvent[]) {
  const { pids, ...others } = record(snapshot(0, { tgid: 5 }), ...events);
  return { pids: pids.slice(1), ...others };
}

describe('a look through /proc after messages were lost', () => {
  it('makes known what began unseen, and marks it', () => {
    const { pids } = recordAfter(snapshot(900, { tgid: 20, parentTgid: 5, ...again }, 700), rescan(950, [5, 20]));

    expect(pids).toEqual([
      {
        ...process(20, 700),
        _id: `boot:run:1:proc:20.${ticksAt(700)}@1700000000900000000`,
        observation: 'snapshot',
        source: 'proc',
        clock: null,
        timeNs: 1_700_000_000_900_000_000n,
        time: '2023-11-14T22:13:20.900000000Z',
        ppid: 5,
        parentTgid: 5,
        parentKey: keyOf(5, -10_000),
        ...facts,
        warnings: ['its start was not told: messages of the connector had been lost'],
      },
    ]);
  });

  it('takes over what such a process has open', () => {
    const file = { fd: 3, path: '/srv/log', flags: 1, access: 'write', closeOnExec: false } as const;
    const where = { dev: 'fe:00', inode: '9', fileType: 'regular' } as const;
    const seen = snapshot(900, { tgid: 20, files: [{ ...file, ...where }], ...again }, 700);
    const { fds } = recordAfter(seen, write(940, 20, 3, 4), checkpoint(1_000));

    expect(fds.map(({ key, path, openedBefore, writes }) => [key, path, openedBefore, writes.bytes])).toEqual([
      [keyOf(20, 700), '/srv/log', true, 4],
    ]);
  });

  it('ends what is gone, with an exit of which no more is known', () => {
    const { pids } = recordAfter(fork(100, { tgid: 20, parentTgid: 5 }), rescan(950, [5]));

    expect(pids.slice(1)).toEqual([
      {
        ...process(20, 100),
        _id: `boot:run:1:gone:${keyOf(20, 100)}`,
        observation: 'exit',
        source: 'proc',
        clock: null,
        timeNs: 1_700_000_000_950_000_000n,
        time: '2023-11-14T22:13:20.950000000Z',
        exitCode: null,
        exitSignal: null,
        inferred: true,
        warnings: ['its exit was not told: messages of the connector had been lost, and then it was gone'],
      },
    ]);
  });

  it('leaves alone what began while it went on', () => {
    const { pids } = recordAfter(fork(935, { tgid: 20, parentTgid: 5 }), rescan(950, [5]), exit(990, { tgid: 20 }));

    expect(pids.map(({ observation, warnings }) => [observation, warnings])).toEqual([
      ['fork', undefined],
      ['exit', undefined],
    ]);
  });

  it('ends the process that had the number of one that it shows', () => {
    const { pids } = recordAfter(fork(100, { tgid: 20, parentTgid: 5 }), snapshot(900, { tgid: 20, ...again }, 700));

    expect(pids.slice(1).map(({ observation, key }) => [observation, key])).toEqual([
      ['exit', keyOf(20, 100)],
      ['snapshot', keyOf(20, 700)],
    ]);
  });

  it('tells of a program that was executed unseen', () => {
    const proc = { ...facts, startTicks: ticksAt(-10_000), exe: '/bin/cat', comm: 'cat', argv: ['cat', 'x'] };
    const { pids } = recordAfter(snapshot(900, { tgid: 5, proc, ...again }), rescan(950, [5]));

    expect(pids).toEqual([
      expect.objectContaining({
        ...runOrigin,
        key: keyOf(5, -10_000),
        observation: 'snapshot',
        source: 'proc',
        exe: '/bin/cat',
        comm: 'cat',
        argv: ['cat', 'x'],
        warnings: ['it is another program than was told: messages of the connector had been lost'],
      }),
    ]);
  });

  it('says nothing of what is as it was told, nor of one that has ended and was not waited for', () => {
    const proc = { ...facts, startTicks: ticksAt(100) };
    const { pids } = recordAfter(
      fork(100, { tgid: 20, parentTgid: 5 }),
      exit(800, { tgid: 20 }),
      snapshot(900, { tgid: 5, ...again }),
      snapshot(900, { tgid: 20, proc, ...again }, 100),
      rescan(950, [5, 20]),
    );

    expect(pids.map(({ observation }) => observation)).toEqual(['fork', 'exit']);
  });

  it('knows the end of a process whose thread ended unseen', () => {
    const thread = { pid: 21, tgid: 20, parentPid: 20, parentTgid: 5 };
    const { pids } = recordAfter(
      fork(100, { tgid: 20, parentTgid: 5 }),
      fork(110, thread),
      snapshot(900, { tgid: 20, proc: { ...facts, startTicks: ticksAt(100) }, ...again }, 100),
      rescan(950, [5, 20]),
      exit(990, { tgid: 20 }),
      fork(1_000, { tgid: 20, parentTgid: 5 }),
    );

    expect(pids.at(-1)?.warnings).toBeUndefined();
  });

  it('keeps a process whose leader ended before its threads', () => {
    const { pids } = recordAfter(
      fork(100, { tgid: 20, parentTgid: 5 }),
      fork(110, { pid: 21, tgid: 20, parentPid: 20, parentTgid: 5 }),
      exit(200, { tgid: 20 }),
      rescan(950, [5, 20]),
      became(960, { tgid: 20, pid: 21 }),
    );

    expect(pids.map(({ observation, key, warnings }) => [observation, key, warnings])).toEqual([
      ['fork', keyOf(20, 100), undefined],
      ['fork', keyOf(20, 100), undefined],
      ['exec', keyOf(20, 100), undefined],
    ]);
  });

  it('is told of as a warning, with what came of it', () => {
    const { losses } = recordAfter(
      fork(100, { tgid: 20, parentTgid: 5 }),
      snapshot(900, { tgid: 30, ...again }, 700),
      rescan(950, [5, 30]),
    );

    expect(losses).toEqual([
      {
        ...runOrigin,
        _id: 'boot:run:1:loss:1',
        timeNs: 1_700_000_000_950_000_000n,
        time: '2023-11-14T22:13:20.950000000Z',
        severity: 'warning',
        source: 'proc',
        from: '2023-11-14T22:13:20.450000000Z',
        to: '2023-11-14T22:13:20.950000000Z',
        count: null,
        reason:
          'Messages of the connector had been lost, so /proc was looked through: 1 process(es) whose start had not been told, 0 whose exec had not been, 1 had ended. What lived and ended in between is known from audit alone.',
      },
    ]);
  });
});
