/** Opens for reading, sensitive files and engines' sockets, and what is stored of them: on the real kernel. */

import { chmod, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { useAuditScene } from './support/audit-scene.ts';
import type { DockerEngine } from './support/docker-engine.ts';
import { docker, useDockerEngine } from './support/docker-scene.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built, parseJsonLines, startGodo } from './support/programs.ts';
import { runOrThrow, runProgram } from './support/run-program.ts';
import { type ShownLoss, succeed } from './support/shown-evidence.ts';
import { readRawEvidence } from './support/stored-evidence.ts';
import { waitFor } from './support/wait-for.ts';

type Fields = Readonly<Record<string, unknown>>;

const needs = [root, built, program('auditctl', 'auditd')];
let folder: string;

/** The scene of a `describe`; its folder is the one that tests use. */
function useFolder(): void {
  useAuditScene('godo-reads-', 'once', (scene) => {
    folder = scene.folder;
  });
}

/** test/programs/reads.c, without anything that a container would have to have. */
async function compiled(): Promise<string> {
  const [source, binary] = [new URL('./programs/reads.c', import.meta.url).pathname, join(folder, 'reads-of-abis')];
  await runOrThrow('gcc', ['-static', '-no-pie', '-O1', '-o', binary, source]);
  return binary;
}

const view = async (db: string, ...words: readonly string[]) =>
  parseJsonLines<Fields>(await succeed('viewer', ['--db', db, ...words, '--json']));

async function recordShell(db: string, options: readonly string[], script: string): Promise<void> {
  await succeed('godo', ['record', '--db', db, ...options, '--', 'sh', '-c', script]);
}

const rules = async () => (await runOrThrow('auditctl', ['-l'])).stdout;

describeWith('reads on a host', [...needs, program('gcc', 'gcc')], () => {
  useFolder();

  it('of all files are told with --reads, and stay out of the views of changes', { timeout: 60_000 }, async () => {
    const db = join(folder, 'reads');
    const [read, written] = [join(folder, 'read'), join(folder, 'written')];
    await writeFile(read, 'x');
    await recordShell(db, ['--reads'], `cat ${read} > ${written}`);
    const paths = (files: readonly Fields[]) => files.map(({ path, access }) => [path, access]);
    const reads = await view(db, 'sessions', '--access', 'read', '--path', `${folder}/**`);

    expect(paths(reads)).toEqual([[read, 'read']]);
    expect(reads[0]).toMatchObject({ closedBy: 'close', exe: expect.stringMatching(/\/cat$/) });
    expect(paths(await view(db, 'sessions'))).toEqual([[written, 'write']]);
    expect(paths(await view(db, 'sessions', '--all', '--access', 'write'))).not.toContainEqual([read, 'read']);
    expect(paths(await view(db, 'sessions', '--reads', '--path', `${folder}/**`))).toEqual([
      [written, 'write'],
      [read, 'read'],
    ]);
    expect(paths(await view(db, 'file', read))).toEqual([[read, 'read']]);
  });

  it('of sensitive files are told always, failed ones too, and others not', { timeout: 60_000 }, async () => {
    const db = join(folder, 'sensitive');
    const diag = join(folder, 'sensitive.log');
    const keys = join(folder, 'keys');
    await mkdir(keys);
    await writeFile(join(keys, 'a.key'), 'secret');
    await chmod(folder, 0o755);
    await chmod(join(keys, 'a.key'), 0o600);
    const nobody = 'setpriv --reuid 65534 --clear-groups';
    const script = [
      `cat /etc/shadow ${keys}/a.key /etc/passwd`,
      `${nobody} cat ${keys}/a.key`,
      `ls ${keys}`,
      `cd ${keys}; cat < a.key`,
    ];
    await recordShell(db, ['--diag', diag, '--sensitive', keys], `(${script.join('; ')}) >/dev/null 2>&1; true`);
    const reads = await view(db, 'sessions', '--access', 'read');
    const opens = await view(db, 'operations', '--path', `${keys}/**`);

    expect(reads.map(({ path, fileType }) => [path, fileType])).toEqual([
      ['/etc/shadow', 'regular'],
      [`${keys}/a.key`, 'regular'],
      [keys, 'directory'],
      [`${keys}/a.key`, 'regular'],
    ]);
    expect(opens).toMatchObject([{ operation: 'open', success: false, errno: -13, path: `${keys}/a.key` }]);
    expect(await view(db, 'sessions')).toEqual([]);
    await succeed('godo', ['replay', diag, '--db', join(folder, 'again')]);
    const [live, again] = [await readRawEvidence(db), await readRawEvidence(join(folder, 'again'))];
    expect([again.files, again.operations, again.sessions]).toEqual([live.files, live.operations, live.sessions]);
  });

  it('by 32-bit programs are told as well, connections included', { timeout: 60_000 }, async () => {
    const db = join(folder, 'i386');
    const binary = await compiled();
    const [secret, socket] = [join(folder, 'secret'), join(folder, 'engine.sock')];
    await writeFile(secret, 'x');
    const options = ['--no-sensitive', '--sensitive', secret, '--sensitive', socket];
    await recordShell(db, options, `${binary} ${secret} ${socket}`);
    const told = [...(await view(db, 'sessions', '--access', 'read')), ...(await view(db, 'operations'))];

    // open, openat, openat2 and connect by both ABIs; i386 has socketcall too.
    expect(told.map(({ path, operation, success }) => [path, operation ?? 'read', success])).toEqual([
      ...Array(process.arch === 'x64' ? 6 : 2).fill([secret, 'read', undefined]),
      ...Array(process.arch === 'x64' ? 3 : 1).fill([socket, 'connect', true]),
    ]);
  });

  it('keep being told when a file was replaced, and its folder removed and made again', {
    timeout: 90_000,
  }, async () => {
    const db = join(folder, 'replaced');
    const [keys, key] = [join(folder, 'dir'), join(folder, 'dir', 'key')];
    await mkdir(keys);
    await writeFile(key, '1');
    const godo = await startGodo(['--db', db, '--root', '/usr/bin/cat', '--no-sensitive', '--sensitive', key]);
    try {
      await writeFile(`${key}.new`, '2');
      await rename(`${key}.new`, key);
      await runOrThrow('cat', [key]);
      await rm(keys, { recursive: true });
      await waitFor('the kernel to drop the rules', async () => !(await rules()).includes(key), 20_000);
      await mkdir(keys);
      await writeFile(key, '3');
      await waitFor('the rules to be back', async () => (await rules()).includes(key), 30_000);
      await runOrThrow('cat', [key]);
    } finally {
      await godo.stop();
    }
    await succeed('filter', ['--db', db]);
    const losses = (await view(db, 'losses')) as unknown as ShownLoss[];

    expect((await view(db, 'sessions', '--access', 'read')).map(({ path }) => path)).toEqual([key, key]);
    expect(losses.filter(({ source }) => source === 'audit-rules').map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/were gone|From now on/),
    ]);
    expect(await rules()).not.toContain('godo');
  });

  it('leave no rule behind after a kill and a cleanup', { timeout: 60_000 }, async () => {
    const godo = await startGodo(['--db', join(folder, 'killed')]);
    expect(await rules()).toContain('path=/etc/shadow');
    await godo.stop('SIGKILL');
    await succeed('godo', ['cleanup']);

    expect(await rules()).not.toContain('godo');
  });
});

describeWith('reads with containers', [...needs, ...docker, program('gcc', 'gcc')], () => {
  useFolder();
  const engine = useDockerEngine();

  it("of a container's own shadow file, and connections from inside to the engine, are told", {
    timeout: 120_000,
  }, async () => {
    const db = join(folder, 'containers');
    const socket = join(engine().folder, 'docker.sock');
    const [image, binary] = [await imageWithShadow(engine()), await compiled()];
    const godo = await startGodo(['--db', db, '--sensitive', socket, '--scope', 'containers']);
    const [idFile, outside] = [join(folder, 'cid'), join(folder, 'outside')];
    try {
      const own = [`${socket}:/mnt/engine`, '/etc/shadow:/mnt/shadow:ro', `${binary}:/mnt/talk:ro`];
      const mounts = own.flatMap((mount) => ['-v', mount]);
      const script = 'cat /etc/shadow /mnt/shadow; /mnt/talk /mnt/engine; echo x > /tmp/inside';
      const run = ['run', '--network', 'none', '--cidfile', idFile, ...mounts, image];
      await engine().dockerOrThrow([...run, 'sh', '-c', script]);
      await writeFile(outside, 'x');
      await runOrThrow('sh', ['-c', `cat /etc/shadow > ${outside}`]);
    } finally {
      await godo.stop();
    }
    await succeed('filter', ['--db', db]);
    const id = await readFile(idFile, 'utf8');
    const reads = await view(db, 'sessions', '--access', 'read', '--container', id, '--exe', 'busybox');
    const connects = (await view(db, 'operations')).filter(({ operation }) => operation === 'connect');
    const { files, sessions, counts } = await readRawEvidence(db);

    expect(reads.map(({ path }) => path)).toEqual(['/etc/shadow', '/mnt/shadow']);
    expect(connects).toMatchObject([{ path: '/mnt/engine', success: true, containerId: id, fileType: 'socket' }]);
    expect((await view(db, 'sessions', '--exe', 'busybox')).map(({ path }) => path)).toEqual(['/tmp/inside']);
    // Nothing of the host is stored, and how much that was is.
    expect(files.filter(({ containerId }) => containerId === null)).toEqual([]);
    expect(files.map(({ path }) => path)).not.toContain(outside);
    expect(sessions).toMatchObject([{ scope: 'containers' }, { phase: 'end' }]);
    expect(sessions[1]?.counters?.leftOut).toBeGreaterThan(0);
    expect(counts.pids).toBeGreaterThan(0);
  });

  it('of containers that run already are told, and their rules go with them', { timeout: 120_000 }, async () => {
    const db = join(folder, 'running');
    const image = await imageWithShadow(engine());
    const id = await engine().dockerOrThrow(['run', '-d', '--network', 'none', image, 'sleep', '600']);
    const godo = await startGodo(['--db', db]);
    try {
      await waitFor(
        'the rules of the container',
        async () => /path=\S+\/etc\/shadow/.test(ofContainers(await rules())),
        20_000,
      );
      await engine().dockerOrThrow(['exec', id, 'cat', '/etc/shadow']);
      await engine().dockerOrThrow(['rm', '-f', id]);
      await waitFor('the rules to be gone', async () => ofContainers(await rules()) === '', 30_000);
    } finally {
      await godo.stop();
    }
    await succeed('filter', ['--db', db]);
    const reads = await view(db, 'sessions', '--access', 'read', '--container', id, '--exe', 'busybox');

    expect(reads.map(({ path }) => path)).toEqual(['/etc/shadow']);
  });
});

/** Lines of rules about files of containers. */
function ofContainers(listed: string): string {
  return listed
    .split('\n')
    .filter((line) => /path=\/\S+\/etc\/shadow/.test(line))
    .join('\n');
}

/** The image of the tests with a shadow file of its own; as in a hostile one, another name of it leads to the host's. */
async function imageWithShadow(engine: DockerEngine): Promise<string> {
  const name = 'godo-test:shadow';
  if ((await engine.docker(['image', 'inspect', name])).code === 0) return name;
  const folderOfImage = join(engine.folder, 'shadow-image');
  const archive = join(engine.folder, 'shadow.tar');
  const id = await engine.dockerOrThrow(['create', engine.image, 'true']);
  await runOrThrow('sh', ['-c', `docker -H ${engine.host} export ${id} > ${archive}`]);
  await mkdir(folderOfImage, { recursive: true });
  await runOrThrow('tar', ['-C', folderOfImage, '-xf', archive]);
  await mkdir(join(folderOfImage, 'etc'), { recursive: true });
  await writeFile(join(folderOfImage, 'etc/shadow'), 'root:*:1::::::\n', { mode: 0o600 });
  await symlink('/etc/shadow', join(folderOfImage, 'etc/gshadow'));
  await runOrThrow('tar', ['-C', folderOfImage, '-cf', archive, '.']);
  await engine.dockerOrThrow(['rm', id]);
  await engine.dockerOrThrow(['import', archive, name]);
  await runProgram('rm', ['-rf', folderOfImage, archive]);
  return name;
}
