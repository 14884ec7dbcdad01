import { describe, expect, it } from 'vitest';
import { fileType } from '../../src/audit/opened-file.ts';
import {
  type Call,
  cwdRecord,
  eventOf,
  openat2Record,
  pathRecord,
  shellCaller,
  stamp,
  syscallRecord,
} from '../support/audit-records.ts';
import { fixtureRecords } from '../support/fixtures.ts';
import { interpret } from '../support/interpreting.ts';
import type { AuditRecord } from '../support/log-records.ts';

const srv = cwdRecord('"/srv"');
const parent = pathRecord('item=0 name="/srv" inode=2 dev=fe:00 mode=040755 nametype=PARENT');
const created = pathRecord('item=1 name="out" inode=819212 dev=fe:00 mode=0100644 nametype=CREATE');
const existing = pathRecord('item=0 name="/var/log/out" inode=7 dev=08:01 mode=0100644 nametype=NORMAL');
const writeCreateTruncate = '241';

const opened = (call: Call, ...records: AuditRecord[]) =>
  interpret(eventOf(syscallRecord({ exit: 3, ...call }), ...records), { keepLines: false });

/** An open call as the tests have it unless they say otherwise. */
const open = {
  kind: 'open',
  ...stamp,
  caller: shellCaller,
  fd: 3,
  flags: 0o1101,
  access: 'write',
  closeOnExec: false,
  truncates: true,
  created: true,
  path: '/srv/out',
  pathResolved: true,
  dirfd: null,
  dev: 'fe:00',
  inode: '819212',
  fileType: 'regular',
};

describe('a file that was opened', () => {
  it('by open has its flags in the second argument', () => {
    expect(opened({ name: 'open', arguments: '7ffe 241 1b6 0' }, srv, parent, created)).toEqual(open);
  });

  it('by openat has them in the third', () => {
    const call: Call = { name: 'openat', arguments: `ffffff9c 7ffe ${writeCreateTruncate} 1b6` };

    expect(opened(call, srv, parent, created)).toEqual(open);
  });

  it('by creat has those that creat stands for', () => {
    expect(opened({ name: 'creat', arguments: '7ffe 1b6 0 0' }, srv, parent, created)).toEqual(open);
  });

  it('by openat2 has them in a record of their own', () => {
    const how = openat2Record('oflag=02000102 mode=0644 resolve=0x0');

    expect(opened({ name: 'openat2', arguments: 'ffffff9c 7ffe 7fff 18' }, how, srv, parent, created)).toEqual({
      ...open,
      flags: 0o2000102,
      access: 'readwrite',
      closeOnExec: true,
      truncates: false,
    });
  });

  it('by openat2 of a kernel that does not tell them has none', () => {
    expect(opened({ name: 'openat2', arguments: 'ffffff9c 7ffe 7fff 18' }, srv, parent, created)).toEqual({
      ...open,
      flags: null,
      access: 'unknown',
      truncates: false,
      warnings: ['the flags of the open call are not known'],
    });
  });

  it('by openat2 with RESOLVE_IN_ROOT hangs on the directory even with an absolute name', () => {
    const how = openat2Record('oflag=01101 mode=0644 resolve=0x10');
    const item = pathRecord('item=0 name="/etc/passwd" inode=7 dev=00:2f mode=0100644 nametype=NORMAL');
    const inRoot = { path: '/etc/passwd', pathResolved: false, dev: '00:2f', inode: '7', created: false };

    expect(opened({ name: 'openat2', arguments: '8 7ffe 7fff 18' }, how, srv, item)).toEqual({
      ...open,
      ...inRoot,
      dirfd: 8,
      inRoot: true,
      warnings: ['looked up with RESOLVE_IN_ROOT: absolute symbolic links in its path lead below the directory'],
    });
  });

  it('by openat2 with RESOLVE_IN_ROOT in the working directory does not leave that', () => {
    const how = openat2Record('oflag=01101 mode=0644 resolve=0x10');
    const item = pathRecord('item=0 name="/../etc/passwd" inode=7 dev=00:2f mode=0100644 nametype=NORMAL');

    expect(opened({ name: 'openat2', arguments: 'ffffff9c 7ffe 7fff 18' }, how, srv, item)).toMatchObject({
      ...{ path: '/srv/etc/passwd', pathResolved: true, dirfd: null },
    });
  });

  it('relative to a directory descriptor says which directory it lies in', () => {
    expect(opened({ name: 'openat', arguments: `5 7ffe ${writeCreateTruncate} 1b6` }, srv, parent, created)).toEqual({
      ...open,
      ...{ path: 'out', pathResolved: false, dirfd: 5, parents: [{ dev: 'fe:00', inode: '2' }] },
    });
  });

  it('under an absolute name needs neither directory', () => {
    const call: Call = { name: 'openat', arguments: '5 7ffe 80001 0' };

    expect(opened(call, existing)).toEqual({
      ...open,
      flags: 0o2000001,
      closeOnExec: true,
      truncates: false,
      created: false,
      path: '/var/log/out',
      dev: '08:01',
      inode: '7',
    });
  });

  it('relative to a directory descriptor has a name only, and says which descriptor', () => {
    const [event] = [
      interpret(eventOf(...fixtureRecords('open-relative-to-directory-descriptor.log')), { keepLines: false }),
    ];

    expect(event).toMatchObject({
      kind: 'open',
      fd: 5,
      flags: 0o301,
      created: true,
      path: 'hello.txt',
      pathResolved: false,
      dirfd: 3,
      inode: '819219',
    });
  });

  it('in the working directory is known by the low 32 bits of AT_FDCWD, however the caller extended it', () => {
    const call: Call = { name: 'openat', arguments: `ffffffffffffff9c 7ffe ${writeCreateTruncate} 1b6` };

    expect(opened(call, srv, parent, created)).toEqual(open);
  });

  it('without a working directory in the records is not resolved', () => {
    const call: Call = { name: 'openat', arguments: `ffffff9c 7ffe ${writeCreateTruncate} 1b6` };

    expect(opened(call, parent, created)).toEqual({ ...open, path: 'out', pathResolved: false });
  });

  it('has the bytes of a name that is not UTF-8', () => {
    const event = interpret(eventOf(...fixtureRecords('open-name-not-utf8.log')), { keepLines: false });

    expect(event).toMatchObject({ kind: 'open', path: '/srv/example/bad\xffname', pathResolved: true, created: true });
  });

  it('in a log of an old kernel, which has no nametype, is the last item', () => {
    const old = [
      pathRecord('item=0 name="/srv" inode=2 dev=fe:00 mode=040755'),
      pathRecord('item=1 name="out" inode=819212 dev=fe:00 mode=0100644'),
    ];

    expect(opened({ name: 'open', arguments: '7ffe 241 1b6 0' }, srv, ...old)).toEqual({ ...open, created: false });
  });

  it('is not one of the items without a name that a trailing slash leaves', () => {
    const noName = pathRecord('item=2 name=(null) inode=819212 dev=fe:00 mode=0100644 nametype=NORMAL');

    expect(opened({ name: 'open', arguments: '7ffe 241 1b6 0' }, srv, parent, created, noName)).toEqual(open);
  });

  it('under no name at all is known by its descriptor only', () => {
    const noName = pathRecord('item=0 name=(null) inode=819212 dev=fe:00 mode=0100644 nametype=NORMAL');
    const nothing = { path: null, pathResolved: false, dev: null, inode: null, fileType: 'unknown', created: false };
    const warnings = ['no PATH record names the file'];

    expect(opened({ name: 'open', arguments: '7ffe 241 1b6 0' }, srv, noName)).toEqual({
      ...open,
      ...nothing,
      warnings,
    });
    expect(opened({ name: 'open', arguments: '7ffe 241 1b6 0' })).toEqual({ ...open, ...nothing, warnings });
  });

  it('without a name, as O_TMPFILE makes it, says in which directory', () => {
    const directory = pathRecord('item=0 name="/srv" inode=2 dev=fe:00 mode=040755 nametype=NORMAL');

    expect(opened({ name: 'open', arguments: '7ffe 490002 180 0' }, srv, directory)).toEqual({
      ...open,
      flags: 0o22200002,
      access: 'readwrite',
      closeOnExec: true,
      truncates: false,
      created: true,
      path: null,
      pathResolved: false,
      inode: null,
      warnings: ['an unnamed file (O_TMPFILE) in /srv'],
    });
  });

  it.each([
    ['0', 'read'],
    ['1', 'write'],
    ['2', 'readwrite'],
    ['3', 'unknown'],
    ['242', 'readwrite'],
    ['41', 'write'],
  ])('with the flags %s (hex) is open for %s', (flags, access) => {
    expect(opened({ name: 'open', arguments: `7ffe ${flags} 0 0` }, srv, existing)).toMatchObject({ access });
  });

  it('has the type that its mode says', () => {
    const modes = [0o100644, 0o040755, 0o020666, 0o060660, 0o010600, 0o140755, 0o120777, 0o644];

    expect(modes.map(fileType)).toEqual([
      'regular',
      'directory',
      'character',
      'block',
      'fifo',
      'socket',
      'symlink',
      'unknown',
    ]);
  });
});
