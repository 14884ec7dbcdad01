/** Every operation on files by its own system call, done and failed: what is told of each, on the real kernel. */

import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { useAuditScene } from './support/audit-scene.ts';
import { docker, useDockerEngine } from './support/docker-scene.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built, parseJsonLines, startGodo } from './support/programs.ts';
import { runOrThrow } from './support/run-program.ts';
import { succeed } from './support/shown-evidence.ts';
import { readRawEvidence } from './support/stored-evidence.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Fields of every document, which say nothing of the operation. */
const ofAll = [
  ...['collection', '_id', 'host', 'machineId', 'bootId', 'sessionId', 'timeNs', 'time'],
  ...['key', 'pid', 'tgid', 'comm', 'exe', 'containerId', 'hostPath', 'hostPathHex', 'toHostPath'],
];
const [major = 0, minor = 0] = release().split('.').map(Number);
const hasNewCalls = major * 1000 + minor >= 6013;

/** A descriptor of operations.c. */
const t = 23;

const at = (name: string) => ({ path: `FOLDER/${name}`, pathResolved: true });
const to = (name: string) => ({ toPath: `FOLDER/${name}`, toPathResolved: true });
const untold = { path: null, pathResolved: false };
const toUntold = { toPath: null, toPathResolved: false };
const file = (inode: string, fileType = 'regular') => ({ inode, fileType });
const nothing = { inode: null, fileType: 'unknown' };
const wanted = (fileType: string) => ({ inode: null, fileType });

const done = (operation: string, ...parts: readonly Fields[]): Fields =>
  Object.assign({ operation, success: true }, ...parts);
const failed = (operation: string, errno: number, ...parts: readonly Fields[]): Fields =>
  Object.assign({ operation, success: false, errno }, ...parts);

const inFolder = { directories: ['FOLDER'] };
const byDescriptor = { ...at('t'), fd: t };

/** In the order of operations.c; inodes by names of our own. */
const calls: Readonly<Record<string, readonly (Fields | false)[]>> = {
  setting: [
    done('mkdir', at('one'), file('one', 'directory'), { mode: 0o755 }),
    done('mkdir', at('two'), file('two', 'directory'), { mode: 0o755 }),
    done('mkdir', at('longer'), file('longer', 'directory'), { mode: 0o755 }),
  ],
  rename: [
    done('rename', at('a'), to('a2'), file('a')),
    done('rename', at('a2'), to('one/a3'), file('a')),
    done('rename', at('b'), to('c'), file('b'), { replacedInode: 'c' }),
    done('rename', at('one/h'), to('two/h'), file('one/h'), { replacedInode: 'two/h' }),
    done('rename', at('one/i'), to('longer/i'), file('one/i'), { replacedInode: 'longer/i' }),
    failed('rename', -2, untold, toUntold, nothing, { directories: ['FOLDER', 'FOLDER/one'] }),
    failed('rename', -2, untold, toUntold, nothing, { directories: ['FOLDER/one'], names: ['FOLDER/none/none'] }),
    failed('rename', -2, untold, toUntold, nothing, { names: ['FOLDER/none/1', 'FOLDER/none/2'] }),
    failed('rename', -39, at('one'), to('two'), file('one', 'directory')),
    done('rename', at('one/f'), to('two/f2'), file('f')),
    done('rename', at('two/f2'), to('one/f'), file('f')),
    done('rename', at('d'), to('one/d'), file('d')),
    failed('rename', -17, untold, toUntold, nothing, { directories: ['FOLDER', 'FOLDER/two'] }),
    done('rename', at('e'), to('two/g'), file('e'), { exchange: true, exchangedInode: 'g' }),
  ],
  'unlink, mkdir, rmdir': [
    done('unlink', at('deleted'), file('deleted')),
    failed('unlink', -2, untold, nothing, inFolder),
    failed('unlink', -2, at('none/x'), nothing),
    failed('unlink', -21, at('one'), file('one', 'directory')),
    done('unlink', at('two/j'), file('j')),
    failed('unlink', -9, { path: 'j', pathResolved: false, dirfd: 99 }, nothing),
    done('mkdir', at('m'), file('m', 'directory'), { mode: 0o1777 }),
    failed('mkdir', -17, untold, wanted('directory'), inFolder, { mode: 0o700 }),
    failed('mkdir', -2, at('none/m'), wanted('directory'), { mode: 0o700 }),
    done('mkdir', at('one/m'), file('one/m', 'directory'), { mode: 0o750 }),
    failed('rmdir', -20, at('c'), file('b')),
    done('rmdir', at('m'), file('m', 'directory')),
    failed('rmdir', -2, untold, nothing, inFolder),
    done('rmdir', at('one/m'), file('one/m', 'directory')),
  ],
  'mknod, link, symlink': [
    done('mknod', at('fifo'), file('fifo', 'fifo'), { mode: 0o622 }),
    failed('mknod', -17, untold, wanted('fifo'), inFolder, { mode: 0o622 }),
    done('mknod', at('one/plain'), file('plain'), { mode: 0o640 }),
    done('link', at('c'), to('one/link'), file('b')),
    failed('link', -17, at('c'), toUntold, file('b'), { directories: ['FOLDER/one'] }),
    failed('link', -2, untold, toUntold, nothing, { names: ['FOLDER/none', 'FOLDER/one/link2'] }),
    done('link', at('c'), to('two/link'), file('b')),
    done('link', byDescriptor, to('t2'), file('t')),
    done('symlink', at('soft'), file('soft', 'symlink'), { target: 'to/any where' }),
    failed('symlink', -17, untold, wanted('symlink'), inFolder, { target: '/other' }),
    failed('symlink', -2, untold, wanted('symlink'), { names: ['/other', 'none/soft'] }),
    done('symlink', at('one/soft'), file('one/soft', 'symlink'), { target: '../c' }),
  ],
  'truncate, chmod': [
    done('truncate', at('t'), file('t'), { size: 3 }),
    failed('truncate', -2, at('none'), nothing, { size: 3 }),
    failed('truncate', -22, untold, nothing, { size: -1 }),
    // i386 has a call of its own for it.
    done('truncate', at('t'), file('t'), { size: 0x1_2345_6789 }),
    done('chmod', at('t'), file('t'), { mode: 0o4711, modeBefore: 0o644 }),
    failed('chmod', -2, at('none'), nothing, { mode: 0o600 }),
    done('chmod', byDescriptor, file('t'), { mode: 0o600, modeBefore: 0o4711 }),
    failed('chmod', -9, untold, { fd: 99 }, nothing, { mode: 0o600 }),
    done('chmod', at('one/f'), file('f'), { mode: 0o640, modeBefore: 0o644 }),
    hasNewCalls && done('chmod', byDescriptor, file('t'), { mode: 0o444, modeBefore: 0o600 }),
  ],
  'chown with 32 bits, or 16 on i386': [
    done('chown', at('t'), file('t'), { ownerUid: 11, ownerGid: 12, ownerUidBefore: 0, ownerGidBefore: 0 }),
    done('chown', at('soft'), file('soft', 'symlink'), { ownerUid: 13, ownerUidBefore: 0, ownerGidBefore: 0 }),
    done('chown', byDescriptor, file('t'), { ownerGid: 14, ownerUidBefore: 11, ownerGidBefore: 12 }),
    failed('chown', -2, at('none'), nothing, { ownerUid: 1, ownerGid: 1 }),
  ],
  'chown32 of i386': [
    done('chown', at('t'), file('t'), {
      ...{ ownerUid: 100_011, ownerGid: 100_012, ownerUidBefore: 11, ownerGidBefore: 14 },
    }),
    done('chown', at('soft'), file('soft', 'symlink'), { ownerUid: 100_013, ownerUidBefore: 13, ownerGidBefore: 0 }),
    done('chown', byDescriptor, file('t'), { ownerGid: 100_014, ownerUidBefore: 100_011, ownerGidBefore: 100_012 }),
  ],
  'chown below a descriptor, attributes': [
    done('chown', at('one/f'), file('f'), { ownerUid: 15, ownerGid: 16, ownerUidBefore: 0, ownerGidBefore: 0 }),
    done('setxattr', at('t'), file('t')),
    done('setxattr', at('t'), file('t')),
    done('setxattr', byDescriptor, file('t')),
    hasNewCalls && done('setxattr', at('one/f'), file('f')),
    failed('setxattr', -17, at('t'), file('t')),
    done('removexattr', at('t'), file('t')),
    failed('removexattr', -61, at('t'), file('t')),
    done('removexattr', at('t'), file('t')),
    done('removexattr', byDescriptor, file('t')),
    hasNewCalls && done('removexattr', at('one/f'), file('f')),
  ],
  times: [
    done('utimes', at('t'), file('t')),
    done('utimes', at('t'), file('t')),
    done('utimes', at('one/f'), file('f')),
    done('utimes', at('t'), file('t')),
    done('utimes', byDescriptor, file('t')),
    failed('utimes', -2, at('none'), nothing),
  ],
  'times with 64 bits on i386': [done('utimes', at('t'), file('t'))],
  'a name that is no UTF-8': [
    done('mkdir', at('\ufffd\ufffd'), { pathHex: 'FOLDER_HEX2ffffe' }, file('odd', 'directory'), { mode: 0o700 }),
  ],
};

const ofI386 = ['chown32 of i386', 'times with 64 bits on i386'];

function expectedOf(abi: string, folder: string): Fields[] {
  const hex = Buffer.from(folder).toString('hex');
  const list = Object.entries(calls).flatMap(([name, those]) => (abi !== 'i386' && ofI386.includes(name) ? [] : those));
  const text = JSON.stringify(list.filter((one) => one !== false));
  return JSON.parse(text.replaceAll('FOLDER_HEX', hex).replaceAll('FOLDER', folder)) as Fields[];
}

/** Documents with the names of our own for inodes, where each stands for one, and with lists in no order sorted. */
function comparable(found: readonly Fields[], expected: readonly Fields[]): Fields[] {
  const names = new Map<unknown, unknown>();
  const taken = new Set<unknown>();
  const nameOf = (inode: unknown, name: unknown) => {
    if (inode === null || inode === undefined) return inode;
    if (!names.has(inode) && !taken.has(name)) {
      names.set(inode, name);
      taken.add(name);
    }
    return names.get(inode) ?? `unknown ${inode}`;
  };
  return found.map((document, place) => {
    const own: Record<string, unknown> = {};
    for (const [field, value] of Object.entries(document)) {
      if (ofAll.includes(field) || field === 'dev') continue;
      const isInode = /inode$/i.test(field);
      own[field] = isInode ? nameOf(value, expected[place]?.[field]) : Array.isArray(value) ? [...value].sort() : value;
    }
    return own;
  });
}

const needs = [root, built, program('auditctl', 'auditd')];
let folder: string;

/** The scene of a `describe`; its folder is the one that tests use. */
function useFolder(): void {
  useAuditScene('godo-operations-', 'once', (scene) => {
    folder = scene.folder;
  });
}

const abis = process.arch === 'x64' ? ['x86_64', 'i386'] : [];

describeWith('operations on files', [...needs, program('gcc', 'gcc')], () => {
  useFolder();
  let files: string;
  let found: readonly Fields[];

  beforeAll(async () => {
    // tmpfs gives no inode out twice.
    files = await mkdtemp('/dev/shm/godo-operations-');
    const [source, binary] = [fileURLToPath(new URL('./programs/operations.c', import.meta.url)), join(folder, 'ops')];
    await runOrThrow('gcc', ['-static', '-no-pie', '-mno-red-zone', '-O1', '-o', binary, source]);
    for (const abi of abis) await mkdir(join(files, abi));
    const script = abis.map((abi) => `${binary} ${abi} ${files}/${abi}`).join(' && ');
    const options = ['--db', join(folder, 'db'), '--diag', join(folder, 'diag.log')];
    await succeed('godo', ['record', ...options, '--', 'sh', '-c', script]);
    found = parseJsonLines<Fields>(await succeed('viewer', ['--db', join(folder, 'db'), 'operations', '--json']));
  });

  afterAll(async () => {
    if (files !== undefined) await rm(files, { recursive: true, force: true });
  });

  it.each(abis)('of %s are all told, whole and in their order', (abi) => {
    const firsts = [...new Set(found.map(({ tgid }) => tgid))];
    const own = found.filter(({ tgid }) => tgid === firsts[abis.indexOf(abi)]);
    const expected = expectedOf(abi, join(files, abi));

    expect(comparable(own, expected)).toEqual(expected.map((one) => ({ ...one, ...sortedLists(one) })));
    expect([...new Set(own.filter(({ inode }) => inode !== null).map(({ dev }) => dev))]).toHaveLength(1);
    expect([...new Set(own.map(({ exe, comm }) => [exe, comm].join()))]).toEqual([`${join(folder, 'ops')},ops`]);
  });

  it('are the same from the diagnosis file', async () => {
    const again = join(folder, 'replayed');
    await succeed('godo', ['replay', join(folder, 'diag.log'), '--db', again]);
    const [live, replayed] = [await readRawEvidence(join(folder, 'db')), await readRawEvidence(again)];

    expect(live.operations.length).toBeGreaterThan(100);
    expect(replayed.operations).toEqual(live.operations);
  });

  it('make one history with the file sessions, under all names of the file', async () => {
    const named = (name: string) => join(files, 'x86_64', name);
    const history = parseJsonLines<Fields>(
      await succeed('viewer', ['--db', join(folder, 'db'), 'file', named('one/a3'), '--json']),
    );

    expect(history.map(({ collection, path, toPath }) => [collection, path, toPath])).toEqual([
      ['files', named('a'), undefined],
      ['operations', named('a'), named('a2')],
      ['operations', named('a2'), named('one/a3')],
    ]);
  });
});

function sortedLists(one: Fields): Fields {
  return Object.fromEntries(
    Object.entries(one).flatMap(([name, value]) => (Array.isArray(value) ? [[name, [...value].sort()]] : [])),
  );
}

/** What a shell in a container does to files; each line is a program of its own. */
const lines = [
  'mkdir /tmp/d',
  'echo x > /tmp/d/a',
  'mv /tmp/d/a /tmp/d/b',
  'cd /tmp/d',
  'ln b c',
  'ln -s b s',
  'chmod 600 b',
  'rm c s',
  'rmdir /tmp',
  'rm -r /tmp/d',
];

describeWith('operations in a container', [...needs, ...docker], () => {
  useFolder();
  const engine = useDockerEngine();

  it('are told with the paths of the container and its id', { timeout: 120_000 }, async () => {
    const db = join(folder, 'db');
    const idFile = join(folder, 'cid');
    const godo = await startGodo(['--db', db]);
    try {
      const run = ['run', '--rm', '--network', 'none', '--cidfile', idFile, engine().image];
      await engine().dockerOrThrow([...run, 'sh', '-c', `${lines.join('; ')}; true`]);
    } finally {
      await godo.stop();
    }
    await succeed('filter', ['--db', db]);
    const id = await readFile(idFile, 'utf8');
    const shown = await succeed('viewer', ['--db', db, 'operations', '--container', id, '--exe', 'busybox', '--json']);
    const operations = parseJsonLines<Fields>(shown);

    const told = operations.map(({ operation, success, path, toPath, target, mode }) =>
      [operation, success, path, toPath, target, mode].filter((value) => value !== undefined),
    );
    expect(told).toEqual([
      ['mkdir', true, '/tmp/d', 0o777],
      ['rename', true, '/tmp/d/a', '/tmp/d/b'],
      ['link', true, '/tmp/d/b', '/tmp/d/c'],
      ['symlink', true, '/tmp/d/s', 'b'],
      ['chmod', true, '/tmp/d/b', 0o600],
      ['unlink', true, '/tmp/d/c'],
      ['unlink', true, '/tmp/d/s'],
      ['rmdir', false, '/tmp'],
      ['unlink', true, '/tmp/d/b'],
      ['rmdir', true, '/tmp/d'],
    ]);
    expect([...new Set(operations.map(({ containerId }) => containerId))]).toEqual([id]);
  });
});
