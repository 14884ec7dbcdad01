import { moment } from '@godo/evidence';
import { describe, expect, it } from 'vitest';
import { became, exec, exit, fork, keyOf, nsAt, sessionStart, snapshot, star, write } from '../support/events.ts';
import { process, record, recordFrom, sorted } from '../support/recording.ts';

const dockerd = { comm: 'dockerd', exe: '/usr/bin/dockerd' };
const starsOf = ({ pids }: ReturnType<typeof record>) =>
  pids.map(({ observation, star: is }) => [observation, is === true]);

describe('a root of the tree', () => {
  it('is an engine that runs already', () => {
    const proc = { startTicks: 4000, argv: ['/usr/bin/dockerd', '-H', 'fd://'], ...dockerd };

    expect(starsOf(record(snapshot(0, { tgid: 20, proc })))).toEqual([['snapshot', true]]);
  });

  it('is an engine that starts, by either intake', () => {
    const proc = { startTicks: 5001, argv: ['dockerd'], ...dockerd };
    const forked = fork(10, { tgid: 20, parentTgid: 1 });

    expect(starsOf(record(forked, became(11, { tgid: 20, proc })))).toEqual([
      ['fork', false],
      ['exec', true],
    ]);
    expect(starsOf(record(forked, exec(11, 20, { argv: ['dockerd'], caller: dockerd })))).toEqual([
      ['fork', false],
      ['exec', true],
    ]);
  });

  it('is not the engine running itself under another name for a small task', () => {
    const caller = { comm: 'exe', exe: '/usr/bin/dockerd' };
    const argv = ['libnetwork-setkey', '-exec-root=/var/run/docker', 'x'];

    expect(starsOf(record(fork(10, { tgid: 20, parentTgid: 1 }), exec(11, 20, { argv, caller })))).toEqual([
      ['fork', false],
      ['exec', false],
    ]);
    expect(starsOf(record(snapshot(0, { tgid: 20, proc: { startTicks: 4000, argv, ...caller } })))).toEqual([
      ['snapshot', false],
    ]);
  });

  it('is another program that was named one, whatever it is called', () => {
    const start = sessionStart({ stars: ['/usr/bin/podman'] });
    const podman = exec(11, 20, { argv: ['docker'], caller: { comm: 'podman', exe: '/usr/bin/podman' } });

    expect(starsOf(sorted(recordFrom(start, [fork(10, { tgid: 20, parentTgid: 1 }), podman])))).toEqual([
      ['fork', false],
      ['exec', true],
    ]);
  });

  it('is not a failed attempt to start one, nor another program', () => {
    const attempt = exec(11, 20, { success: false, exit: -13, argv: ['dockerd'], name: '/usr/bin/dockerd' });
    const other = exec(12, 20, { argv: ['dockerd'], caller: { comm: 'dockerd', exe: '/home/me/dockerd' } });

    expect(starsOf(record(fork(10, { tgid: 20, parentTgid: 1 }), attempt, other))).toEqual([
      ['fork', false],
      ['exec', false],
      ['exec', false],
    ]);
  });

  it('is told by its comm where its arguments are not known', () => {
    expect(starsOf(record(write(30, 20, 1, 4, { caller: dockerd })))).toEqual([['snapshot', true]]);
    expect(starsOf(record(write(30, 20, 1, 4, { caller: { ...dockerd, comm: 'exe' } })))).toEqual([
      ['snapshot', false],
    ]);
  });

  it('is a process that is declared one', () => {
    const { pids } = record(fork(10, { tgid: 20, parentTgid: 1 }), star(15, 20));

    expect(pids[1]).toEqual({
      ...process(20, 10),
      ...moment(nsAt(15)),
      _id: 'boot:run:1:star:20',
      observation: 'star',
      source: 'listener',
      clock: null,
      star: true,
    });
  });

  it('may be declared before its fork is told', () => {
    const { pids } = record(star(5, 20), fork(10, { tgid: 20, parentTgid: 1 }), became(11, { tgid: 20 }));

    expect(pids.map(({ observation, key, star: is }) => [observation, key, is === true])).toEqual([
      ['fork', keyOf(20, 10), false],
      ['star', keyOf(20, 10), true],
      ['exec', keyOf(20, 10), true],
    ]);
  });

  it('may be declared before its fork is told, and no thread of that number is taken for it', () => {
    const { pids } = record(
      fork(8, { tgid: 7, parentTgid: 1 }),
      star(9, 20),
      fork(10, { tgid: 7, pid: 20, parentTgid: 7 }),
      fork(12, { tgid: 20, parentTgid: 1 }),
    );

    expect(pids.filter(({ star: is }) => is).map(({ key }) => key)).toEqual([keyOf(20, 12)]);
  });

  it('may be declared after its exit is told, but not when another process may have the number by then', () => {
    const lived = [fork(10, { tgid: 20, parentTgid: 1 }), exit(12, { tgid: 20 })] as const;

    expect(record(...lived, star(400, 20)).pids.at(-1)).toMatchObject({ observation: 'star', key: keyOf(20, 10) });
    expect(record(...lived, star(1_100, 20)).pids.at(-1)).toMatchObject({ observation: 'exit' });
  });

  it('does not make its children roots', () => {
    const proc = { startTicks: 4000, argv: ['dockerd'], ...dockerd };
    const { pids } = record(snapshot(0, { tgid: 20, proc }), fork(10, { tgid: 21, parentTgid: 20 }));

    expect(pids.map(({ star: is }) => is === true)).toEqual([true, false]);
  });
});
