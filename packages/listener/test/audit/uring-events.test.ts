/** What io_uring does, by records as Linux 6.18 wrote them, but for the folders and numbers of processes. */

import { describe, expect, it } from 'vitest';
import type { AuditEvent, OperationEvent } from '../../src/events.ts';
import { fixtureRecords } from '../support/fixtures.ts';
import { interpret } from '../support/interpreting.ts';
import type { AuditRecord } from '../support/log-records.ts';

const all = fixtureRecords('io-uring.log');
const ofSerial = (serial: number) => all.filter((record) => record.serial === serial);

function told(serial: number): AuditEvent | null {
  const records = ofSerial(serial);
  return interpret({ ms: records[0]?.ms ?? 0, serial, records, incomplete: null });
}

/** An event made of URINGOP records alone, and what follows them. */
function toldBy(...bodies: readonly (readonly [type: number, body: string])[]): AuditEvent | null {
  const stamp = { ms: 1795672214719, serial: 7 };
  const records = bodies.map(([type, body]): AuditRecord => ({ ...stamp, type, body }));
  return interpret({ ...stamp, records, incomplete: null });
}

/** A worker of the kernel tells neither the terminal nor the program, nor who logged in. */
const worker = {
  ...{ tgid: 200, ppid: 100, uid: 0, gid: 0, euid: 0, auid: Number.NaN, ses: Number.NaN },
  ...{ tty: null, comm: null, exe: null },
};
const poller = { ...worker, tgid: 300 };
const program = {
  ...worker,
  ...{ auid: 4294967295, ses: 4294967295, comm: 'io-uring', exe: '/usr/bin/io-uring' },
};
const opened = 'opened by io_uring: audit tells neither the descriptor nor how, so its writes and its end are not seen';
const perhaps = 'whether the open succeeded is not told';
const file = (inode: string, path: string | null, created: boolean) => ({
  ...{ path, pathResolved: false, created, dev: 'fe:00', inode, fileType: 'regular' },
});
const operationOf = (serial: number): OperationEvent => {
  const event = told(serial);
  if (event?.kind !== 'operation') throw new Error(`no operation: ${event?.kind}`);
  return event;
};
const summary = ({ operation, success, file: { path }, to, dev, inode, fileType, warnings }: OperationEvent) => ({
  ...{ operation, success, path, to: to?.path, dev, inode, fileType, warnings },
});

describe('the setup of a ring', () => {
  it('is told by the system call', () => {
    expect(told(49)).toMatchObject({ kind: 'uring-setup', caller: program });
  });
});

describe('an open by io_uring', () => {
  it('that made a file in a worker tells its inode, and no name', () => {
    expect(told(50)).toEqual({
      kind: 'uring-open',
      files: [file('6', null, true)],
      ...{ ms: 1795672214719, serial: 50, caller: worker, warnings: [opened] },
    });
  });

  it('of a file that was there is done by io_uring_enter, which tells its name and who it was', () => {
    expect(told(52)).toMatchObject({
      kind: 'uring-open',
      files: [file('4', 'old', false)],
      caller: program,
      warnings: [opened, perhaps],
    });
  });

  it('is one of several in one event where one io_uring_enter did them', () => {
    expect(told(83)).toMatchObject({
      files: [file('4', 'old', false), file('5', 'below/inner', false)],
      warnings: [opened, perhaps],
    });
  });

  it('is nothing where it was tried again by a worker, nor where it failed', () => {
    expect([told(62), told(63), told(64)]).toEqual([null, null, null]);
  });

  it('tells the name where a thread of the kernel takes what is submitted', () => {
    expect(told(460139)).toMatchObject({ files: [file('16', 'made', true)], caller: poller });
  });

  it('that names a folder and leads to a file has made one without a name', () => {
    expect(told(460171)).toMatchObject({ files: [file('21', null, true)] });
  });

  it('says where more files were named than were opened, and passes over folders', () => {
    const head = 'uring_op=18 success=yes exit=0 items=3 ppid=1 pid=2 uid=0 gid=0 euid=0';
    const path = (item: number, inode: number, mode: string) =>
      [1302, `item=${item} name="/srv/${inode}" inode=${inode} dev=fe:00 mode=${mode} nametype=NORMAL`] as const;
    const event = toldBy([1336, head], path(0, 7, '0100644'), path(1, 8, '0100644'), path(2, 9, '040755'));

    expect(event).toMatchObject({ files: [{ path: '/srv/7', pathResolved: true }, { path: '/srv/8' }] });
    expect(event?.warnings).toHaveLength(3);
  });

  it('counts where the same call closed something before', () => {
    const [operation, ...rest] = ofSerial(83);
    const close = { ...operation, body: operation?.body.replace('uring_op=18', 'uring_op=19') } as AuditRecord;
    const event = interpret({ ms: 1795672214719, serial: 83, records: [close, ...rest], incomplete: null });

    expect(event).toMatchObject({ kind: 'uring-open', files: [{}, {}] });
  });
});

describe('an operation by io_uring', () => {
  it('on names has their inodes, but not the names, where a worker did it', () => {
    const where = 'io_uring does not tell the name: it is in the directory with inode 2 on fe:00';
    const file = { path: null, to: undefined, dev: 'fe:00', fileType: 'regular', success: true };
    const unsure = 'done by io_uring: whether it succeeded is not told';

    expect([66, 68, 69, 71, 75, 78].map(operationOf).map(summary)).toEqual([
      { ...file, operation: 'mkdir', inode: '8', fileType: 'directory', warnings: [where] },
      { ...file, operation: 'rename', to: null, inode: '6', warnings: [where] },
      { ...file, operation: 'rename', to: null, inode: '6', warnings: [where] },
      { ...file, operation: 'link', to: null, inode: '4', warnings: [where] },
      { ...file, operation: 'unlink', inode: '4', warnings: [unsure, where] },
      { ...file, operation: 'rmdir', inode: '8', fileType: 'directory', warnings: [unsure, where] },
    ]);
    expect(operationOf(69).replacedInode).toBe('7');
  });

  it('failed where a name was to be made, and no item tells of it; which error is not told', () => {
    expect([67, 72, 460161].map(operationOf).map(({ success, warnings }) => [success, warnings?.[0]])).toEqual(
      Array(3).fill([false, 'tried by io_uring: the error is not told']),
    );
  });

  it('is not known to have succeeded where the name has no file yet', () => {
    const [head, cwd, ...items] = ofSerial(66);
    const records = [head, cwd, ...items.slice(0, 2)] as AuditRecord[];
    const event = interpret({ ms: 1795672214719, serial: 66, records, incomplete: null });

    expect(event).toMatchObject({ operation: 'mkdir', success: true, file: { path: null } });
    expect(event?.warnings?.[0]).toBe('done by io_uring: whether it succeeded is not told');
  });

  it('on a descriptor tells the inode, on a path nothing at all', () => {
    expect([59, 61].map(operationOf).map(({ operation, inode, file }) => [operation, inode, file.path])).toEqual([
      ['setxattr', '7', null],
      ['setxattr', null, null],
    ]);
  });

  it('has names, hanging on a directory that is not told, where a thread of the kernel takes what is submitted', () => {
    const ofPoller = [460149, 460157, 460160, 460167].map(operationOf);

    expect(ofPoller.map(({ operation, file: { path }, to, inode }) => [operation, path, to?.path, inode])).toEqual([
      ['setxattr', 'old', undefined, '14'],
      ['rename', 'made', null, '16'],
      ['link', 'old', 'linked', '14'],
      ['rmdir', 'folder', undefined, '18'],
    ]);
    expect(ofPoller.map(({ file, to }) => file.pathResolved || to?.pathResolved === true)).not.toContain(true);
  });

  it('tells no file where it is a fallocate or ftruncate, and nothing of a close but that it was', () => {
    expect([57, 58, 51].map(told)).toMatchObject([
      { kind: 'uring-change', operation: 'fallocate', caller: worker },
      { kind: 'uring-change', operation: 'ftruncate', caller: worker },
      { kind: 'uring-close', caller: program },
    ]);
  });
});

describe('a URINGOP record', () => {
  it.each([
    ['another operation', 'uring_op=30 success=yes exit=0 items=0 ppid=1 pid=2'],
    ['an operation beyond all', 'uring_op=99999999999999999999 success=yes exit=0 items=0 ppid=1 pid=2'],
    ['no operation', 'success=yes exit=0 ppid=1 pid=2'],
    ['no result', 'uring_op=19 items=0 ppid=1 pid=2'],
    ['nobody', 'uring_op=19 success=yes exit=0'],
    ['nothing', ''],
  ])('of %s is no event', (_, body) => {
    expect(toldBy([1336, body])).toBe(null);
  });

  it('counts by its first fields', () => {
    expect(toldBy([1336, 'uring_op=19 uring_op=18 success=yes success=no exit=0 ppid=1 pid=2'])).toMatchObject({
      kind: 'uring-close',
      caller: { tgid: 2, ppid: 1 },
    });
  });

  it('says nothing beside the SYSCALL record of a call that is recorded itself', () => {
    const call = 'arch=c000003e syscall=1 success=yes exit=5 a0=3 a1=0 a2=5 a3=0 items=0 ppid=1 pid=2 comm="sh"';

    expect(toldBy([1336, 'uring_op=19 success=yes exit=0 ppid=1 pid=2'], [1300, call])).toMatchObject({
      kind: 'write',
      fd: 3,
      bytes: 5,
    });
  });

  it('is not meant by a SYSCALL record of an architecture that there is not', () => {
    const call = 'arch=0 syscall=19 success=yes exit=0 a0=3 a1=0 a2=0 a3=0 items=0 ppid=1 pid=2 comm="sh"';

    expect(toldBy([1300, call])).toBe(null);
  });
});
