import { describe, expect, it } from 'vitest';
import { realProc } from '../../src/proc/proc-files.ts';
import { ProcReader, parseStat } from '../../src/proc/proc-reader.ts';
import { fakeProc, stat } from '../support/fake-proc.ts';

const container = 'c'.repeat(64);
const status = 'Name:\tsh\nUid:\t1000\t1001\t1002\t1003\nGid:\t2000\t2001\t2002\t2003\n';
const onHost = { '20/root': '/', '20/ns/mnt': 'mnt:[1]', 'self/ns/mnt': 'mnt:[1]' };

describe('/proc/PID/stat', () => {
  it('has comm, the parent and the start', () => {
    expect(parseStat(stat(20, 'sh', 10, 5001))).toEqual({ comm: 'sh', ppid: 10, startTicks: 5001 });
  });

  it.each(['a) S 1 (b', ')', '(', ') (', 'two words', '\xff', ''])('may have the comm %j', (comm) => {
    expect(parseStat(stat(20, comm, 10, 5001))).toEqual({ comm, ppid: 10, startTicks: 5001 });
  });

  it.each(['', '20', '20 sh S 10', ')20 (sh', '20 (sh) S 10', '20 (sh) S x 1 1'])(
    'that is %j tells nothing',
    (text) => {
      expect(parseStat(text)).toBeNull();
    },
  );
});

describe('the facts of a process', () => {
  const files = {
    '20/stat': stat(20, 'sh', 10, 5001),
    '20/cgroup': '0::/system.slice/ssh.service\n',
    '20/cmdline': 'sh\0-c\0\0caf\xc3\xa9 \xff\0',
    '20/status': status,
    '20/loginuid': '4294967295',
    '20/sessionid': '3\n',
  };
  const links = { ...onHost, '20/exe': '/usr/bin/dash', '20/cwd': '/srv/\xff' };

  it('are all there for one that may be looked at', () => {
    expect(new ProcReader(fakeProc(files, links)).allFacts(20)).toEqual({
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
    });
  });

  it('are only those that could be read', () => {
    const reader = new ProcReader(fakeProc({ '20/stat': stat(20, 'kworker/0:0', 2, 5001), '20/cmdline': '' }));

    expect(reader.allFacts(20)).toEqual({ startTicks: 5001, comm: 'kworker/0:0' });
  });

  it('are none for one that is gone', () => {
    const reader = new ProcReader(fakeProc({}));

    expect([reader.stat(20), reader.placeFacts(20), reader.allFacts(20)]).toEqual([null, null, null]);
  });

  it('are none where the number was given to another process meanwhile', () => {
    const changing = { ...files, '20/stat': [stat(20, 'sh', 10, 5001), stat(20, 'other', 10, 7000)] };

    expect(new ProcReader(fakeProc(changing, links)).placeFacts(20)).toBeNull();
  });

  it('are none where the process ended meanwhile', () => {
    const ending = { ...files, '20/stat': [stat(20, 'sh', 10, 5001), null] };

    expect(new ProcReader(fakeProc(ending, links)).placeFacts(20)).toBeNull();
  });

  it('are those of its place where it ended before the rest was read', () => {
    const before = stat(20, 'sh', 10, 5001);
    const ending = { ...files, '20/stat': [before, before, before, before, null], '20/status': [null] };

    expect(new ProcReader(fakeProc(ending, links)).allFacts(20)).toEqual({
      startTicks: 5001,
      containerId: null,
      auid: 4294967295,
      ses: 3,
    });
  });

  it('have the arguments up to the last NUL, and without one as they stand', () => {
    const argvOf = (cmdline: string) =>
      new ProcReader(fakeProc({ ...files, '20/cmdline': cmdline })).allFacts(20)?.argv;

    expect([argvOf('sh\0'), argvOf('sh\0\0'), argvOf('nginx: worker'), argvOf('')]).toEqual([
      ['sh'],
      ['sh', ''],
      ['nginx: worker'],
      undefined,
    ]);
  });

  it('are those of its place alone when a fork asks', () => {
    expect(
      new ProcReader(fakeProc({ ...files, '20/cgroup': `0::/docker/${container}\n` }, links)).placeFacts(20),
    ).toEqual({
      startTicks: 5001,
      containerId: container,
    });
  });

  it('say nothing of the root of a process that sees other mounts, or is chrooted', () => {
    const away = { ...links, '20/ns/mnt': 'mnt:[2]' };
    const chrooted = { ...links, '20/root': '/srv/chroot' };

    expect(new ProcReader(fakeProc(files, away)).allFacts(20)).not.toHaveProperty('rootfs');
    expect(new ProcReader(fakeProc(files, chrooted)).allFacts(20)).not.toHaveProperty('rootfs');
  });
});

it('the real /proc knows the tests', () => {
  const facts = new ProcReader(realProc).allFacts(process.pid);

  expect(facts).toMatchObject({ exe: process.execPath, cwd: process.cwd(), uid: process.getuid?.() });
  expect(realProc.read('0/stat')).toBeNull();
  expect(realProc.link('0/exe')).toBeNull();
});
