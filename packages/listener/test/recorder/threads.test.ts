import { describe, expect, it } from 'vitest';
import { became, exec, exit, fork, keyOf } from '../support/events.ts';
import { byConnector, process, record } from '../support/recording.ts';

const key = keyOf(20, 10);
const summary = ({ pids }: ReturnType<typeof record>) =>
  pids.map(({ observation, pid, key: of, timeNs }) => [observation, pid, of, Number(timeNs / 1_000_000n) % 1000]);

describe('a thread', () => {
  it('is an observation of its process, told with the task that made it', () => {
    const { pids } = record(
      fork(10, { tgid: 20, parentTgid: 1 }),
      fork(15, { tgid: 20, pid: 21, parentTgid: 20 }),
      exit(20, { tgid: 20, pid: 21 }),
    );

    expect(pids.slice(1)).toEqual([
      { ...byConnector(15), ...process(20, 10), pid: 21, observation: 'fork', ppid: 20, parentTgid: 20 },
      {
        ...byConnector(20),
        ...process(20, 10),
        pid: 21,
        observation: 'exit',
        exitCode: 0,
        exitSignal: null,
        coreDumped: false,
      },
    ]);
  });

  it('may outlive its leader: the leader’s exit is told with the last thread, and ends the process', () => {
    expect(
      summary(
        record(
          fork(10, { tgid: 20, parentTgid: 1 }),
          fork(15, { tgid: 20, pid: 21, parentTgid: 20 }),
          exit(20, { tgid: 20, status: 3 << 8 }),
          exec(25, 20, { success: false, exit: -2 }),
          exit(30, { tgid: 20, pid: 21, status: 4 << 8 }),
          fork(500, { tgid: 20, parentTgid: 1 }),
        ),
      ),
    ).toEqual([
      ['fork', 20, key, 10],
      ['fork', 21, key, 15],
      ['exec', 20, key, 25],
      ['exit', 21, key, 30],
      ['exit', 20, key, 30],
      ['fork', 20, keyOf(20, 500), 500],
    ]);
  });

  it('that executes takes the place of its leader, whose exit from before does not end the process', () => {
    const recorded = record(
      fork(10, { tgid: 20, parentTgid: 1 }),
      fork(15, { tgid: 20, pid: 21, parentTgid: 20 }),
      became(30, { tgid: 20 }),
      // Exits wait for audit, so they come after the exec that caused them.
      exit(29, { tgid: 20 }),
      exec(30, 20),
      exit(90, { tgid: 20, status: 7 << 8 }),
    );

    expect(summary(recorded)).toEqual([
      ['fork', 20, key, 10],
      ['fork', 21, key, 15],
      ['exec', 20, key, 30],
      ['exec', 20, key, 30],
      ['exit', 20, key, 90],
    ]);
    expect(recorded.pids.at(-1)).toMatchObject({ exitCode: 7 });
  });

  it('that executes after its leader had ended is the process, and the leader’s exit is told by nobody', () => {
    const recorded = record(
      fork(10, { tgid: 20, parentTgid: 1 }),
      fork(15, { tgid: 20, pid: 21, parentTgid: 20 }),
      exit(20, { tgid: 20, status: 3 << 8 }),
      became(30, { tgid: 20 }),
      exec(30, 20),
      exit(90, { tgid: 20, status: 7 << 8 }),
    );

    expect(summary(recorded).slice(2)).toEqual([
      ['exec', 20, key, 30],
      ['exec', 20, key, 30],
      ['exit', 20, key, 90],
    ]);
    expect(recorded.pids.at(-1)).toMatchObject({ exitCode: 7 });
  });

  it('that ended by the exec of another is told, and the process goes on', () => {
    expect(
      summary(
        record(
          fork(10, { tgid: 20, parentTgid: 1 }),
          fork(15, { tgid: 20, pid: 21, parentTgid: 20 }),
          became(30, { tgid: 20 }),
          exit(29, { tgid: 20, pid: 21, status: 9 }),
          exit(90, { tgid: 20 }),
        ),
      ),
    ).toEqual([
      ['fork', 20, key, 10],
      ['fork', 21, key, 15],
      ['exec', 20, key, 30],
      ['exit', 21, key, 29],
      ['exit', 20, key, 90],
    ]);
  });
});
