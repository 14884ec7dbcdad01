/** What the operator wants recorded: reads, sensitive files, and of which processes. */

import { describe, expect, it } from 'vitest';
import type { PipelineEvent, SessionStartEvent } from '../../src/events.ts';
import { Recorder } from '../../src/recorder/recorder.ts';
import { close, dup, fork, open, operation, sessionEnd, sessionStart, snapshot, write } from '../support/events.ts';
import { recordFrom, sorted } from '../support/recording.ts';

const reading = { flags: 0o2000000, access: 'read', truncates: false, created: false } as const;
const host = snapshot(0, { tgid: 10 });
const inside = { proc: { startTicks: 5000, comm: 'sh', containerId: 'c'.repeat(64) } };
const container = snapshot(0, { tgid: 20, ...inside });

function recorded(start: Partial<SessionStartEvent>, ...events: readonly PipelineEvent[]) {
  return sorted(recordFrom(sessionStart(start), events));
}

describe('opens for reading', () => {
  const events = [host, open(1, 10, { path: '/etc/passwd', ...reading }), close(2, 10, 3)];

  it('make sessions where that was asked for, and else none', () => {
    expect(recorded({}, ...events).files).toEqual([]);
    expect(recorded({ reads: true }, ...events).files).toMatchObject([
      { path: '/etc/passwd', access: 'read', closedBy: 'close', writes: { count: 0 } },
    ]);
  });

  it('of sensitive files always do, by whatever rule they were told', () => {
    const sensitive = ['/etc/ssl/private', '/etc/shadow'];
    const paths = ['/etc/shadow', '/etc/shadow2', '/etc/ssl/private/a.key', '/etc/ssl/privateer'];
    const opens = paths.map((path, index) => open(index + 1, 10, { path, fd: index + 3, ...reading }));
    const elsewhere = open(9, 10, { path: '/proc/1/root/etc/shadow', fd: 9, watched: true, ...reading });
    const { fds } = recorded({ sensitive }, host, ...opens, elsewhere, sessionEnd(20));

    expect(fds.map(({ path }) => path)).toEqual(['/etc/shadow', '/etc/ssl/private/a.key', '/proc/1/root/etc/shadow']);
  });

  it('with O_PATH only look', () => {
    const looking = open(1, 10, { ...reading, flags: 0o10000000, watched: true });

    expect(recorded({ reads: true }, host, looking, close(2, 10, 3)).files).toEqual([]);
  });
});

it('connections are told of sensitive sockets alone', () => {
  const connect = (ms: number, path: string, watched?: true) =>
    operation(ms, 10, {
      operation: 'connect',
      file: { path, pathResolved: true, dirfd: null },
      ...(watched && { watched }),
    });
  const events = [connect(1, '/run/nscd.sock'), connect(2, '/run/docker.sock'), connect(3, '/mnt/sock', true)];
  const { operations } = recorded({ sensitive: ['/run/docker.sock'] }, host, ...events);

  expect(operations.map(({ operation: what, path }) => [what, path])).toEqual([
    ['connect', '/run/docker.sock'],
    ['connect', '/mnt/sock'],
  ]);
});

describe('with the scope of containers', () => {
  const scope = 'containers';

  it('sessions and operations of processes outside are counted, and their processes kept', () => {
    const recorder: string[] = [];
    const events = [
      ...[host, container, open(1, 10), close(2, 10, 3), operation(3, 10)],
      ...[open(4, 20), close(5, 20, 3), operation(6, 20)],
    ];
    const made = new Recorder((entry) => recorder.push(entry.collection));
    for (const event of [sessionStart({ scope }), ...events]) made.apply(event);

    expect(recorder).toEqual(['sessions', 'chain', 'pids', 'pids', 'files', 'operations']);
    expect(made.counters().leftOut).toBe(2);
  });

  it('what a process in a container wrote to is kept, whoever opened it', () => {
    const child = fork(2, { tgid: 20, parentTgid: 10, proc: inside.proc });
    const events = [host, open(1, 10), child, write(3, 20, 3, 5), close(4, 20, 3), close(5, 10, 3)];

    expect(recorded({ scope }, ...events).files).toMatchObject([{ tgid: 10, writes: { bytes: 5 } }]);
  });

  it('checkpoints have no others either', () => {
    const events = [host, container, open(1, 10), dup(2, 10, 3, 4), open(3, 20), sessionEnd(4)];

    expect(recorded({ scope }, ...events).fds.map(({ tgid }) => tgid)).toEqual([20]);
  });

  it('nothing is left out of whom it is not known where he is', () => {
    const unknown = snapshot(0, { tgid: 30, proc: { startTicks: 4000 } });

    expect(recorded({ scope }, unknown, open(1, 30), close(2, 30, 3)).files).toHaveLength(1);
  });

  it('stands in the start document', () => {
    expect(recorded({ scope, reads: true, sensitive: ['/a'] }).sessions).toMatchObject([
      { scope, reads: true, sensitive: ['/a'] },
    ]);
  });
});
