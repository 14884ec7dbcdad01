/** After a crash nothing of godo stays in the kernel, and the gap is stated all the same. */

import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expect, it } from 'vitest';
import { useAuditScene } from './support/audit-scene.ts';
import { readAuditState } from './support/audit-state.ts';
import { describeWith, program, root } from './support/needs.ts';
import { binPath, built, isReady, startGodo } from './support/programs.ts';
import { succeed } from './support/shown-evidence.ts';
import { readRawEvidence } from './support/stored-evidence.ts';
import { waitFor } from './support/wait-for.ts';

interface Status {
  readonly rules: number;
  readonly listener: unknown;
  readonly leftBehind: boolean;
}

async function status(): Promise<Status> {
  return JSON.parse(await succeed('godo', ['status', '--json'])) as Status;
}

/** Children of a process, by their process ids. */
async function childrenOf(pid: number): Promise<{ pid: number; argv: string[] }[]> {
  const pids = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').filter(Boolean);
  return await Promise.all(
    pids.map(async (text) => ({
      pid: Number(text),
      // One that was ended a moment ago may be gone by now.
      argv: (await readFile(`/proc/${text}/cmdline`, 'utf8').catch(() => '')).split('\0'),
    })),
  );
}

describeWith('the guardian', [root, built, program('auditctl', 'auditd')], () => {
  const scene = useAuditScene('godo-guardian-', 'each');
  /** The rules go first. */
  const isAsBefore = async () => isDeepStrictEqual(await readAuditState(), scene().before);

  it('takes the rules out within five seconds of a SIGKILL, and the next start states the gap', async () => {
    const db = join(scene().folder, 'db');
    const first = await startGodo(['--db', db]);
    const { rules } = await status();
    await first.stop('SIGKILL');
    const killed = performance.now();
    await waitFor('an end of the rules', async () => (await status()).rules === 0, 20_000);
    const seconds = (performance.now() - killed) / 1000;

    expect(rules).toBeGreaterThan(20);
    expect(seconds).toBeLessThan(5);
    await waitFor('the settings as they were', isAsBefore, 5_000);
    expect(await status()).toMatchObject({ listener: null, leftBehind: false });

    const second = await startGodo(['--db', db]);
    await second.stop();
    const { losses } = await readRawEvidence(db);
    expect(losses.filter(({ source }) => source === 'listener')).toHaveLength(1);
    expect(await readAuditState()).toEqual(scene().before);
    expect(await status()).toMatchObject({ rules: 0, listener: null, leftBehind: false });
  });

  it('takes them out too where nobody waits for the listener that was killed, and another can start', async () => {
    const { folder } = scene();
    const [db, log] = [join(folder, 'db'), join(folder, 'log')];
    const command = '"$0" "$@" & echo $!; exec sleep 120';
    const parent = spawn('sh', ['-c', `exec 2> '${log}'; ${command}`, process.execPath, binPath('godo'), '--db', db]);
    try {
      const pid = Number(await new Promise((told) => parent.stdout.once('data', told)));
      await waitFor('godo to say "listening"', async () => isReady(await readFile(log, 'utf8')), 60_000);
      process.kill(pid, 'SIGKILL');
      await waitFor('an end of the rules', async () => (await status()).rules === 0, 20_000);

      expect(await readFile(`/proc/${pid}/stat`, 'latin1')).toMatch(/\) Z /);
      await waitFor('the settings as they were', isAsBefore, 5_000);
      const second = await startGodo(['--db', db]);
      expect(await second.stop()).toMatchObject({ code: 0 });
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('and a start that comes at once leave the kernel as it was, whoever is quicker', {
    timeout: 120_000,
  }, async () => {
    const db = join(scene().folder, 'db');
    const rounds = 2;
    for (let round = 0; round < rounds; round += 1) {
      const first = await startGodo(['--db', db]);
      await first.stop('SIGKILL');
      // Both need about as long to begin.
      const second = await startGodo(['--db', db]);
      expect((await status()).rules).toBeGreaterThan(20);
      expect(await second.stop()).toMatchObject({ code: 0 });
      expect(await readAuditState()).toEqual(scene().before);
      expect(await status()).toMatchObject({ rules: 0, listener: null, leftBehind: false });
    }
    const { losses } = await readRawEvidence(db);
    expect(losses.filter(({ source }) => source === 'listener')).toHaveLength(rounds);
  });

  it('does nothing where another listener has begun meanwhile', async () => {
    const godo = await startGodo(['--db', join(scene().folder, 'db')]);
    const { rules } = await status();
    await succeed('godo', ['cleanup', '--after', '1']);

    expect(await status()).toMatchObject({ rules });
    await godo.stop();
  });

  it('ends with its listener, and is replaced when somebody ends it', async () => {
    const godo = await startGodo(['--db', join(scene().folder, 'db')]);
    const guardians = async () => (await childrenOf(godo.pid)).filter(({ argv }) => argv.includes('cleanup'));
    const [first] = await guardians();
    process.kill(first?.pid ?? Number.NaN, 'SIGKILL');
    const second = await waitFor(
      'another guardian',
      async () => (await guardians()).find(({ pid }) => pid !== first?.pid),
      20_000,
    );
    await godo.stop();

    await expect(readFile(`/proc/${second.pid}/stat`)).rejects.toMatchObject({ code: 'ENOENT' });
    expect((await status()).rules).toBe(0);
  });
});
