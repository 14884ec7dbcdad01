/** `godo replay` of what has no end, or no line end: it ends, says what was wrong, and takes no more memory for it. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from './support/needs.ts';
import { binPath, built, runGodoProgram } from './support/programs.ts';

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
