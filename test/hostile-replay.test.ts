/** `godo replay` of what is no log, or no whole one, or has no end: it ends, says what was wrong, and takes no more memory for it. */

import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from './support/needs.ts';
import { binPath, built, runGodoProgram } from './support/programs.ts';
import { waitFor } from './support/wait-for.ts';

const record = (serial: number) =>
  `type=SYSCALL msg=audit(1700000000.001:${serial}): arch=c000003e syscall=3 success=yes exit=0 a0=3 ppid=1 pid=20\n`;
const gigabyte = 2 ** 30;

describeWith('the replay of endless input', [built], () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godo-endless-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each(['/dev/urandom', '/dev/zero'])('%s is refused after 64 MiB', async (device) => {
    const outcome = await runGodoProgram('godo', ['replay', '--db', join(folder, 'db'), device], {
      timeoutMs: 120_000,
    });
    expect(outcome.code).toBe(1);
    expect(outcome.stderr.split('\n').at(-2)).toMatch(
      /^\/dev\/\w+ holds no audit event in its first 64 MiB \(line 1: .*\): is it an audit\.log or a --diag file\?$/,
    );
  });

  it('a line of a gigabyte between records is one line that is too long', async () => {
    const args = [binPath('godo'), 'replay', '--json', '--db', join(folder, 'long'), '-'];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (text) => (out += text));
    child.stderr.on('data', (text) => (err += text));
    const ended = once(child, 'close');
    child.stdin.on('error', () => undefined);
    const give = async (text: string | Buffer) => {
      if (!child.stdin.write(text)) await Promise.race([once(child.stdin, 'drain'), ended]);
    };
    await give(record(1));
    const piece = Buffer.alloc(2 ** 20, 'x');
    for (let given = 0; given < gigabyte; given += piece.length) await give(piece);
    await give(`\n${record(2)}`);
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
    child.stdin.end();
    expect(await ended).toEqual([0, null]);

    expect(JSON.parse(out)).toMatchObject({ lines: 3, events: 2, badLines: 1 });
    expect(err).toContain('the first is line 2: ');
    expect(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1])).toBeLessThan(400_000);
  });
});

const three = [record(1), record(2), record(3)].join('');
const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(three, 'utf16le')]);
const zipped = gzipSync(Buffer.from(three.repeat(100)));
const noEvent = /holds no audit event \(line 1: .*\): is it an audit\.log or a --diag file\?$/m;
const read = (lines: number, events: number, badLines: number) => ({ lines, events, badLines });

describeWith('the replay of what is no whole log', [built], () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godo-hostile-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function replay(file: string, timeoutMs = 60_000) {
    const args = ['replay', '--json', '--db', join(folder, `db-${randomBytes(4).toString('hex')}`), file];
    const outcome = await runGodoProgram('godo', args, { timeoutMs });
    expect(outcome.stderr).not.toMatch(/^\s+at |[a-z]Error:/m);
    return outcome;
  }

  it.each<[string, string | Buffer, number, RegExp | ReturnType<typeof read>]>([
    ['noise', randomBytes(8 * 2 ** 20), 1, noEvent],
    ['zeros', Buffer.alloc(2 ** 20), 1, noEvent],
    ['UTF-16', utf16, 1, noEvent],
    ['nothing', '', 1, /holds no audit event: is it/],
    ['line ends alone', '\r\n\r\n\n', 1, /holds no audit event: is it/],
    ['a gzip file that was cut off', zipped.subarray(0, 60), 1, /is compressed with gzip: zcat FILE/],
    ['zeros within its lines', three.replaceAll('arch', '\0arch'), 0, read(3, 3, 0)],
    ['zeros within its names of types', three.replace('SYSCALL', 'SYS\0CALL'), 0, read(3, 2, 1)],
    ['CRLF at its line ends', three.replaceAll('\n', '\r\n'), 0, read(3, 3, 0)],
    ['the mark of UTF-8 before it', `\ufeff${three}`, 0, read(3, 2, 1)],
    ['a record that was cut off', three.slice(0, -9), 0, /Line 3, the last one, has no end/],
  ])('%s', async (_, content, code, told) => {
    const file = join(folder, 'given');
    await writeFile(file, content);
    const outcome = await replay(file);
    expect(outcome.code).toBe(code);
    if (told instanceof RegExp) expect(outcome.stderr).toMatch(told);
    else expect(JSON.parse(outcome.stdout)).toMatchObject(told);
    if (code === 0 && !(told instanceof RegExp) && told.badLines > 0)
      expect(outcome.stderr).toContain('could not be read');
  });

  it('a folder, a file that is not there, memory that cannot be read', async () => {
    for (const file of [folder, join(folder, 'none'), '/proc/self/mem']) {
      const { code, stderr } = await replay(file);
      expect([file, code]).toEqual([file, 1]);
      expect(stderr).toMatch(/cannot be read: E[A-Z]+: /);
    }
  });

  it('a pipe: it says that it waits for a writer, is ended by a signal, and reads what is written', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const start = () => {
      const args = [binPath('godo'), 'replay', '--json', '--db', join(folder, 'piped'), pipe];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
      const text = { out: '', err: '' };
      child.stdout.on('data', (more) => (text.out += more));
      child.stderr.on('data', (more) => (text.err += more));
      return { child, text, ended: once(child, 'close') };
    };
    const waiting = start();
    await waitFor('a word of the pipe', () => waiting.text.err.includes('waiting for who writes'), 60_000);
    waiting.child.kill('SIGTERM');
    expect(await waiting.ended).toEqual([null, 'SIGTERM']);

    const reading = start();
    await writeFile(pipe, three);
    expect(await reading.ended).toEqual([0, null]);
    expect(JSON.parse(reading.text.out)).toMatchObject(read(3, 3, 0));
  });
});
