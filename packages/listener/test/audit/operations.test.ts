/** Records as Linux 6.18 wrote them, but for the folders. */

import { describe, expect, it } from 'vitest';
import type { OperationEvent } from '../../src/events.ts';
import {
  type Call,
  cwdRecord,
  eventOf,
  pathRecord,
  shellCaller,
  stamp,
  syscallRecord,
} from '../support/audit-records.ts';
import { interpret } from '../support/interpreting.ts';

const cwd = '/srv/w';

/** An item as `NAMETYPE name`, with `inode:mode` behind it where the name led to a file; `-` for no name. */
function item(text: string, index: number) {
  const [type, name = '-', file] = text.split(' ');
  const named = name === '-' ? '(null)' : name === "''" ? '""' : /^[\x21-\x7e]+$/.test(name) ? `"${name}"` : hex(name);
  const [inode, mode] = file?.split(':') ?? [];
  const owner = 'ouid=1000 ogid=100 rdev=00:00';
  const found = inode === undefined ? '' : `inode=${inode} dev=fe:00 mode=0${mode ?? '100644'} ${owner} `;
  return pathRecord(`item=${index} name=${named} ${found}nametype=${type} cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0`);
}

const hex = (text: string) => Buffer.from(text, 'latin1').toString('hex').toUpperCase();

function told(call: Call, ...items: readonly string[]): OperationEvent {
  const event = interpret(eventOf(syscallRecord(call), cwdRecord(`"${cwd}"`), ...items.map(item)));
  if (event?.kind !== 'operation') throw new Error(`no operation: ${event?.kind}`);
  return event;
}

const at = (path: string) => ({ path, pathResolved: true, dirfd: null });
/** `inodes`: those of the directory, or of one of them each. */
const below = (dirfd: number | null, path: string, ...inodes: readonly string[]) => ({
  ...{ path, pathResolved: false, dirfd },
  ...(inodes.length > 0 && { parents: inodes.map((inode) => ({ dev: 'fe:00', inode })) }),
});
const untold = { path: null, pathResolved: false, dirfd: null };

/** What an operation on the regular file 10 is where nothing else is said. */
function expected(operation: OperationEvent['operation'], fields: Partial<OperationEvent>): OperationEvent {
  return {
    ...stamp,
    caller: shellCaller,
    kind: 'operation',
    operation,
    success: true,
    exit: 0,
    file: at('/srv/w/a'),
    ...{ fd: null, to: null, exchange: false, target: null, directories: [], names: [] },
    ...{ dev: 'fe:00', inode: '10', fileType: 'regular', replacedInode: null, exchangedInode: null },
    ...{ mode: null, modeBefore: null, owner: null, size: null },
    ...fields,
  };
}

/** A call that did not get to a file. */
const nowhere = { success: false, dev: null, inode: null, fileType: 'unknown' } as const;

describe('rename', () => {
  const parents = ['PARENT /srv/w 1:40755', 'PARENT /srv/w 1:40755'];

  it('has the old and the new name', () => {
    expect(told({ name: 'rename' }, ...parents, 'DELETE a 10', 'CREATE b 10')).toEqual(
      expected('rename', { to: at('/srv/w/b') }),
    );
  });

  it('tells what was replaced', () => {
    expect(told({ name: 'rename' }, ...parents, 'DELETE a 10', 'DELETE b 11', 'CREATE b 10')).toEqual(
      expected('rename', { to: at('/srv/w/b'), replacedInode: '11' }),
    );
  });

  it('tells what was replaced also where the kernel takes the one name for the other', () => {
    const items = ['PARENT d2/ 3:40755', 'PARENT d1/ 2:40755', 'DELETE d1/a 11', 'CREATE d2/a 10'];

    expect(told({ name: 'rename' }, ...items)).toEqual(
      expected('rename', { file: at('/srv/w/d1/a'), to: at('/srv/w/d2/a'), replacedInode: '11' }),
    );
  });

  it('tells an exchange, which only renameat2 can do', () => {
    const items = [...parents, 'DELETE a 10', 'DELETE b 11', 'CREATE b 10', 'CREATE a 11'];
    const [cwdFd, exchanged] = ['ffffffffffffff9c', { to: at('/srv/w/b'), exchange: true, exchangedInode: '11' }];
    const given = `${cwdFd} 7f1 ${cwdFd} 7f2`;

    expect(told({ name: 'renameat2', arguments: given }, ...items)).toEqual(expected('rename', exchanged));
  });

  it('names files below descriptors as they were given', () => {
    const items = ['PARENT /srv/w 3:40755', 'PARENT /srv/w 2:40755', 'DELETE f 10', 'CREATE g 10'];

    expect(told({ name: 'renameat', arguments: '7 7f1 ffffffffffffff9c 7f2' }, ...items)).toEqual(
      expected('rename', { file: below(7, 'f', '3', '2'), to: at('/srv/w/g') }),
    );
    expect(told({ name: 'renameat', arguments: '7 7f1 ffffffff 7f2' }, ...items).to).toEqual(below(-1, 'g', '3', '2'));
  });

  it('knows a name that was given once for both: the kernel tells it once', () => {
    const items = ['PARENT /srv/w 3:40755', 'PARENT - 2:40755', 'DELETE - 10', 'CREATE f 10'];
    const both = { file: below(7, 'f', '3', '2'), to: below(8, 'f', '3', '2') };

    expect(told({ name: 'renameat', arguments: '7 7f1 8 7f1' }, ...items)).toEqual(expected('rename', both));
    expect(told({ name: 'renameat', arguments: '7 7f1 8 7f2' }, ...items)).toMatchObject({
      file: untold,
      to: below(8, 'f'),
      warnings: ['the records do not tell all names of the call'],
    });
  });

  it('that failed early tells the directories, in no order', () => {
    const items = ['PARENT /srv/w/d2/ 3:40755', 'PARENT d1/ 2:40755'];
    const directories = ['/srv/w/d2', '/srv/w/d1'];

    expect(told({ name: 'rename', exit: -2 }, ...items)).toEqual(
      expected('rename', { ...nowhere, exit: -2, file: untold, to: untold, directories }),
    );
  });

  it('of a descriptor’s directory tells none that may be the working directory instead', () => {
    const items = ['PARENT /srv/w 3:40755', 'PARENT d1/ 2:40755'];

    expect(told({ name: 'renameat', exit: -2, arguments: '7 7f1 8 7f2' }, ...items).directories).toEqual(['d1/']);
    expect(told({ name: 'renameat', exit: -2, arguments: '7 7f1 8 7f2' }, 'PARENT /etc/ 3').directories).toEqual([
      '/etc',
    ]);
  });

  it('that found neither directory tells the names, in no order', () => {
    const failed = { ...nowhere, exit: -2, file: untold, to: untold };

    expect(told({ name: 'rename', exit: -2 }, 'UNKNOWN y/2', 'UNKNOWN z/1')).toEqual(
      expected('rename', { ...failed, names: ['/srv/w/y/2', '/srv/w/z/1'] }),
    );
    expect(told({ name: 'rename', exit: -2 }, 'UNKNOWN y/2', 'PARENT /srv/w 1')).toEqual(
      expected('rename', { ...failed, names: ['/srv/w/y/2'], directories: ['/srv/w'] }),
    );
    expect(told({ name: 'renameat', exit: -2, arguments: '7 7f1 8 7f2' }, 'UNKNOWN y/2').names).toEqual(['y/2']);
  });

  it('that failed late tells both names', () => {
    const items = [...parents, 'DELETE a 10:40755', 'DELETE b 11:40755'];

    expect(told({ name: 'rename', exit: -39 }, ...items)).toEqual(
      expected('rename', { success: false, exit: -39, fileType: 'directory', to: at('/srv/w/b') }),
    );
    expect(told({ name: 'rename', exit: -13 }, ...parents, 'DELETE a 10')).toEqual(
      expected('rename', { success: false, exit: -13, to: untold, directories: ['/srv/w'] }),
    );
  });

  it('of a file onto another name of its own does nothing, and the names are not told', () => {
    expect(told({ name: 'rename' }, ...parents)).toEqual(
      expected('rename', {
        ...nowhere,
        success: true,
        ...{ file: untold, to: untold, directories: ['/srv/w'] },
        warnings: ['the records do not tell all names of the call'],
      }),
    );
  });
});

describe('a file that is removed', () => {
  it('is the DELETE item', () => {
    expect(told({ name: 'unlink' }, 'PARENT /srv/w 1', 'DELETE a 10')).toEqual(expected('unlink', {}));
    expect(told({ name: 'rmdir' }, 'PARENT / 2', 'DELETE /m/ 10:40755')).toEqual(
      expected('rmdir', { file: at('/m'), fileType: 'directory' }),
    );
  });

  it('is a directory where unlinkat says so', () => {
    const items = ['PARENT /srv/w 3', 'DELETE a 10:40755'];
    const directory = { file: below(8, 'a', '3'), fileType: 'directory' } as const;

    expect(told({ name: 'unlinkat', arguments: '8 7f1 200 0' }, ...items)).toEqual(expected('rmdir', directory));
    expect(told({ name: 'unlinkat', arguments: '8 7f1 0 0' }, ...items)).toEqual(expected('unlink', directory));
  });

  it('and was not there: its directory is told, or its name where that was not there either', () => {
    const failed = { ...nowhere, exit: -2 };

    expect(told({ name: 'unlink', exit: -2 }, 'PARENT /srv/w 1')).toEqual(
      expected('unlink', { ...failed, file: untold, directories: ['/srv/w'] }),
    );
    expect(told({ name: 'unlink', exit: -2 }, 'UNKNOWN no/such')).toEqual(
      expected('unlink', { ...failed, file: at('/srv/w/no/such') }),
    );
    expect(told({ name: 'unlinkat', exit: -9, arguments: '4d 7f1 0 0' }, 'UNKNOWN g')).toEqual(
      expected('unlink', { ...failed, exit: -9, file: below(77, 'g') }),
    );
    expect(told({ name: 'unlink', exit: -14 })).toEqual(expected('unlink', { ...failed, exit: -14, file: untold }));
  });
});

describe('a file that is made', () => {
  it('is the CREATE item, with the rights that were asked for', () => {
    expect(told({ name: 'mkdir', arguments: '7f1 3ff 0 0' }, 'PARENT d1/../ 1', 'CREATE d1/../a/ 10:41755')).toEqual(
      expected('mkdir', { file: at('/srv/w/d1/../a'), fileType: 'directory', mode: 0o1777 }),
    );
    expect(told({ name: 'mkdirat', arguments: '7 7f1 1e8 0' }, 'PARENT /srv/w 1', 'CREATE a 10:40750')).toEqual(
      expected('mkdir', { file: below(7, 'a', '1'), fileType: 'directory', mode: 0o750 }),
    );
    expect(told({ name: 'mknod', arguments: '7f1 1180 0 0' }, 'PARENT /srv/w 1', 'CREATE a 10:10600')).toEqual(
      expected('mknod', { fileType: 'fifo', mode: 0o600 }),
    );
  });

  it('and was there already, or may not be made', () => {
    expect(told({ name: 'mkdir', exit: -17, arguments: '7f1 1c0 0 0' }, 'PARENT /srv/w 1')).toEqual(
      expected('mkdir', {
        ...{ ...nowhere, exit: -17, file: untold, directories: ['/srv/w'] },
        ...{ fileType: 'directory', mode: 0o700 },
      }),
    );
    const denied = told({ name: 'mknodat', exit: -13, arguments: 'ffffff9c 7f1 0 0' }, 'PARENT /srv/w 1', 'CREATE a');
    expect(denied).toEqual(expected('mknod', { ...nowhere, exit: -13, fileType: 'regular', mode: 0 }));
  });

  it('as another name has the first one, and its own', () => {
    const items = ['PARENT d1/ 2', 'NORMAL a 10', 'CREATE d1/b 10'];

    expect(told({ name: 'link' }, ...items)).toEqual(expected('link', { to: at('/srv/w/d1/b') }));
    expect(told({ name: 'linkat', arguments: 'ffffff9c 7f1 8 7f2' }, ...items).to).toEqual(below(8, 'd1/b', '2'));
    expect(told({ name: 'link', exit: -17 }, 'PARENT d1/ 2', 'NORMAL a 10')).toEqual(
      expected('link', { success: false, exit: -17, to: untold, directories: ['/srv/w/d1'] }),
    );
    expect(told({ name: 'link', exit: -2 }, 'UNKNOWN z/b', 'NORMAL a 10')).toEqual(
      expected('link', { success: false, exit: -2, to: untold, names: ['/srv/w/z/b'] }),
    );
    expect(told({ name: 'link', exit: -2 }, 'UNKNOWN d1/b', 'UNKNOWN none')).toEqual(
      expected('link', { ...nowhere, exit: -2, file: untold, to: untold, names: ['/srv/w/d1/b', '/srv/w/none'] }),
    );
  });

  it('as another name of what a descriptor holds', () => {
    const items = ['PARENT /srv/w 2', "NORMAL '' 10", 'CREATE b 10'];

    expect(told({ name: 'linkat', arguments: '9 7f1 ffffffffffffff9c 7f2' }, ...items)).toEqual(
      expected('link', { file: untold, fd: 9, to: at('/srv/w/b') }),
    );
  });

  it('as a symbolic link has the text that it holds, whatever that is', () => {
    const items = ['PARENT /srv/w 1', 'UNKNOWN ../any\x01where', 'CREATE a 10:120777'];
    const link = expected('symlink', { fileType: 'symlink', target: '../any\x01where' });

    expect(told({ name: 'symlink' }, ...items)).toEqual(link);
    expect(told({ name: 'symlinkat', arguments: '7f1 7 7f2 0' }, ...items)).toEqual({
      ...link,
      file: below(7, 'a', '1'),
    });
    expect(told({ name: 'symlink', exit: -17 }, ...items.slice(0, 2))).toEqual(
      expected('symlink', {
        ...{ ...nowhere, exit: -17, fileType: 'symlink', file: untold, directories: ['/srv/w'] },
        target: '../any\x01where',
      }),
    );
    expect(told({ name: 'symlink', exit: -2 }, 'UNKNOWN z/s', 'UNKNOWN some')).toEqual(
      expected('symlink', { ...nowhere, exit: -2, fileType: 'symlink', file: untold, names: ['z/s', 'some'] }),
    );
  });
});

describe('a file that becomes another', () => {
  it('tells its rights before and those that were asked for', () => {
    const chmod = expected('chmod', { mode: 0o4711, modeBefore: 0o644 });

    expect(told({ name: 'chmod', arguments: '7f1 89c9 0 0' }, 'NORMAL a 10')).toEqual(chmod);
    expect(told({ name: 'fchmodat', arguments: '7 7f1 9c9 0' }, 'NORMAL a 10')).toEqual({
      ...chmod,
      file: below(7, 'a'),
    });
    expect(told({ name: 'fchmod', arguments: 'b 9c9 0 0' }, 'NORMAL - 10')).toEqual({ ...chmod, file: untold, fd: 11 });
    expect(told({ name: 'fchmodat2', arguments: 'b 7f1 9c9 1000' }, "NORMAL '' 10")).toEqual({
      ...chmod,
      ...{ file: untold, fd: 11 },
    });
    expect(told({ name: 'fchmodat2', arguments: 'ffffff9c 7f1 9c9 1000' }, "NORMAL '' 10").file).toEqual(at('/srv/w'));
    expect(told({ name: 'chmod', exit: -2, arguments: '7f1 9c9 0 0' }, "UNKNOWN ''").file).toEqual(below(null, ''));
    expect(told({ name: 'chmod', exit: -2, arguments: '7f1 180 0 0' }, 'UNKNOWN nope')).toEqual(
      expected('chmod', { ...nowhere, exit: -2, file: at('/srv/w/nope'), mode: 0o600 }),
    );
    expect(told({ name: 'fchmod', exit: -9, arguments: '63 1a0 0 0' })).toEqual(
      expected('chmod', { ...nowhere, exit: -9, file: untold, fd: 99, mode: 0o640 }),
    );
  });

  it('tells whose it was before and whose it was to be', () => {
    const before = { uidBefore: 1000, gidBefore: 100 };
    const chown = (uid: number | null, gid: number | null) => expected('chown', { owner: { uid, gid, ...before } });

    expect(told({ name: 'chown', arguments: '7f1 0 2 0' }, 'NORMAL a 10')).toEqual(chown(0, 2));
    expect(told({ name: 'lchown', arguments: '7f1 ffff ffffffffffffffff 0' }, 'NORMAL a 10')).toEqual(
      chown(65535, null),
    );
    expect(told({ name: 'fchownat', arguments: 'ffffff9c 7f1 ffffffff 7' }, 'NORMAL a 10')).toEqual(chown(null, 7));
    expect(told({ name: 'fchown', arguments: 'b 4 5 0' }, 'NORMAL - 10')).toEqual({
      ...chown(4, 5),
      ...{ file: untold, fd: 11 },
    });
    expect(told({ name: 'chown', arch: 'i386', arguments: 'f1 ffff fffe0001 0' }, 'NORMAL a 10')).toEqual(
      chown(null, 1),
    );
    expect(told({ name: 'chown32', arch: 'i386', arguments: 'f1 ffff 10001 0' }, 'NORMAL a 10')).toEqual(
      chown(65535, 65537),
    );
    expect(told({ name: 'chown', exit: -2, arguments: '7f1 1 1 0' }, 'UNKNOWN nope').owner).toEqual({
      ...{ uid: 1, gid: 1, uidBefore: null, gidBefore: null },
    });
  });

  it('tells how long it was to be, of all 64 bits', () => {
    const size = (name: 'truncate' | 'truncate64', given: string, arch: 'x86_64' | 'i386' = 'x86_64') =>
      told({ name, arch, arguments: given }, 'NORMAL a 10');

    expect(size('truncate', '7f1 123456789a 0 6')).toEqual(expected('truncate', { size: 0x12_3456_789a }));
    expect(size('truncate', 'f1 80000000 0 6').size).toBe(2 ** 31);
    expect(size('truncate', 'f1 ffffffffffffffff 0 6').size).toBe(-1);
    expect(size('truncate', 'f1 7fffffffffffffff 0 6').size).toBeNull();
    expect(size('truncate', 'f1 ffffffff 1 0', 'i386').size).toBe(-1);
    expect(size('truncate64', 'f1 ffffffff 1 0', 'i386').size).toBe(2 ** 33 - 1);
  });

  it.each(['setxattr', 'lsetxattr', 'removexattr', 'lremovexattr', 'utime', 'utimes'] as const)('%s', (name) => {
    const operation = name.endsWith('setxattr') ? 'setxattr' : name.endsWith('xattr') ? 'removexattr' : 'utimes';

    expect(told({ name }, 'NORMAL a 10')).toEqual(expected(operation, {}));
  });

  it('is named by a descriptor, or below one', () => {
    const byFd = { file: untold, fd: 11 };

    expect(told({ name: 'fsetxattr', arguments: 'b 0 0 0' }, 'NORMAL - 10')).toEqual(expected('setxattr', byFd));
    expect(told({ name: 'fremovexattr', arguments: 'b 0 0 0' }, 'NORMAL - 10')).toEqual(expected('removexattr', byFd));
    expect(told({ name: 'setxattrat', arguments: '7 7f1 0 0' }, 'NORMAL a 10').file).toEqual(below(7, 'a'));
    expect(told({ name: 'futimesat', arguments: '7 7f1 0 0' }, 'NORMAL a 10').file).toEqual(below(7, 'a'));
    // No record tells the file of a call without a path.
    expect(told({ name: 'utimensat', arguments: 'b 0 0 0' })).toEqual(
      expected('utimes', { ...nowhere, success: true, ...byFd }),
    );
  });

  it('is named where it was looked up, whatever items without names stand beside it', () => {
    expect(told({ name: 'chmod', arguments: '7f1 0 0 0' }, 'NORMAL - 9', 'NORMAL a/ 10').file).toEqual(at('/srv/w/a'));
  });
});

it('an operation is the same where the records are kept for a --diag file', () => {
  const call = { name: 'chown', arguments: '7f1 0 2 0' } as const;
  const records = eventOf(syscallRecord(call), cwdRecord('"/srv/w"'), item('NORMAL a 10', 0));
  const { lines, alone, ...kept } = interpret(records, { keepLines: true }) as OperationEvent;

  expect(kept).toEqual(interpret(records));
  expect([lines?.length, alone]).toEqual([3, false]);
});
