/** Names that hang on directory descriptors, and roots that processes change: what is told of them on the real kernel. */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { useAuditScene } from './support/audit-scene.ts';
import { docker, useDockerEngine } from './support/docker-scene.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built, parseJsonLines, startGodo } from './support/programs.ts';
import { runOrThrow } from './support/run-program.ts';
import { succeed } from './support/shown-evidence.ts';
import { readRawEvidence } from './support/stored-evidence.ts';

interface Shown {
  readonly path: string | null;
  readonly pathHex?: string;
  readonly pathResolved: boolean;
  readonly toPath?: string | null;
  readonly toHostPath?: string | null;
  readonly dirfd?: number;
  readonly dev: string | null;
  readonly inode: string | null;
  readonly hostPath: string | null;
  readonly hostPathHex?: string;
  readonly operation?: string;
  readonly success?: boolean;
  readonly exe: string;
  readonly warnings?: readonly string[];
}

const needs = [root, built, program('auditctl', 'auditd'), program('gcc', 'gcc')];
const abis = process.arch === 'x64' ? ['x86_64', 'i386'] : ['native'];
const longest = 'n'.repeat(255);

/** In the order of names.c; `JAIL` is where a root of its own begins. */
const created = [
  ...['FOLDER/a/directory', 'FOLDER/b/path', 'FOLDER/a/sub/nested', 'FOLDER/a/sub/../up', 'FOLDER/a/sub/../upper'],
  ...['FOLDER/a/sub/tidy', 'FOLDER/a/...', 'FOLDER/a/ blank ', 'FOLDER/a/odd\ufffd\ufffd', `FOLDER/a/${longest}`],
  ...['FOLDER/absolute', 'FOLDER/a/plain', 'FOLDER/a/copied', 'FOLDER/a/inherited', "FOLDER/b/child's"],
  ...["FOLDER/a/parent's", 'FOLDER/b/moved/after', 'FOLDER/c/moved/later', 'FOLDER/c/of c'],
  ...['FOLDER/a/fchdir', 'FOLDER/c/chdir'],
  ...['FOLDER/jail/in root', 'FOLDER/jail/clamped', 'FOLDER/jail/in/beneath'],
  ...['/relative', '/in/absolute', '/in/inside', 'outside (below 3)', '/in/own', '/deeper', 'FOLDER/a/not in jail'],
];

const changed = [
  ...['mkdir FOLDER/a', 'mkdir FOLDER/a/sub', 'mkdir FOLDER/b', 'mkdir FOLDER/jail', 'mkdir FOLDER/jail/in'],
  ...['mkdir FOLDER/a/slash', 'rename FOLDER/a/directory FOLDER/b/renamed', 'link FOLDER/b/renamed FOLDER/a/linked'],
  ...['symlink FOLDER/b/soft', 'unlink FOLDER/b/soft', 'chown FOLDER/a', 'chmod FOLDER/b'],
  ...['rename FOLDER/a/sub FOLDER/b/moved', 'rename FOLDER/b FOLDER/c'],
];

const named = ({ path, pathResolved, dirfd }: Shown) => (pathResolved ? path : `${path} (below ${dirfd})`);

let folder: string;

/** The scene of a `describe`; its folder is the one that tests use. */
function useFolder(): void {
  useAuditScene('godo-names-', 'once', (scene) => {
    folder = scene.folder;
  });
}

async function compileNames(): Promise<string> {
  const [source, binary] = [fileURLToPath(new URL('./programs/names.c', import.meta.url)), join(folder, 'names')];
  const narrow = process.arch === 'x64' ? ['-static', '-no-pie', '-mno-red-zone'] : [];
  await runOrThrow('gcc', [...narrow, '-O1', '-o', binary, source]);
  return binary;
}

async function shown(view: 'sessions' | 'operations', db: string): Promise<Shown[]> {
  return parseJsonLines<Shown>(await succeed('viewer', ['--db', db, view, '--json']));
}

describeWith('names', needs, () => {
  useFolder();
  let binary: string;
  let files: readonly Shown[];
  let operations: readonly Shown[];

  beforeAll(async () => {
    binary = await compileNames();
    for (const abi of abis) await mkdir(join(folder, abi));
    const script = abis.map((abi) => `${binary} ${abi} ${folder}/${abi}`).join(' && ');
    const options = ['--db', join(folder, 'db'), '--diag', join(folder, 'diag.log')];
    await succeed('godo', ['record', ...options, '--', 'sh', '-c', script]);
    files = (await shown('sessions', join(folder, 'db'))).filter(({ exe }) => exe === binary);
    operations = (await shown('operations', join(folder, 'db'))).filter(({ exe }) => exe === binary);
  });

  const inFolder = (abi: string, list: readonly string[]) =>
    list.map((one) => one.replaceAll('FOLDER', join(folder, abi)));

  it.each(abis)('of files that %s calls make are absolute and true', async (abi) => {
    const own = files.slice(abis.indexOf(abi) * created.length, (abis.indexOf(abi) + 1) * created.length);

    expect(own.map(named)).toEqual(inFolder(abi, created));
    const odd = Buffer.from(join(folder, abi, 'a/odd')).toString('hex');
    expect(own.map(({ pathHex }) => pathHex).filter((hex) => hex !== undefined)).toEqual([`${odd}fffe`]);
  });

  it.each(abis)('of files that %s calls make lead to them on the host, also those below another root', async (abi) => {
    const own = files.slice(abis.indexOf(abi) * created.length, (abis.indexOf(abi) + 1) * created.length);
    const seen: string[] = [];
    const gone: string[] = [];
    for (const { hostPath, hostPathHex, inode } of own) {
      if (hostPath === null) continue;
      const place = hostPathHex === undefined ? hostPath : Buffer.from(hostPathHex, 'hex');
      const found = await stat(place, { bigint: true }).catch(() => null);
      (found === null ? gone : seen).push(hostPath);
      if (found !== null) expect([hostPath, found.ino.toString()]).toEqual([hostPath, inode]);
    }

    const jailed = ['relative', 'in/absolute', 'in/inside', 'in/own', 'in/deeper'];
    const inJail = inFolder(abi, ['FOLDER/jail/in root', 'FOLDER/jail/clamped', 'FOLDER/jail/in/beneath']);
    expect(seen.filter((path) => path.includes('/jail/'))).toEqual([
      ...inJail,
      ...inFolder(
        abi,
        jailed.map((name) => `FOLDER/jail/${name}`),
      ),
    ]);
    expect(seen.length).toBeGreaterThanOrEqual(18);
    // Those that were moved with their directories, and of which one was renamed.
    expect(gone.every((path) => /\/(?:a\/directory|a\/sub\/|b\/)/.test(path))).toBe(true);
    const unknown = own.flatMap(({ path, hostPath }) => (hostPath === null ? [path] : []));
    expect(unknown).toEqual([...inFolder(abi, ['FOLDER/a/sub/../up', 'FOLDER/a/sub/../upper']), 'outside']);
  });

  it.each(abis)('in operations that %s calls do are absolute', (abi) => {
    const own = operations.slice(abis.indexOf(abi) * changed.length, (abis.indexOf(abi) + 1) * changed.length);

    expect(own.map(({ operation, path, toPath }) => [operation, path, toPath].filter(Boolean).join(' '))).toEqual(
      inFolder(abi, changed),
    );
    expect(own.every(({ success, pathResolved }) => success && pathResolved)).toBe(true);
  });

  it('that cannot be resolved say why, and are counted', async () => {
    const warned = files.flatMap(({ warnings }) => warnings ?? []);
    const inRoot = 'looked up with RESOLVE_IN_ROOT: absolute symbolic links in its path lead below the directory';
    const outside = 'it is not known where its directory lies below the root of the process';
    const { sessions } = await readRawEvidence(join(folder, 'db'));

    expect(warned).toEqual(abis.flatMap(() => [inRoot, inRoot, outside]));
    expect(sessions.flatMap(({ counters }) => counters?.unresolvedNames ?? [])).toEqual([abis.length]);
  });

  it('are the same from the diagnosis file', async () => {
    const again = join(folder, 'replayed');
    await succeed('godo', ['replay', join(folder, 'diag.log'), '--db', again]);
    const [live, replayed] = [await readRawEvidence(join(folder, 'db')), await readRawEvidence(again)];

    expect(replayed.files).toEqual(live.files);
    expect(replayed.operations).toEqual(live.operations);
    expect(replayed.pids).toEqual(live.pids);
  });

  it('of programs that work with directory descriptors are all absolute', { timeout: 60_000 }, async () => {
    const db = join(folder, 'tools');
    const place = join(folder, 'place');
    await mkdir(join(place, 'tree/one/two'), { recursive: true });
    for (const name of ['tree/x', 'tree/one/x', 'tree/one/two/x']) await writeFile(join(place, name), 'x');
    const git = existsSync('/usr/bin/git')
      ? 'git init -q repository && cd repository && echo x > x && git add x && git -c user.name=n -c user.email=e commit -qm x; '
      : '';
    const work = 'tar cf tree.tar tree && rm -r tree && tar xf tree.tar && cp -a tree copy && rm -rf tree copy; ';
    await succeed('godo', ['record', '--db', db, '--', 'sh', '-c', `cd ${place}; ${work}${git}`]);
    const [made, done] = [await shown('sessions', db), await shown('operations', db)];

    const unresolved = [...made, ...done.filter(({ success }) => success)].filter((one) => !one.pathResolved);
    expect(unresolved.map((one) => [one.exe, one.operation, one.path])).toEqual([]);
    const removed = done.flatMap((one) => (['unlink', 'rmdir'].includes(one.operation ?? '') ? [one.path] : []));
    const tree = ['tree', 'tree/x', 'tree/one', 'tree/one/x', 'tree/one/two', 'tree/one/two/x'];
    expect(removed.filter((path) => path?.startsWith(`${place}/tree`)).sort()).toEqual(
      [...tree, ...tree].map((name) => join(place, name)).sort(),
    );
  });

  it('that hang on a directory that was open before are absolute', { timeout: 60_000 }, async () => {
    const db = join(folder, 'before');
    const place = join(folder, 'early');
    await mkdir(place);
    const early = spawn(binary, ['wait', place], { stdio: ['pipe', 'pipe', 'inherit'] });
    await new Promise((ready) => early.stdout.once('data', ready));
    const godo = await startGodo(['--db', db]);
    try {
      early.stdin.end();
      await new Promise((ended) => early.once('exit', ended));
    } finally {
      await godo.stop();
    }

    const { files: raw } = await readRawEvidence(db);
    const made = raw.filter((one) => one.exe === binary);
    expect(made.map(({ path, pathResolved }) => [path, pathResolved])).toEqual([[join(place, 'late'), true]]);
  });
});

/** What a shell in a container writes; each file says where. */
const lines = [
  'echo root > /root-file',
  'mkdir -p /deep/er && echo deep > /deep/er/file',
  'echo volume > /volume/file',
  'echo bound > /volume/inner/bound',
  'echo gone > /dev/shm/file',
  'mkdir -p /jail/bin && cp /bin/busybox /jail/bin/busybox',
  "chroot /jail /bin/busybox sh -c 'echo jail > /jailed'",
  'mv /deep/er/file /deep/moved',
];

describeWith('the places of a container’s files on the host', [...needs, ...docker], () => {
  useFolder();
  const engine = useDockerEngine();

  it('hold what was written', { timeout: 120_000 }, async () => {
    const db = join(folder, 'db');
    const [volume, inner] = [join(folder, 'a volume'), join(folder, 'inner')];
    await mkdir(join(volume, 'inner'), { recursive: true });
    await mkdir(inner);
    const godo = await startGodo(['--db', db]);
    try {
      const mounts = ['-v', `${volume}:/volume`, '-v', `${inner}:/volume/inner`];
      const run = ['run', '--name', 'places', '--network', 'none', ...mounts, engine().image];
      await engine().dockerOrThrow([...run, 'sh', '-c', `${lines.join('; ')}; sleep 1`]);
    } finally {
      await godo.stop();
    }
    await succeed('filter', ['--db', db]);
    const id = (await engine().dockerOrThrow(['inspect', '-f', '{{.Id}}', 'places'])).trim();
    const view = async (name: 'sessions' | 'operations') =>
      parseJsonLines<Shown>(await succeed('viewer', ['--db', db, name, '--container', id, '--json']));
    const [files, operations] = [await view('sessions'), await view('operations')];

    const told: unknown[] = [];
    for (const { path, hostPath, exe } of files) {
      if (!exe.endsWith('/busybox') || path?.startsWith('/dev/null')) continue;
      const content = hostPath === null ? null : await readFile(hostPath, 'latin1').catch(() => 'not there');
      told.push([path, content === null || content.length < 20 ? content?.trim() : 'a program']);
    }
    expect(told).toEqual([
      ['/root-file', 'root'],
      // It was moved since.
      ['/deep/er/file', 'not there'],
      ['/volume/file', 'volume'],
      ['/volume/inner/bound', 'bound'],
      // A file system of the container's own, which the host does not have.
      ['/dev/shm/file', undefined],
      ['/jail/bin/busybox', 'a program'],
      ['/jailed', 'jail'],
    ]);
    const places = files.map(({ hostPath }) => hostPath);
    expect(places).toContain(join(volume, 'file'));
    expect(places).toContain(join(inner, 'bound'));
    const moved = operations.find(({ operation }) => operation === 'rename');
    expect(await readFile(moved?.toHostPath ?? '', 'latin1')).toBe('deep\n');
  });
});
