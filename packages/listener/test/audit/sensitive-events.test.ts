/** What is told of sensitive files, which rules of their own record. */

import { describe, expect, it } from 'vitest';
import { sensitiveKey } from '../../src/rules/rule-keys.ts';
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

const cwd = cwdRecord('"/srv/w"');
const shadow = 'item=0 name="/etc/shadow" inode=7 dev=fe:00 mode=0100640 ouid=0 ogid=42 nametype=NORMAL';
const socket = 'item=0 name="docker.sock" inode=9 dev=00:1a mode=0140660 ouid=0 ogid=0 nametype=NORMAL';
const watched = { key: sensitiveKey };

const told = (call: Call, path: string) => interpret(eventOf(syscallRecord(call), cwd, pathRecord(path)));
const open = { name: 'openat', arguments: 'ffffff9c 7f1 80000 0', exit: 3 } as const;

const nothing = {
  ...{ fd: null, to: null, exchange: false, target: null, directories: [], names: [] },
  ...{ replacedInode: null, exchangedInode: null, mode: null, modeBefore: null, owner: null, size: null },
};

describe('an open of a sensitive file', () => {
  it('is marked by the key of the rule that recorded it', () => {
    expect(told({ ...open, ...watched }, shadow)).toMatchObject({ kind: 'open', access: 'read', watched: true });
    expect(told(open, shadow)).not.toHaveProperty('watched');
    expect(told({ ...open, key: `x${sensitiveKey}` }, shadow)).not.toHaveProperty('watched');
  });

  it('that failed is an operation, and one that failed elsewhere is nothing', () => {
    expect(told({ ...open, exit: -13, ...watched }, shadow)).toEqual({
      kind: 'operation',
      operation: 'open',
      success: false,
      exit: -13,
      file: { path: '/etc/shadow', pathResolved: true, dirfd: null },
      ...nothing,
      ...{ dev: 'fe:00', inode: '7', fileType: 'regular', watched: true, ...stamp, caller: shellCaller },
    });
    expect(told({ ...open, exit: -13 }, shadow)).toBeNull();
  });
});

describe('a connection', () => {
  const connected = {
    kind: 'operation',
    operation: 'connect',
    success: true,
    exit: 0,
    file: { path: '/srv/w/docker.sock', pathResolved: true, dirfd: null },
    ...nothing,
    ...{ dev: '00:1a', inode: '9', fileType: 'socket', ...stamp, caller: shellCaller },
  };

  it('to a socket with a name is told, also one that was refused', () => {
    expect(told({ name: 'connect', ...watched }, socket)).toEqual({ ...connected, watched: true });
    expect(told({ name: 'connect', exit: -111 }, socket)).toEqual({ ...connected, success: false, exit: -111 });
  });

  it('of a 32-bit program comes by socketcall, as does much else', () => {
    const call = { name: 'socketcall', arch: 'i386' } as const;

    expect(told({ ...call, arguments: '3 ff0 0 0', ...watched }, socket)).toEqual({ ...connected, watched: true });
    expect(told({ ...call, arguments: '2 ff0 0 0', ...watched }, socket)).toBeNull();
  });

  it('to another kind of address has no name, and is not told', () => {
    expect(interpret(eventOf(syscallRecord({ name: 'connect', ...watched }), cwd))).toBeNull();
  });
});
