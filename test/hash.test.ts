/** What changed files held, on the real kernel: of the host, of containers and of their volumes. */

import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { useAuditScene } from './support/audit-scene.ts';
import { docker, useDockerEngine } from './support/docker-scene.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built, parseJsonLines, startGodo } from './support/programs.ts';
import { succeed } from './support/shown-evidence.ts';
import { readRawEvidence } from './support/stored-evidence.ts';

type Fields = Readonly<Record<string, unknown>>;

const needs = [root, built, program('auditctl', 'auditd')];
let folder: string;

/** The scene of a `describe`; its folder is the one that tests use. */
function useFolder(): void {
  useAuditScene('godo-hash-', 'once', (scene) => {
    folder = scene.folder;
  });
}

const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');

async function contents(db: string): Promise<Fields[]> {
  const events = parseJsonLines<Fields>(await succeed('viewer', ['--db', db, 'events', '--json']));
  return events.filter(({ kind }) => kind === 'content').map(({ data }) => data as Fields);
}

const read = (path: string, content: string) => ({
  ...{ path, size: Buffer.byteLength(content), sha256: sha256(content), stable: true },
});
const unread = (path: string, reason: string) => ({ path, sha256: null, stable: null, reason });

describeWith('contents of changed files on a host', needs, () => {
  useFolder();

  it('are told of files as they came to rest, and of others why not', { timeout: 90_000 }, async () => {
    const db = join(folder, 'db');
    const diag = join(folder, 'diag.log');
    const files = join(folder, 'files');
    await mkdir(files);
    await writeFile(join(files, 'secret'), 'not to be told of under another name');
    const script = [
      'echo one > plain',
      // Closed many times, read once.
      'for i in 1 2 3 4 5 6 7 8 9; do echo $i >> many; done',
      'echo x > gone; rm gone',
      'echo x > linked; rm linked; ln -s secret linked',
      'echo x > replaced; echo other > other; mv other replaced',
      'echo x > pipe; rm pipe; mkfifo pipe',
      'head -c 5000 /dev/zero > large',
      'echo y > before; ln -s before link; echo z > link',
      "printf 'odd' > \"$(printf 'n\\377')\"",
      'sleep 1',
    ];
    const options = ['--db', db, '--diag', diag, '--hash', '--hash-max', '4096'];
    await succeed('godo', ['record', ...options, '--', 'sh', '-c', `cd ${files}\n${script.join('\n')}`]);
    const found = new Map((await contents(db)).map((data) => [data.path, data]));
    const at = (name: string) => join(files, name);

    expect([...found.values()].sort((a, b) => (String(a.path) < String(b.path) ? -1 : 1))).toMatchObject([
      read(at('before'), 'z\n'),
      unread(at('gone'), 'it is gone'),
      { ...unread(at('large'), 'it has more than 4096 bytes'), size: 5000 },
      read(at('link'), 'z\n'),
      unread(at('linked'), 'another file is there'),
      read(at('many'), '1\n2\n3\n4\n5\n6\n7\n8\n9\n'),
      { ...read(at('n\ufffd'), 'odd'), pathHex: Buffer.from(`${at('n')}\xff`, 'latin1').toString('hex') },
      unread(at('other'), 'it is gone'),
      unread(at('pipe'), 'another file is there'),
      read(at('plain'), 'one\n'),
      unread(at('replaced'), 'another file is there'),
    ]);
    // The views have them beside the sessions, and the diagnosis file has them too.
    const [plain] = parseJsonLines<Fields>(
      await succeed('viewer', ['--db', db, 'sessions', '--path', at('plain'), '--json']),
    );
    expect(plain).toMatchObject({ content: { sha256: sha256('one\n') } });
    expect(await succeed('viewer', ['--db', db, 'file', at('plain')])).toContain(sha256('one\n'));
    await succeed('godo', ['replay', diag, '--db', join(folder, 'again')]);
    const [live, again] = [await readRawEvidence(db), await readRawEvidence(join(folder, 'again'))];
    expect(again.events).toEqual(live.events);
  });
});

describeWith('contents of changed files in a container', [...needs, ...docker], () => {
  useFolder();
  const engine = useDockerEngine();

  it('are found in its root and its volumes, and nowhere outside', { timeout: 120_000 }, async () => {
    const db = join(folder, 'db');
    const volume = join(folder, 'volume');
    await mkdir(volume);
    await writeFile(join(folder, 'hostname'), 'of the host');
    const script = [
      'echo inside > /tmp/inside',
      // By a process that has ended before it is read.
      '(echo volume > /data/file)',
      'echo x > /tmp/evil; rm /tmp/evil; ln -s /../../../../etc/hostname /tmp/evil',
      'sleep 2',
    ];
    const godo = await startGodo(['--db', db, '--hash']);
    const idFile = join(folder, 'cid');
    try {
      const mounts = ['-v', `${volume}:/data`, '--cidfile', idFile];
      await engine().dockerOrThrow([
        'run',
        '--network',
        'none',
        ...mounts,
        engine().image,
        'sh',
        '-c',
        script.join('\n'),
      ]);
    } finally {
      await godo.stop();
    }
    await succeed('filter', ['--db', db]);
    const id = await readFile(idFile, 'utf8');
    const events = parseJsonLines<Fields>(
      await succeed('viewer', ['--db', db, 'events', '--container', id, '--json']),
    ).filter(({ kind }) => kind === 'content');
    const found = Object.fromEntries(events.map(({ data }) => [(data as Fields).path, data]));

    expect(found).toMatchObject({
      '/tmp/inside': read('/tmp/inside', 'inside\n'),
      '/data/file': read('/data/file', 'volume\n'),
      '/tmp/evil': unread('/tmp/evil', 'another file is there'),
    });
    expect(sha256(await readFile(join(volume, 'file')))).toBe((found['/data/file'] as Fields).sha256);
  });
});
