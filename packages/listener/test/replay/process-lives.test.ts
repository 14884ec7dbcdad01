import { describe, expect, it } from 'vitest';
import { loggedClose, loggedExec, loggedFork, loggedOpen, loggedWrite } from '../support/log-lines.ts';
import { replayLog } from '../support/replaying.ts';

type Replayed = ReturnType<typeof replayLog>;

const hour = 3_600_000;
const unset = 4294967295;
const list = { pid: 500, ppid: 50, auid: 1000, ses: 1, comm: 'ls', exe: '/bin/ls' };
const netcat = { pid: 500, ppid: 600, auid: 1001, ses: 2, comm: 'nc', exe: '/bin/nc' };

/** What was executed under the number 500: by which life, under which parent. */
const executed = ({ pids }: Replayed) =>
  pids
    .filter(({ observation, tgid }) => observation === 'exec' && tgid === 500)
    .map(({ key, comm, ppid, parentTgid }) => [key.split('.').at(-1), comm, ppid, parentTgid]);

describe('a number in an audit.log without clone records', () => {
  it('is of another process when the parent and the session are others', () => {
    const replayed = replayLog([
      ...loggedExec({ ms: 10, serial: 1, ...list }, 'ls'),
      ...loggedExec({ ms: 6 * hour, serial: 2, ...netcat }, 'nc'),
    ]);

    expect(executed(replayed)).toEqual([
      ['1', 'ls', 50, 50],
      ['2', 'nc', 600, 600],
    ]);
    const [first, second] = replayed.pids.filter(({ observation }) => observation === 'exec');
    expect(second?.key).not.toBe(first?.key);
    expect(second?.parentKey).toBe(replayed.pids.find(({ tgid }) => tgid === 600)?.key);
    expect(second).toMatchObject({ auid: 1001, ses: 2 });
  });

  it('is of another process when only the parent is another', () => {
    const again = { ...list, ppid: 600 };
    const replayed = replayLog([
      ...loggedExec({ ms: 10, serial: 1, ...list }, 'ls'),
      ...loggedExec({ ms: hour, serial: 2, ...again }, 'ls'),
    ]);

    expect(executed(replayed).map(([life, , ppid]) => [life, ppid])).toEqual([
      ['1', 50],
      ['2', 600],
    ]);
  });

  it('is of another process when only the session is another', () => {
    const again = { ...list, ses: 2 };
    const replayed = replayLog([
      ...loggedExec({ ms: 10, serial: 1, ...list }, 'ls'),
      ...loggedExec({ ms: hour, serial: 2, ...again }, 'ls'),
    ]);

    expect(executed(replayed).map(([life]) => life)).toEqual(['1', '2']);
  });

  it('takes no start from a fork that the former process was explained by', () => {
    const replayed = replayLog([
      ...loggedExec({ ms: 10, serial: 1, ...list }, 'ls'),
      ...loggedFork({ ms: 8, serial: 2, pid: 50 }, 500),
      ...loggedExec({ ms: hour, serial: 3, ...list, ses: 2 }, 'ls'),
    ]);

    expect(executed(replayed).map(([life]) => life)).toEqual(['1', '3']);
    expect(replayed.pids.filter(({ observation }) => observation === 'fork')).toEqual([]);
  });

  it('leaves the files of the former process behind, released when the next one is first seen', () => {
    const { files, fds } = replayLog([
      ...loggedOpen({ ms: 10, serial: 1, ...list }, 3, 'old'),
      ...loggedWrite({ ms: hour, serial: 2, ...netcat }, 3, 6),
    ]);

    expect(files.map(({ path, writes, closed, closedBy }) => [path, writes.count, closed, closedBy])).toEqual([
      ['/srv/old', 0, '2023-11-14T23:13:20.000000000Z', 'exit'],
    ]);
    expect(fds).toEqual([]);
  });

  it('is of the same process when init has adopted it, and its exec says the new parent', () => {
    const replayed = replayLog([
      ...loggedExec({ ms: 10, serial: 1, ...list }, 'ls'),
      ...loggedExec({ ms: hour, serial: 2, ...list, ppid: 1 }, 'ls'),
      ...loggedExec({ ms: hour + 1, serial: 3, ...list, ppid: 1 }, 'ls'),
    ]);

    expect(executed(replayed)).toEqual([
      ['1', 'ls', 50, 50],
      ['1', 'ls', 1, 50],
      ['1', 'ls', 1, 50],
    ]);
  });

  it('is of another process when one that init had adopted has a parent again', () => {
    const replayed = replayLog([
      ...loggedExec({ ms: 10, serial: 1, ...list }, 'ls'),
      ...loggedExec({ ms: 20, serial: 2, ...list, ppid: 1 }, 'ls'),
      ...loggedExec({ ms: hour, serial: 3, ...list, ppid: 600 }, 'ls'),
    ]);

    expect(executed(replayed).map(([life]) => life)).toEqual(['1', '1', '3']);
  });

  it('is of the same process when an ancestor of its parent has adopted it', () => {
    const replayed = replayLog([
      ...loggedExec({ ms: 1, serial: 1, pid: 30, ppid: 1 }, 'systemd', '--user'),
      ...loggedExec({ ms: 2, serial: 2, pid: 40, ppid: 30 }, 'terminal'),
      ...loggedExec({ ms: 3, serial: 3, pid: 50, ppid: 40 }, 'bash'),
      ...loggedExec({ ms: 10, serial: 4, ...list }, 'ls'),
      ...loggedExec({ ms: 20, serial: 5, ...list, ppid: 30 }, 'ls'),
    ]);

    expect(executed(replayed)).toEqual([
      ['4', 'ls', 50, 50],
      ['4', 'ls', 30, 50],
    ]);
  });

  it('is of the same process when it logs in, for it had no session before', () => {
    const replayed = replayLog([
      ...loggedExec({ ms: 10, serial: 1, ...list, auid: unset, ses: unset }, 'sshd'),
      ...loggedExec({ ms: 20, serial: 2, ...list }, 'bash'),
    ]);

    expect(executed(replayed).map(([life]) => life)).toEqual(['1', '1']);
  });

  it('is of the same process when it first was only named as a parent', () => {
    const replayed = replayLog([
      ...loggedClose({ ms: 10, serial: 1, pid: 700, ppid: 500 }, 9),
      ...loggedExec({ ms: 20, serial: 2, ...list }, 'ls'),
      ...loggedExec({ ms: 30, serial: 3, ...list }, 'ls'),
    ]);

    expect(executed(replayed).map(([life, , ppid]) => [life, ppid])).toEqual([
      ['1', 50],
      ['1', 50],
    ]);
  });
});
