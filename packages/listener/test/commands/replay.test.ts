import { mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { openRawReader, openRawVerifier, verifyEvidence } from '@godo/evidence';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { mongoTargets } from '../../../evidence/test/support/databases.ts';
import { canStartMongoServer } from '../../../evidence/test/support/mongodb-server.ts';
import { program } from '../../src/commands/program.ts';
import type { World } from '../../src/commands/world.ts';
import { diagLines } from '../../src/diag/diag-line.ts';
import type { MountsEvent } from '../../src/events.ts';
import { close, exit, fork, nsAt, open, sessionEnd, sessionStart } from '../support/events.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

/** What descriptors of our own are open. */
function linksOf(names: readonly string[]): string[] {
  return names.flatMap((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`);
    } catch {
      return [];
    }
  });
}

describe('godo replay', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'godo-replay-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  /** Runs `godo replay` into a new database and returns what it printed. */
  async function replay(...argv: string[]): Promise<string[]> {
    const printed: string[] = [];
    const world: World = {
      log: () => pino({ level: 'silent' }),
      print: (text) => printed.push(text),
      exitWith: () => undefined,
    };
    await program(world).parseAsync(['replay', '--db', join(directory, 'db'), ...argv], { from: 'user' });
    return printed;
  }

  async function files() {
    const reader = await openRawReader({ kind: 'sqlite', directory: join(directory, 'db') });
    try {
      const all = [];
      for await (const { sessions } of reader.closedFiles()) {
        for (const { origin, path, closedBy } of sessions) all.push([origin.host, path, closedBy]);
      }
      return all;
    } finally {
      await reader.close();
    }
  }

  it('makes evidence of an audit.log, once, however often it is run', async () => {
    const log = fixture('enriched-node-shell-redirects.log');
    const [first = ''] = await replay(log, '--json');
    const [second = ''] = await replay(log, '--json');
    const { documents } = JSON.parse(first);

    expect(JSON.parse(first)).toEqual({ lines: 186, events: 78, badLines: 0, documents, duplicates: 0 });
    expect(JSON.parse(second)).toEqual({ lines: 186, events: 78, badLines: 0, documents: 0, duplicates: documents });
    expect(documents).toBeGreaterThan(10);
    expect(await files()).toEqual([
      ['web-1', '/srv/example/hello.txt', 'dup'],
      ['web-1', '/srv/example/copy.txt', 'dup'],
    ]);
  });

  it('makes evidence of a --diag file, which it tells by its first line', async () => {
    const stamp = 'msg=audit(1700000000.020:20): ';
    const lines = [
      `type=SYSCALL ${stamp}arch=c000003e syscall=2 success=yes exit=3 a0=7f a1=241 a2=1b6 a3=0 ppid=1 pid=20 comm="sh" exe="/bin/sh"`,
      `type=PATH ${stamp}item=0 name="/srv/out" inode=42 dev=fe:00 mode=0100644 nametype=CREATE`,
    ];
    const closing = [
      'type=SYSCALL msg=audit(1700000000.021:21): arch=c000003e syscall=3 success=yes exit=0 a0=3 ppid=1 pid=20',
    ];
    const events = [
      sessionStart(),
      fork(10, { tgid: 20, parentTgid: 1 }),
      open(20, 20, { lines }),
      close(21, 20, 3, { lines: closing }),
      sessionEnd(30),
    ];
    const path = join(directory, '1.txt');
    writeFileSync(path, `${events.flatMap(diagLines).join('\n')}\n`, 'latin1');

    expect((await replay(path, '--json')).map((line) => JSON.parse(line))).toEqual([
      { lines: 8, events: 5, badLines: 0, documents: 7, duplicates: 0 },
    ]);
    expect(await files()).toEqual([['host-1', '/srv/out', 'close']]);
  });

  it('names the host of a log that does not', async () => {
    await replay(fixture('open-name-not-utf8.log'), '--host', 'web-7');
    const reader = await openRawReader({ kind: 'sqlite', directory: join(directory, 'db') });
    const hosts = [];
    for await (const { host, phase } of reader.sessions()) hosts.push([host, phase]);
    await reader.close();

    expect(hosts).toEqual([
      ['web-7', 'start'],
      ['web-7', 'end'],
    ]);
  });

  it('takes CRLF line ends, and counts lines with NULs, without an end and of rubbish', async () => {
    const log = readFileSync(fixture('enriched-node-shell-redirects.log'), 'latin1');
    const path = join(directory, 'mixed.log');
    const nuls = `type=SYSCALL msg=audit(1.000:2): \0\0\n${'\0'.repeat(5000)}\n`;
    writeFileSync(path, `${log.replaceAll('\n', '\r\n')}${nuls}type=SYSCALL msg=aud`, 'latin1');
    const [summary = ''] = await replay(path, '--json');

    expect(JSON.parse(summary)).toMatchObject({ lines: 189, badLines: 2 });
    expect(await files()).toEqual([
      ['web-1', '/srv/example/hello.txt', 'dup'],
      ['web-1', '/srv/example/copy.txt', 'dup'],
    ]);
  });

  it.each([
    ['is compressed with gzip: zcat FILE | godo replay -', 'a.log.1.gz', gzipSync('type=SYSCALL')],
    ['is compressed with bzip2: bzcat FILE | godo replay -', 'a.log.bz2', Buffer.from('BZh91AY&SY')],
    ['holds no audit event', 'short.gz', Buffer.from([0x1f])],
  ])('says that a file %s', async (sentence, name, content) => {
    const path = join(directory, name);
    writeFileSync(path, content);
    await expect(replay(path)).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining(sentence) });
  });

  it.each([
    [directory, 'a directory'],
    ['/dev/null/x', 'no directory'],
    [`/tmp/${'x'.repeat(300)}`, 'a name that is too long'],
    ['/proc/self/mem', 'what cannot be read'],
  ])('says in one sentence that it cannot read what is %#', async (path) => {
    await expect(replay(path === '' ? directory : path)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining('cannot be read'),
    });
  });

  it('goes on to the end of a file that vanishes meanwhile, and ends where one is cut off', async () => {
    const log = readFileSync(fixture('enriched-node-shell-redirects.log'));
    const path = join(directory, 'vanishing.log');
    writeFileSync(path, Buffer.concat(Array.from({ length: 40 }, () => log)));
    const done = replay(path, '--json');
    await vi.waitFor(async () => expect(await readdir('/proc/self/fd').then(linksOf)).toContain(path), { interval: 1 });
    rmSync(path);
    expect(JSON.parse((await done)[0] ?? '')).toMatchObject({ lines: 186 * 40, badLines: 0 });
    writeFileSync(path, log.subarray(0, 1000));
    expect(JSON.parse((await replay(path, '--json'))[0] ?? '')).toMatchObject({ badLines: expect.any(Number) });
  });

  it.each([
    ['cannot be read', 'nothing-there', null],
    ['holds no audit event: is it an audit.log or a --diag file?', 'empty', ''],
    ['holds no audit event (line 1: no type=): is it an audit.log or a --diag file?', 'poem', 'The rain in Spain\n'],
  ])('says in one sentence that a file %s', async (sentence, name, content) => {
    const path = join(directory, name);
    if (content !== null) writeFileSync(path, content);

    await expect(replay(path)).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining(sentence) });
  });
});

describe.skipIf(!canStartMongoServer())('godo replay into a database that refuses a document for good', () => {
  const newTarget = mongoTargets();
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'godo-replay-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('makes evidence of everything else, states the loss, and fails, however often', { timeout: 60_000 }, async () => {
    const mount = { id: 1, parent: 0, root: '/', dev: '0:1', fsType: 'tmpfs', source: 'tmpfs' };
    // Each byte becomes three of text and two of hex.
    const entries = [{ ...mount, mountPoint: `/${'\xff'.repeat(6_000_000)}` }];
    const mounts: MountsEvent = { kind: 'mounts', timeNs: nsAt(15), containerId: null, namespace: null, entries };
    const start = fork(10, { tgid: 20, parentTgid: 1 });
    const events = [sessionStart(), start, mounts, exit(20, { tgid: 20 }), sessionEnd(30)];
    const path = join(directory, '1.txt');
    writeFileSync(path, `${events.flatMap(diagLines).join('\n')}\n`, 'latin1');
    const target = newTarget();
    const world: World = { log: () => pino({ level: 'silent' }), print: () => undefined, exitWith: () => undefined };
    const replay = async () => {
      const argv = ['replay', '--db', target.uri, '--raw-db', target.rawDb, path];
      await program(world).parseAsync(argv, { from: 'user' });
    };

    const message = /^The database refuses 1 document\(s\) for good: events .* All others are in it\.$/;
    for (let time = 0; time < 2; time += 1) await expect(replay()).rejects.toThrow(message);

    const reader = await openRawReader(target);
    const source = await openRawVerifier(target);
    const counts = [await reader.count('pids'), await reader.count('losses'), await reader.count('events')];
    const { verdict, problems, runs } = await verifyEvidence(source);
    await reader.close();
    await source.close();
    expect({ verdict, problems, counts, chain: runs.flatMap(({ chain }) => chain) }).toEqual({
      verdict: 'gaps',
      problems: [],
      counts: [2, 1, 0],
      chain: [],
    });
  });
});
