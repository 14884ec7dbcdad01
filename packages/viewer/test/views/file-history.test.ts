import { expect, test } from 'vitest';
import { at, container, eventOf, execution, fileOf, keyOf, operationOf, processOf } from '../support/documents.ts';
import { expectGolden } from '../support/golden.ts';
import { view } from '../support/run-view.ts';
import { type Evidence, nothing } from '../support/story.ts';

const renamed = { operation: 'rename', toPathResolved: true } as const;

/**
 * /etc/app.conf is written, edited (a new file takes its place), moved away, and its inode given out again; a second file
 * of that name stands in a container.
 */
const evidence: Evidence = {
  ...nothing,
  processes: [
    processOf(0, { tgid: 7, executions: [execution(0.1, '/usr/bin/vim', ['vim', '/etc/app.conf'])] }),
    processOf(0, { tgid: 8, containerId: container, executions: [execution(0.1, '/bin/sh', ['sh'])] }),
  ],
  files: [
    fileOf(1, { tgid: 7, path: '/etc/app.conf', inode: '10', created: true, wrote: [1, 5] }),
    fileOf(2, { tgid: 8, path: '/etc/app.conf', dev: '00:2a', inode: '10', containerId: container, wrote: [1, 9] }),
    fileOf(3, { tgid: 7, path: '/etc/.app.conf.swp', inode: '11', created: true, wrote: [2, 6] }),
    fileOf(6, { tgid: 7, path: '/etc/app.conf.old', inode: '11', wrote: [1, 1] }),
    fileOf(8, { tgid: 7, path: '/tmp/unrelated', inode: '10', created: true, wrote: [1, 1] }),
    fileOf(9, { tgid: 7, path: 'app.conf', pathResolved: false, dirfd: 5, inode: '99', wrote: [1, 1] }),
  ],
  operations: [
    operationOf(4, {
      ...renamed,
      tgid: 7,
      path: '/etc/.app.conf.swp',
      toPath: '/etc/app.conf',
      inode: '11',
      replacedInode: '10',
    }),
    operationOf(5, { ...renamed, tgid: 7, path: '/etc/app.conf', toPath: '/etc/app.conf.old', inode: '11' }),
    operationOf(5.5, { operation: 'unlink', tgid: 7, path: '/etc/app.conf', success: false, errno: -2, inode: null }),
    operationOf(7, { operation: 'unlink', tgid: 7, path: 'app.conf.old', pathResolved: false, dirfd: 5, inode: '11' }),
    operationOf(10, { operation: 'unlink', tgid: 7, path: '/tmp/unrelated', inode: '10' }),
  ],
};

async function history(...argv: string[]): Promise<{ readonly shown: unknown[]; readonly err: string }> {
  const { out, err } = await view(['file', ...argv, '--json'], { evidence });
  const documents = out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { shown: documents.map(({ operation, path, dev }) => [operation ?? 'session', path, dev]), err };
}

const uncertain =
  'viewer: 1 session or operation is on a name like it whose folder is not known (relative to a descriptor), and not shown.\n';
const edited = [
  ['session', '/etc/.app.conf.swp', 'fe:00'],
  ['rename', '/etc/.app.conf.swp', 'fe:00'],
  ['rename', '/etc/app.conf', 'fe:00'],
];
const after = [
  ['session', '/etc/app.conf.old', 'fe:00'],
  ['unlink', 'app.conf.old', 'fe:00'],
];

test('a file is followed back to the names it had before, and on to those it had after', async () => {
  expect(await history('/etc/app.conf')).toEqual({
    shown: [
      ['session', '/etc/app.conf', 'fe:00'],
      ['session', '/etc/app.conf', '00:2a'],
      ...edited,
      ['unlink', '/etc/app.conf', 'fe:00'],
      ...after,
    ],
    err: uncertain,
  });
});

test('from a name that it had for a while, the file before it is not followed', async () => {
  expect(await history('/etc/app.conf.old')).toEqual({ shown: [...edited, ...after], err: '' });
});

test('an inode that was given out again is another file', async () => {
  expect((await history('/tmp/unrelated')).shown).toEqual([
    ['session', '/tmp/unrelated', 'fe:00'],
    ['unlink', '/tmp/unrelated', 'fe:00'],
  ]);
});

test('a container says in whose eyes the file had the path', async () => {
  expect((await history('/etc/app.conf', '--container', container.slice(0, 4))).shown).toEqual([
    ['session', '/etc/app.conf', '00:2a'],
  ]);
});

test('the other filters choose what is shown, not which file is meant', async () => {
  expect((await history('/etc/app.conf', '--since', '2025-11-22T13:05:06')).shown).toEqual(after);
  expect((await history('/etc/app.conf', '--pid', '8')).shown).toEqual([['session', '/etc/app.conf', '00:2a']]);
  expect((await history('/etc/app.conf', '--exe', '/bin/none*')).shown).toEqual([]);
});

test('a file that is not in the evidence is said to be missing', async () => {
  expect(await view(['file', '/nowhere'], { evidence })).toEqual({
    code: 0,
    out: '',
    err: 'viewer: No such file in the evidence.\n',
  });
});

test('a file must be named', async () => {
  const { code, out, err } = await view(['file'], { evidence });
  expect([code, out, err.split('\n')[0]]).toEqual([2, '', "error: missing required argument 'path'"]);
});

test('for people it is one table', async () => {
  const { out } = await view(['file', '/etc/app.conf.old'], { evidence, width: 100 });
  await expectGolden(out, 'file-history');
});

/** What /etc/app.conf held after its first session, and what was not to be had of the second file of that name. */
const contents: Evidence = {
  ...evidence,
  events: [
    eventOf(1.5, {
      kind: 'content',
      key: keyOf(7),
      tgid: 7,
      data: {
        ...{ path: '/etc/app.conf', dev: 'fe:00', inode: '10', fileSessionId: evidence.files[0]?._id },
        ...{ size: 5, sha256: 'ab'.repeat(32), mtimeNs: at(1), hashedNs: at(1.5), stable: false },
      },
    }),
    eventOf(2.5, {
      kind: 'content',
      key: keyOf(8),
      tgid: 8,
      containerId: container,
      data: {
        ...{ path: '/etc/app.conf', dev: '00:2a', inode: '10', fileSessionId: evidence.files[1]?._id },
        ...{ size: null, sha256: null, mtimeNs: null, hashedNs: at(2.5), stable: null, reason: 'it is gone' },
      },
    }),
  ],
};

test('what a file held stands behind the session that changed it', async () => {
  const { out } = await view(['file', '/etc/app.conf'], { evidence: contents });

  await expectGolden(out, 'file-contents');
});

test('the content that was read last stands in the document of the file', async () => {
  const { out } = await view(['sessions', '--path', '/etc/app.conf', '--json'], { evidence: contents });
  const documents = out.trim().split('\n');

  expect(documents.map((line) => (JSON.parse(line) as { content?: unknown }).content)).toMatchObject([
    { sha256: 'ab'.repeat(32), hashedNs: String(at(1.5)) },
    { sha256: null, reason: 'it is gone' },
  ]);
});
