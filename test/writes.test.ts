/** Every way to change what is in a file, each by its own system call, on the real kernel. */

import { mkdir, open, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { useAuditScene } from './support/audit-scene.ts';
import { docker, useDockerEngine } from './support/docker-scene.ts';
import { unmountBelow } from './support/mounts.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built, parseJsonLines, startGodo } from './support/programs.ts';
import { runOrThrow } from './support/run-program.ts';
import { succeed } from './support/shown-evidence.ts';
import { readRawEvidence } from './support/stored-evidence.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Nothing but writes: calls that moved bytes, and the bytes. */
const wrote = (count: number, bytes: number) => ({ count, bytes, changes: 0 });
const changed = (changes: number, count = 0, bytes = 0) => ({ count, bytes, changes });
const untouched = changed(0);
const mapped = (written: boolean | null, fields: object = {}) => ({
  ...untouched,
  ...{ mappings: 1, writable: true, written, ...fields },
});
/** What a count of 3 GiB comes to: MAX_RW_COUNT of linux/fs.h. */
const mostAtOnce = 0x7fff_f000;
const room = [1, 8192] as const;
const unknown = { because: 'a recorded change of the file may be what its times tell of' };
const gone = { because: 'the file is not at its path any more, or cannot be reached there' };

/** The sessions of writes.c, in their order, by the names of their files; false: the calls are not there. */
function sessionsOf(abi: string): [string, Fields | false][] {
  const narrow = abi === 'i386';
  return [
    ['write', wrote(2, 7)],
    ['pwrite64', wrote(1, 3)],
    ['writev', wrote(1, 5)],
    ['pwritev', wrote(1, 5)],
    ['pwritev2', wrote(1, 5)],
    ['append', wrote(2, 8)],
    ['nothing', wrote(0, 0)],
    ['partial', wrote(1, 4096)],
    ['limited', wrote(1, 10)],
    ['sendfile', wrote(1, 7)],
    ['sendfile64', narrow ? wrote(1, 7) : untouched],
    ['copy_file_range', wrote(1, 8)],
    ['copied-large', wrote(1, mostAtOnce)],
    ['/dev/null', wrote(1, mostAtOnce)],
    ['splice', wrote(1, 5)],
    ['ftruncate', changed(narrow ? 2 : 1)],
    ['allocate', changed(1, ...room)],
    ['keep-size', wrote(...room)],
    ['punch-hole', changed(1, ...room)],
    ['zero-range', changed(1, ...room)],
    ['collapse-range', changed(1, ...room)],
    ['insert-range', changed(1, ...room)],
    ['no-length', wrote(...room)],
    ['source', untouched],
    ['clone', changed(1)],
    ['clone-range', changed(1)],
    ['deduped', wrote(...room)],
    ['m-untouched', untouched],
    ['flags', untouched],
    ...mappingsOf(abi),
  ];
}

function mappingsOf(abi: string): [string, Fields | false][] {
  return [
    ['m-stored', mapped(true)],
    ['m-validated', mapped(true)],
    ['m-untouched', mapped(false)],
    ['m-private', untouched],
    ['m-closed', mapped(true)],
    ['m-protected', mapped(true, { writable: false })],
    ['m-explained', mapped(null, { ...wrote(1, 4), ...unknown })],
    ['m-inherited', mapped(true)],
    ['m-gone', mapped(null, gone)],
    ['m-renamed', mapped(true)],
    ['m-old', abi === 'i386' && mapped(true)],
  ];
}

const done = (operation: string, name: string, fields: Fields = {}): Fields => ({
  ...{ operation, success: true, name, ...fields },
});
const failed = (operation: string, errno: number, name: string | null, fields: Fields = {}): Fields => ({
  ...{ operation, success: false, errno, name, ...fields },
});

function operationsOf(abi: string): (Fields | false)[] {
  const narrow = abi === 'i386';
  // SYSCALL records have four arguments.
  const range = (offset: number, length: number) => (narrow ? { offset } : { offset, length });
  const allocated = (allocation: string, offset: number, length: number) => ({ allocation, ...range(offset, length) });
  const keepSize = true;
  return [
    done('truncate', 'ftruncate', { size: 3 }),
    narrow && done('truncate', 'ftruncate', { size: 0x1_2345_6789 }),
    failed('truncate', -22, 'ftruncate', { size: -1 }),
    failed('truncate', -9, null, { size: 3 }),
    done('fallocate', 'allocate', allocated('allocate', 4096, 8192)),
    done('fallocate', 'keep-size', { ...allocated('allocate', 2 ** 32, 4096), keepSize }),
    done('fallocate', 'punch-hole', { ...allocated('punch-hole', 0, 4096), keepSize }),
    done('fallocate', 'zero-range', allocated('zero-range', 0, 4096)),
    done('fallocate', 'collapse-range', allocated('collapse-range', 0, 4096)),
    done('fallocate', 'insert-range', allocated('insert-range', 0, 4096)),
    failed('fallocate', -22, 'no-length', allocated('allocate', 0, 0)),
    done('clone', 'clone', { from: 'source' }),
    failed('clone', -9, 'clone', { fromFd: 99 }),
    done('clone', 'clone-range'),
    done('dedupe', 'deduped'),
    done('setflags', 'flags'),
    done('setflags', 'flags'),
  ];
}

const nameIn = (folder: string, path: unknown) =>
  typeof path === 'string' && path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path;

function sessionFacts(folder: string, file: Fields): [unknown, Fields] {
  const { count, bytes } = file.writes as { count: number; bytes: number };
  const changes = ((file.changes ?? []) as { count: number }[]).reduce((sum, one) => sum + one.count, 0);
  const mapping = file.mapped as Fields | undefined;
  const { count: mappings, writable, written, unknownBecause } = mapping ?? {};
  const because = unknownBecause === undefined ? {} : { because: unknownBecause };
  const told = mapping === undefined ? {} : { mappings, writable, written, ...because };
  return [nameIn(folder, file.path), { count, bytes, changes, ...told }];
}

function operationFacts(folder: string, operation: Fields): Fields {
  const { path, fromPath, fromFd } = operation;
  const named = ['operation', 'success', 'errno', 'size', 'allocation', 'keepSize', 'offset', 'length'];
  const own = Object.fromEntries(named.filter((name) => name in operation).map((name) => [name, operation[name]]));
  const source = fromPath === undefined ? (fromFd === undefined ? {} : { fromFd }) : { from: nameIn(folder, fromPath) };
  return { ...own, name: nameIn(folder, path), ...source };
}

const needs = [root, built, program('auditctl', 'auditd'), program('gcc', 'gcc')];
const abis = process.arch === 'x64' ? ['x86_64', 'i386'] : [];
const mappedNames = ['stored', 'validated', 'untouched', 'private', 'closed', 'protected', 'explained', 'inherited'];

let folder: string;
let binary: string;

/** The scene of a `describe`, and writes.c in it. */
function useWriter(): void {
  const scene = useAuditScene('godo-writes-', 'once');

  beforeAll(async () => {
    folder = scene().folder;
    binary = join(folder, 'writes');
    const source = fileURLToPath(new URL('./programs/writes.c', import.meta.url));
    await runOrThrow('gcc', ['-static', '-no-pie', '-mno-red-zone', '-O1', '-o', binary, source]);
  });

  afterAll(async () => {
    if (folder !== undefined) await unmountBelow(folder);
  });
}

/** The files that are there before. */
async function fill(files: string): Promise<void> {
  await mkdir(files, { recursive: true });
  for (const name of [...mappedNames, 'gone', 'renamed', 'reading', 'old'].map((one) => `m-${one}`)) {
    await writeFile(join(files, name), Buffer.alloc(8192));
  }
  await writeFile(join(files, 'source'), Buffer.alloc(8192));
  await (await open(join(files, 'large'), 'w')).close();
  await truncate(join(files, 'large'), 2 ** 32);
}

describeWith('changes of files', [...needs, program('mkfs.xfs', 'xfsprogs')], () => {
  useWriter();
  let files: readonly Fields[];
  let operations: readonly Fields[];
  const mount = () => join(folder, 'mount');

  beforeAll(async () => {
    const image = join(folder, 'image');
    await writeFile(image, '');
    await truncate(image, 512 * 2 ** 20);
    await runOrThrow('mkfs.xfs', ['-q', '-m', 'reflink=1', image]);
    await mkdir(mount());
    await runOrThrow('mount', ['-o', 'loop', image, mount()]);
    for (const abi of abis) await fill(join(mount(), abi));
    const script = abis.map((abi) => `${binary} ${abi} ${mount()}/${abi}`).join(' && ');
    const options = ['--db', join(folder, 'db'), '--diag', join(folder, 'diag.log')];
    await succeed('godo', ['record', ...options, '--', 'sh', '-c', script]);
    const shown = (...view: string[]) => succeed('viewer', ['--db', join(folder, 'db'), ...view, '--json']);
    files = parseJsonLines<Fields>(await shown('sessions', '--all', '--exe', binary));
    operations = parseJsonLines<Fields>(await shown('operations', '--exe', binary));
  });

  const ofAbi = (documents: readonly Fields[], abi: string) => {
    const callers = [...new Set(documents.map(({ tgid }) => tgid))];
    return documents.filter(({ tgid }) => tgid === callers[abis.indexOf(abi)]);
  };

  it.each(abis)('of %s are all in their sessions, each counted as what it is', (abi) => {
    const found = ofAbi(files, abi).map((file) => sessionFacts(join(mount(), abi), file));

    expect(found).toEqual(sessionsOf(abi).filter(([, facts]) => facts !== false));
  });

  it.each(abis)('of %s that are no writes are operations too, failed ones as well', (abi) => {
    const found = ofAbi(operations, abi).map((operation) => operationFacts(join(mount(), abi), operation));

    expect(found.filter(({ operation }) => operation !== 'unlink' && operation !== 'rename')).toEqual(
      operationsOf(abi).filter(Boolean),
    );
  });

  it('that are certain are what the viewer shows without --all', async () => {
    const shown = parseJsonLines<Fields>(
      await succeed('viewer', ['--db', join(folder, 'db'), 'sessions', '--path', `${mount()}/x86_64/m-*`, '--json']),
    );
    const names = shown.map(({ path }) => nameIn(`${mount()}/x86_64`, path));

    expect(names).toEqual([
      'm-stored',
      'm-validated',
      'm-closed',
      'm-protected',
      'm-explained',
      'm-inherited',
      'm-renamed',
    ]);
  });

  it('are the same from the diagnosis file', async () => {
    const again = join(folder, 'replayed');
    await succeed('godo', ['replay', join(folder, 'diag.log'), '--db', again]);
    const [live, replayed] = [await readRawEvidence(join(folder, 'db')), await readRawEvidence(again)];

    const own = live.files.filter(({ path, mapped: mapping }) => mapping !== undefined && path?.startsWith(folder));
    expect(own).toHaveLength(19);
    expect(replayed.files).toEqual(live.files);
    expect(replayed.operations).toEqual(live.operations);
  });
});

describeWith('mappings of files on tmpfs', needs, () => {
  useWriter();

  it('that were not seen to be written may have been, for it does not tell', async () => {
    const files = join(folder, 'mount');
    await mkdir(files);
    await runOrThrow('mount', ['-t', 'tmpfs', 'tmpfs', files]);
    await fill(files);
    const db = join(folder, 'db');
    await succeed('godo', ['record', '--db', db, '--', binary, 'x86_64', files, 'map']);
    const shown = parseJsonLines<Fields>(
      await succeed('viewer', ['--db', db, 'sessions', '--all', '--exe', binary, '--json']),
    );
    const because = 'on tmpfs not every store through a mapping changes the times of a file';

    expect(shown.map((file) => sessionFacts(files, file))).toEqual(
      mappingsOf('x86_64')
        .filter(([, facts]) => facts !== false)
        .map(([name, facts]) => [name, name === 'm-untouched' ? mapped(null, { because }) : facts]),
    );
  });
});

describeWith('mappings of files in a container', [...needs, ...docker], () => {
  useWriter();
  const engine = useDockerEngine();

  it('are looked at through its root, and told with its paths', { timeout: 120_000 }, async () => {
    const db = join(folder, 'db');
    const names = [...mappedNames, 'gone', 'renamed', 'reading'].map((name) => `m-${name}`).join(' ');
    const files = `mkdir /w; for f in ${names}; do head -c 8192 /dev/zero > /w/$f; done; sleep 1`;
    const godo = await startGodo(['--db', db]);
    try {
      const run = ['run', '--rm', '--network', 'none', '-v', `${binary}:/writes:ro`, engine().image];
      await engine().dockerOrThrow([...run, 'sh', '-c', `${files}; /writes x86_64 /w map; sleep 1`]);
    } finally {
      await godo.stop();
    }
    await succeed('filter', ['--db', db]);
    const shown = parseJsonLines<Fields>(
      await succeed('viewer', ['--db', db, 'sessions', '--all', '--exe', '/writes', '--json']),
    );

    expect(shown.map((file) => sessionFacts('/w', file))).toEqual(
      mappingsOf('x86_64').filter(([, facts]) => facts !== false),
    );
  });
});
