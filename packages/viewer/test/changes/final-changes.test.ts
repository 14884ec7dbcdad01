import { missedCallsWarning, unendedRunWarning } from '@godo/evidence';
import { expect, test } from 'vitest';
import { container, containerOf, fileOf, operationOf, processOf } from '../support/documents.ts';
import { view } from '../support/run-view.ts';
import { type Evidence, nothing } from '../support/story.ts';

const root = '/var/lib/docker/overlay2/77aa/merged';
const there = { containerId: container, dev: '00:2a' };
const ofImage = containerOf(0, { rootfs: root, rootDev: '00:2a', rootKeys: [] });

async function shown(evidence: Partial<Evidence>, ...argv: string[]): Promise<string[]> {
  const { out } = await view(['files', '--json', ...argv], {
    evidence: { ...nothing, containers: [ofImage], ...evidence },
  });
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .map(({ containerId, change, path }) => `${containerId === null ? 'host' : 'container'} ${change} ${path}`);
}

const wrote = { wrote: [1, 3] } as const;

test('files of a container are those on the device of its root', async () => {
  const files = [
    fileOf(1, { tgid: 1, path: '/a', ...there, ...wrote }),
    fileOf(2, { tgid: 1, path: '/volume/b', ...there, dev: 'fe:00', ...wrote }),
    fileOf(3, { tgid: 1, path: '/proc/sys/c', ...there, dev: '00:15', ...wrote }),
  ];

  expect(await shown({ files })).toEqual(['container C /a']);
});

test('where that is not known, what engines mount is left out', async () => {
  const mounts = [{ source: '/srv', destination: '/volume', type: 'bind', rw: true }];
  const containers = [containerOf(0, { mounts })];
  const paths = ['/a', '/volume/b', '/proc/c', '/dev/d', '/etc/hosts', '/etc/hostname2'];
  const files = paths.map((path, n) => fileOf(n, { tgid: 1, path, ...there, ...wrote }));

  expect(await shown({ files, containers })).toEqual(['container C /a', 'container C /etc/hostname2']);
});

test('what is done to it from the host is done to the container', async () => {
  const untar = processOf(0, { tgid: 7, rootfs: root });
  const files = [
    fileOf(1, { tgid: 5, path: `${root}/a`, dev: '00:2a', ...wrote }),
    fileOf(2, { tgid: 7, path: '/b', dev: '00:2a', created: true }),
    fileOf(3, { tgid: 5, path: `${root}2/c`, dev: '00:2a', ...wrote }),
    fileOf(4, { tgid: 5, path: `${root}/in`, ...there, created: true }),
  ];

  expect(await shown({ files, processes: [untar] })).toEqual([
    `host C ${root}2/c`,
    'container C /a',
    'container A /b',
    'container A /in',
  ]);
});

test('sessions and operations are played in the order of time, and of serials within a millisecond', async () => {
  const id = (serial: number) => `6f1c1f0e-8a3c-4c53-9d0a-5a1f0c2b7e11:audit:1763816701000.${serial}`;
  const files = [
    fileOf(1, { tgid: 1, path: '/a', ...there, created: true, _id: id(9) }),
    fileOf(1, { tgid: 1, path: '/a', ...there, created: true, _id: id(11) }),
  ];
  const operations = [operationOf(1, { tgid: 1, operation: 'unlink', path: '/a', ...there, _id: id(10) })];

  expect(await shown({ files, operations })).toEqual(['container A /a']);
  expect(await shown({ files: files.slice(0, 1), operations })).toEqual([]);
});

test('failed operations, and rights that are given again, change nothing', async () => {
  const operations = [
    operationOf(1, { tgid: 1, operation: 'unlink', path: '/a', ...there, success: false, errno: -1 }),
    operationOf(2, { tgid: 1, operation: 'chmod', path: '/b', ...there, mode: 0o644, modeBefore: 0o644 }),
    operationOf(3, { tgid: 1, operation: 'chmod', path: '/c', ...there, mode: 0o600, modeBefore: 0o644 }),
    operationOf(4, { tgid: 1, operation: 'chown', path: '/d', ...there, ownerUid: 0, ownerUidBefore: 0 }),
    operationOf(5, { tgid: 1, operation: 'chown', path: '/e', ...there, ownerGid: 5, ownerGidBefore: 0 }),
    operationOf(6, { tgid: 1, operation: 'utimes', path: '/f', ...there, fileType: 'directory' }),
    operationOf(7, { tgid: 1, operation: 'truncate', path: '/g', ...there, fd: 3, size: 0 }),
  ];

  expect(await shown({ operations })).toEqual(['container C /c', 'container C /e']);
});

test('a socket was not in the image', async () => {
  const socket = { ...there, fileType: 'socket' } as const;
  const operations = [
    operationOf(1, { tgid: 1, operation: 'unlink', path: '/run/a', ...socket }),
    operationOf(2, { tgid: 1, operation: 'chmod', path: '/run/b', ...socket, mode: 0o777, modeBefore: 0o755 }),
    operationOf(3, { tgid: 1, operation: 'chmod', path: '/run/c', ...socket, mode: 0o777, modeBefore: 0o755 }),
    operationOf(4, { tgid: 1, operation: 'unlink', path: '/run/c', ...socket }),
  ];

  expect(await shown({ operations })).toEqual(['container A /run/b']);
});

test('a changed file whose writes are not sure says so, also where none of them is known', async () => {
  const unsure = 'what was written to it is not all known or not sure: warnings of its sessions say why';
  const files = [
    fileOf(1, { tgid: 1, path: '/cut-off', ...there, ...wrote, warnings: ['another', unendedRunWarning(5n)] }),
    fileOf(2, { tgid: 1, path: '/cut-off', ...there, ...wrote }),
    fileOf(3, { tgid: 1, path: '/empty', ...there, created: true, warnings: [unendedRunWarning(5n)] }),
    fileOf(4, { tgid: 1, path: '/missed', ...there, ...wrote, warnings: [missedCallsWarning(5n)] }),
    fileOf(5, { tgid: 1, path: '/sure', ...there, ...wrote, warnings: ['another'] }),
    // Of which no change is known.
    fileOf(6, { tgid: 1, path: '/read', ...there, flags: 2, warnings: [unendedRunWarning(5n)] }),
  ];
  const { out } = await view(['files', '--json'], { evidence: { ...nothing, containers: [ofImage], files } });
  const documents = out.split('\n').filter((line) => line !== '');

  expect(
    documents
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .map(({ change, path, writes, warnings }) => [change, path, writes, warnings]),
  ).toEqual([
    ['C', '/cut-off', { count: 2, bytes: 6 }, [unsure]],
    ['A', '/empty', { count: 0, bytes: 0 }, [unsure]],
    ['C', '/missed', { count: 1, bytes: 3 }, [unsure]],
    ['C', '/sure', { count: 1, bytes: 3 }, undefined],
  ]);
});

test('what cannot be placed is counted', async () => {
  const files = [fileOf(1, { tgid: 1, path: 'a', pathResolved: false, ...there, ...wrote })];
  const { out, err } = await view(['files', '--json'], { evidence: { ...nothing, containers: [ofImage], files } });

  expect(out).toBe('');
  expect(err).toContain('1 change is not in the list');
});

test('filters ask for paths that something was done to that meets them, and leave the rest of the story', async () => {
  const operations = [
    operationOf(2, {
      tgid: 2,
      operation: 'rename',
      path: '/t',
      toPath: '/a',
      toPathResolved: true,
      ...there,
      replacedInode: '9',
    }),
  ];
  const files = [
    fileOf(1, { tgid: 1, path: '/t', ...there, created: true }),
    fileOf(1, { tgid: 1, path: '/u', ...there, created: true }),
  ];

  expect(await shown({ files, operations }, '--pid', '2')).toEqual(['container C /a']);
  expect(await shown({ files, operations }, '--pid', '1')).toEqual(['container C /a', 'container A /u']);
  expect(await shown({ files, operations }, '--path', '/u')).toEqual(['container A /u']);
  expect(await shown({ files, operations }, '--until', '2025-11-22T13:05:01.500')).toEqual([
    'container A /t',
    'container A /u',
  ]);
  expect(await shown({ files, operations }, '--container', 'ffff')).toEqual([]);
});

test('what asks for reads is not left out silently', async () => {
  const { err } = await view(['files', '--json', '--access', 'write', '--reads'], { evidence: nothing });

  expect(err).toBe('viewer: --access, --reads cannot be applied to files and is ignored there: see sessions.\n');
});
