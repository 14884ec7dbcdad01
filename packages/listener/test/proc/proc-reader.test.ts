import { describe, expect, it } from 'vitest';
import type { ProcFacts } from '../../src/events.ts';
import { realProc } from '../../src/proc/proc-files.ts';
import { ProcReader } from '../../src/proc/proc-reader.ts';
import { type FakeProcess, fakeProc, stat } from '../support/fake-proc.ts';

const container = 'c'.repeat(64);
const status = 'Name:\tsh\nUid:\t1000\t1001\t1002\t1003\nGid:\t2000\t2001\t2002\t2003\n';
const self = { root: 'root of the host', mountinfo: '22 1 254:0 / / rw - ext4 /dev/vda rw' };
const shell: FakeProcess = {
  stat: stat('sh', 10, 5001),
  cgroup: '0::/system.slice/ssh.service\n',
  cmdline: 'sh\0-c\0\0caf\xc3\xa9 \xff\0',
  exe: '/usr/bin/dash',
  cwd: '/srv/\xff',
  root: 'root of the host',
  status,
  loginuid: '4294967295',
  sessionid: '3\n',
};

const observe = (process: FakeProcess | readonly (FakeProcess | null)[]) =>
  new ProcReader(fakeProc({ host: self, 20: process })).observe(20);

/** The place of process 20. */
function placeOf(process: FakeProcess | readonly (FakeProcess | null)[], startTicks: number | null = null) {
  return new ProcReader(fakeProc({ host: self, 20: process })).open(20)?.place(startTicks);
}

describe('what is observed of a process', () => {
  it('is everything, for one that may be looked at', () => {
    expect(observe(shell)).toEqual({
      ppid: 10,
      facts: {
        startTicks: 5001,
        containerId: null,
        argv: ['sh', '-c', '', 'caf\xc3\xa9 \xff'],
        comm: 'sh',
        exe: '/usr/bin/dash',
        cwd: '/srv/\xff',
        rootfs: '/',
        uid: 1000,
        euid: 1001,
        gid: 2000,
        auid: 4294967295,
        ses: 3,
      },
    });
  });

  it('is only what could be read', () => {
    expect(observe({ stat: stat('kworker/0:0', 2, 5001), cmdline: '' })).toEqual({
      ppid: 2,
      facts: { startTicks: 5001, comm: 'kworker/0:0' },
    });
  });

  it('is nothing for one that is gone', () => {
    const reader = new ProcReader(fakeProc({ host: self }));

    expect([reader.stat(20), reader.open(20), reader.observe(20)]).toEqual([null, null, null]);
    expect(observe([null])).toBeNull();
  });

  it('is what was read before it ended', () => {
    expect(observe([shell, null])).toEqual({ ppid: 10, facts: { startTicks: 5001, containerId: null, comm: 'sh' } });
  });

  it('has the arguments up to the last NUL, and without one as they stand', () => {
    const argvOf = (cmdline: string) => observe({ ...shell, cmdline })?.facts.argv;

    expect([argvOf('sh\0'), argvOf('sh\0\0'), argvOf('nginx: worker'), argvOf('')]).toEqual([
      ['sh'],
      ['sh', ''],
      ['nginx: worker'],
      undefined,
    ]);
  });

  it('says nothing of the root of a process that has another one', () => {
    expect(observe({ ...shell, root: 'another root' })?.facts).not.toHaveProperty('rootfs');
  });

  it('has a deleted program by its path where the file has no name left', () => {
    const exe = '/srv/x (deleted)';
    const programOf = (exeLinks?: number) => {
      const { exe: path, exeDeleted } =
        observe({ ...shell, exe, ...(exeLinks !== undefined && { exeLinks }) })?.facts ?? {};
      return { path, exeDeleted };
    };

    expect([programOf(0), programOf(1), programOf()]).toEqual([
      { path: '/srv/x', exeDeleted: true },
      { path: exe, exeDeleted: null },
      { path: exe, exeDeleted: null },
    ]);
  });

  it('in a container has its numbers and namespaces there', () => {
    const hosts = { ...self, namespaces: [1, 2, 3, 4, 5, 6, 7] };
    const inside = {
      ...shell,
      cgroup: `0::/docker/${container}\n`,
      status: `${status}NSpid:\t20\t7\n`,
      namespaces: [1, 2, 33, 4, 55, 6, 0],
    };
    const facts = (files: typeof hosts | typeof self, process: FakeProcess) =>
      new ProcReader(fakeProc({ host: files, 20: process })).observe(20)?.facts;

    expect(facts(hosts, inside)).toMatchObject({ pids: [20, 7], namespaces: { mnt: 33, pid: 55 } });
    // At its end a process gives them up: that is not to be in those of the host.
    const ending = facts(hosts, { ...inside, namespaces: [0, 0, 0, 0, 5, 6, 0] });
    expect(ending).not.toHaveProperty('namespaces');
    // Without those of the host there is nothing to compare with; a process that has one number has no other.
    const plain = facts(self, { ...inside, status: `${status}NSpid:\t20\n` });
    expect(plain).not.toHaveProperty('pids');
    expect(plain).not.toHaveProperty('namespaces');
  });

  it('leaves nothing open', () => {
    const proc = fakeProc({ host: self, 20: shell });
    new ProcReader(proc).observe(20);

    expect(proc.held()).toBe(0);
  });
});

describe('the place of a process', () => {
  const inContainer = { ...shell, cgroup: `0::/docker/${container}\n` };

  it('is its start and its container', () => {
    expect(placeOf(shell)).toEqual({ startTicks: 5001, containerId: null });
    expect(placeOf(inContainer)).toEqual({ startTicks: 5001, containerId: container });
  });

  it('has the root of its container once that can be told', () => {
    const mountinfo = '700 699 0:52 / / rw - overlay overlay rw,upperdir=/var/lib/docker/overlay2/abc/diff';

    expect(placeOf({ ...inContainer, mountinfo })).toEqual({
      startTicks: 5001,
      containerId: container,
      rootfs: '/var/lib/docker/overlay2/abc/merged',
      rootDev: '00:34',
    });
  });

  it('is read without stat where the start is known', () => {
    const proc = fakeProc({ host: self, 20: shell });

    expect(new ProcReader(proc).open(20)?.place(77)).toEqual({ startTicks: 77, containerId: null });
    expect(proc.looks).toEqual(['20 cgroup']);
  });

  it('is none for one that has ended', () => {
    expect([placeOf([null]), placeOf([null], 77)]).toEqual([null, null]);
  });

  it('is its start alone where the cgroups are not to be read', () => {
    const { cgroup: _, ...hidden } = shell;

    expect(placeOf(hidden)).toEqual({ startTicks: 5001 });
  });

  it('is not concluded from the cgroups of one that is exiting: cgroup v1 shows it at their roots', () => {
    const atTheRoots = { ...shell, cgroup: '2:pids:/\n1:name=systemd:/\n0::/\n' };
    const exiting = { ...atTheRoots, stat: stat('sh', 10, 5001, 0x400004) };

    expect([placeOf(atTheRoots), placeOf(exiting), placeOf(exiting, 5001)]).toEqual([
      { startTicks: 5001, containerId: null },
      { startTicks: 5001 },
      null,
    ]);
  });
});

describe('the program of a process', () => {
  const place: ProcFacts = { startTicks: 5001, containerId: null };
  const executable = (process: FakeProcess) => {
    const proc = fakeProc({ host: self, 20: process });
    return { facts: new ProcReader(proc).open(20)?.executable({ ...place }, true), looks: proc.looks };
  };

  it('is its executable alone where no more is asked for', () => {
    expect(executable(shell)).toEqual({ facts: { ...place, exe: '/usr/bin/dash' }, looks: ['20 exe'] });
  });

  it('of the first process in a container comes with what that is there', () => {
    const inside = { ...shell, status: 'NSpid:\t20\t7\n', namespaces: [1, 2, 33, 4, 55, 6, 0] };
    const reader = new ProcReader(fakeProc({ host: { ...self, namespaces: [1, 2, 3, 4, 5, 6, 7] }, 20: inside }));
    const told = (isFirst: boolean) =>
      reader.open(20)?.executable({ startTicks: 5001, containerId: container }, isFirst);
    const program = { startTicks: 5001, containerId: container, exe: '/usr/bin/dash' };

    expect([told(false), told(true)]).toEqual([
      program,
      { ...program, pids: [20, 7], namespaces: { mnt: 33, pid: 55 } },
    ]);
  });

  it('comes with the names of its environment on request', () => {
    const process = { ...shell, environ: 'PATH=/bin\0SECRET=x\0' };
    const reader = new ProcReader(fakeProc({ host: self, 20: process }), undefined, { envNames: true });

    expect(reader.open(20)?.executable({ ...place }, false)).toMatchObject({ envNames: ['PATH', 'SECRET'] });
    expect(reader.observe(20)?.facts).toMatchObject({ envNames: ['PATH', 'SECRET'] });
    expect(executable(process).facts).not.toHaveProperty('envNames');
  });

  it.each(['/usr/bin/runc', '/usr/local/bin/crun', '/usr/sbin/dockerd'])('is read whole for %s all the same', (exe) => {
    expect(executable({ ...shell, exe, cmdline: 'x\0y\0' }).facts).toEqual({
      ...place,
      exe,
      comm: 'sh',
      argv: ['x', 'y'],
      cwd: '/srv/\xff',
      rootfs: '/',
    });
  });

  it('is not known of one that has ended', () => {
    expect(executable({})).toEqual({ facts: place, looks: ['20 exe'] });
  });
});

it('the real /proc knows the tests', () => {
  const observed = new ProcReader(realProc).observe(process.pid);

  expect(observed).toMatchObject({
    ppid: process.ppid,
    facts: { exe: process.execPath, cwd: process.cwd(), uid: process.getuid?.(), rootfs: '/' },
  });
  expect(realProc.open(0)).toBeNull();
});

it('the real /proc has command lines of any length', async () => {
  const { spawn } = await import('node:child_process');
  const long = ['-c', 'read x', ...Array.from({ length: 8 }, () => 'x'.repeat(100_000))];
  const child = spawn('/bin/sh', long, { stdio: ['pipe', 'ignore', 'ignore'] });
  await new Promise((resolve) => child.once('spawn', resolve));
  const argv = new ProcReader().observe(child.pid as number)?.facts.argv;
  child.stdin.end();

  expect(argv).toEqual(['/bin/sh', ...long]);
});
