import { describe, expect, it } from 'vitest';
import type { PipelineEvent } from '../../src/events.ts';
import { became, exec, fork, keyOf, pivotRoot, snapshot } from '../support/events.ts';
import { byAudit, process, record } from '../support/recording.ts';

const shell = snapshot(0, { tgid: 5 });
const forked = fork(10, { tgid: 20, parentTgid: 5 });
const common = {
  ...byAudit(15),
  ...process(20, 10),
  observation: 'exec',
  ppid: 5,
  parentTgid: 5,
  parentKey: keyOf(5, -10_000),
  uid: 0,
  gid: 0,
  euid: 0,
  auid: 4294967295,
  ses: 4294967295,
  tty: null,
  comm: 'sh',
  containerId: null,
  rootfs: '/',
};

describe('an exec', () => {
  it('that failed is an attempt: its name, its error, and nothing applied', () => {
    const failed = exec(15, 20, { success: false, exit: -13, argv: ['./secret'], name: '/srv/secret', cwd: '/srv' });
    const { pids } = record(shell, forked, failed, exec(16, 20, { success: false, exit: -2, argv: null, name: null }));

    expect(pids.slice(2)).toEqual([
      { ...common, success: false, errno: -13, argv: ['./secret'], exe: '/srv/secret', cwd: '/srv' },
      {
        ...{ ...common, ...byAudit(16), success: false, errno: -2, exe: null, cwd: '/srv' },
        ...{ argv: null, argvUnknown: 'failed call' },
      },
    ]);
  });

  it('of a script has the script beside the program that runs it', () => {
    const script = { script: '/srv/\xff', viaScripts: ['/bin/a', '/bin/\xfe'] };
    const { pids } = record(shell, forked, exec(15, 20, script));

    expect(pids[2]).toEqual({
      ...common,
      success: true,
      argv: ['sh', '-c', 'true'],
      exe: '/bin/sh',
      cwd: '/srv',
      script: '/srv/\ufffd',
      scriptHex: '2f7372762fff',
      viaScripts: ['/bin/a', '/bin/\ufffd'],
      viaScriptsHex: [null, '2f62696e2ffe'],
    });
  });

  it('of a deleted program has the path without the mark', () => {
    const caller = { exe: '/srv/x (deleted)' };
    const { pids } = record(shell, forked, exec(15, 20, { caller, exe: '/srv/x', exeDeleted: true }), exec(16, 20));

    expect(pids.slice(2)).toMatchObject([{ exe: '/srv/x', exeDeleted: true }, { exe: '/bin/sh' }]);
    expect(pids[3]).not.toHaveProperty('exeDeleted');
  });

  it('that does not tell whether the program was deleted is helped by what /proc said of the same exec', () => {
    const caller = { exe: '/srv/x (deleted)' };
    const doubtful = exec(16, 20, { caller, exeDeleted: null });
    const read = (exe: string, exeDeleted: true | null) =>
      became(15, { tgid: 20, proc: { startTicks: 5001, exe, exeDeleted } });
    const told = (...before: PipelineEvent[]) => record(shell, forked, ...before, doubtful).pids.at(-1);

    expect([told(), told(read('/srv/x', true)), told(read('/srv/x (deleted)', null))]).toMatchObject([
      { exe: '/srv/x (deleted)', exeDeleted: null },
      { exe: '/srv/x', exeDeleted: true },
      { exe: '/srv/x (deleted)', exeDeleted: null },
    ]);
    // What was read of an exec before is of no help.
    const later = became(16, { tgid: 20 });
    expect(told(read('/srv/x', true), later)).toMatchObject({ exe: '/srv/x (deleted)', exeDeleted: null });
  });

  it('with bytes that are not UTF-8 keeps them beside the text', () => {
    const odd = exec(15, 20, {
      argv: ['caf\xc3\xa9', 'bad\xff', 'plain'],
      cwd: '/srv/\xfe',
      caller: { comm: '\xe9', exe: '/bin/\xe9' },
    });
    const { pids } = record(shell, forked, odd);

    expect(pids[2]).toEqual({
      ...common,
      success: true,
      argv: ['café', 'bad\ufffd', 'plain'],
      argvHex: [null, '626164ff', null],
      cwd: '/srv/\ufffd',
      cwdHex: '2f7372762ffe',
      comm: '\ufffd',
      commHex: 'e9',
      exe: '/bin/\ufffd',
      exeHex: '2f62696e2fe9',
    });
  });

  it('keeps what its records lacked', () => {
    const { pids } = record(
      shell,
      forked,
      exec(15, 20, { argv: ['sh', ''], warnings: ['1 of 2 arguments are missing'] }),
    );

    expect(pids[2]).toMatchObject({ argv: ['sh', ''], warnings: ['1 of 2 arguments are missing'] });
  });

  it('with more arguments than a document holds has the first of them, and says so', () => {
    const long = ['sh', 'x'.repeat(1024 * 1024), 'y'.repeat(1024 * 1024), 'z'];
    const { pids } = record(shell, forked, exec(15, 20, { argv: long }));

    expect(pids[2]?.argv).toEqual(long.slice(0, 2));
    expect(pids[2]?.warnings).toEqual(['the last 2 arguments are left out: they do not fit a document']);
  });

  it('of a process that nobody told us of is marked as concluded', () => {
    const { pids } = record(exec(15, 20));

    expect(pids.map(({ observation, inferred }) => [observation, inferred])).toEqual([
      ['snapshot', true],
      ['exec', true],
    ]);
  });
});

describe('a change of the root', () => {
  it('is written down with the path on the host', () => {
    const { pids } = record(shell, forked, pivotRoot(15, 20, '/run/new'), pivotRoot(16, 20, '/inner'));

    expect(pids.slice(2)).toEqual([
      { ...byAudit(15), ...process(20, 10), observation: 'root', rootfs: '/run/new', containerId: null },
      { ...byAudit(16), ...process(20, 10), observation: 'root', rootfs: '/run/new/inner', containerId: null },
    ]);
  });

  it('to a path that is not known says nothing of it, and the old one stays', () => {
    const warnings = ['the path of the new root is not known from the call'];
    const { pids } = record(shell, forked, { ...pivotRoot(15, 20, null), warnings }, exec(16, 20));

    expect(pids.slice(2)).toMatchObject([
      { ...byAudit(15), ...process(20, 10), observation: 'root', containerId: null, warnings },
      { observation: 'exec', rootfs: '/' },
    ]);
    expect(pids[2]).not.toHaveProperty('rootfs');
  });
});
