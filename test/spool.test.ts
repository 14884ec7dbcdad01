/** The database is killed, frozen, or not there at the start: nothing is lost, nothing is there twice. */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openRawReader } from '@godo/evidence';
import { expect, it } from 'vitest';
import { startMortalMongoServer } from '../packages/evidence/test/support/mongodb-server.ts';
import { useAuditScene } from './support/audit-scene.ts';
import { mongo, rawDatabase, useMongoServer } from './support/mongodb-scene.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built, startGodo } from './support/programs.ts';
import { runOrThrow } from './support/run-program.ts';
import { tamperingIn } from './support/tampering.ts';
import { waitFor } from './support/wait-for.ts';

/** Writes the files 1 … count in a folder, a little apart from each other. */
async function writeFiles(folder: string, count: number): Promise<void> {
  await runOrThrow('sh', ['-c', `i=0; while [ $i -lt ${count} ]; do i=$((i+1)); echo $i > ${folder}/$i; done`]);
}

async function segments(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, 'spool'), { recursive: true });
  return names.filter((name) => name.endsWith('.spool'));
}

describeWith('a database that goes away', [root, built, mongo, program('auditctl', 'auditd')], () => {
  const scene = useAuditScene('godo-spool-', 'each');
  const server = useMongoServer(startMortalMongoServer);

  /** How often each file's session is in the database. */
  async function stored(rawDb: string, folder: string, count: number): Promise<Record<number, number>> {
    const reader = await openRawReader(rawDatabase(server(), rawDb).target);
    try {
      const times = Object.fromEntries(Array.from({ length: count }, (_, index) => [index + 1, 0]));
      for await (const { sessions } of reader.closedFiles()) {
        for (const { path } of sessions) {
          if (!path?.startsWith(`${folder}/`)) continue;
          const number = Number(path.slice(folder.length + 1));
          times[number] = (times[number] ?? 0) + 1;
        }
      }
      return times;
    } finally {
      await reader.close();
    }
  }

  const spooling = (rawDb: string, folder: string) => [
    ...rawDatabase(server(), rawDb).options,
    ...['--spool', join(folder, 'spool')],
  ];
  const tampering = (rawDb: string) => tamperingIn(rawDatabase(server(), rawDb).target);

  const once = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [index + 1, 1]));

  it('by SIGKILL in the middle, and comes back', { timeout: 180_000 }, async () => {
    const { folder } = scene();
    const godo = await startGodo(spooling('killed', folder));
    await writeFiles(folder, 300);
    await server().kill();
    await writeFiles(folder, 600);
    await waitFor('something in the spool', async () => (await segments(folder)).length > 0, 30_000);
    await server().startAgain();
    await writeFiles(folder, 300);
    // The driver may take longer to find it again than an end waits.
    await waitFor('an empty spool', async () => (await segments(folder)).length === 0, 60_000);
    const { code, stderr } = await godo.stop();

    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('goes into the spool') });
    const times = await stored('killed', folder, 600);
    // The first and the last 300 were written twice, and by other sessions.
    expect(times).toEqual(
      Object.fromEntries(Object.keys(once(600)).map((name) => [name, Number(name) <= 300 ? 3 : 1])),
    );
    expect(await tampering('killed')).toEqual([]);
  });

  it('by SIGSTOP, and goes on', { timeout: 180_000 }, async () => {
    const { folder } = scene();
    const godo = await startGodo(spooling('frozen', folder));
    process.kill(server().pid, 'SIGSTOP');
    try {
      await writeFiles(folder, 500);
      await waitFor('something in the spool', async () => (await segments(folder)).length > 0, 30_000);
      await writeFiles(folder, 1);
    } finally {
      process.kill(server().pid, 'SIGCONT');
    }
    expect((await godo.stop()).code).toBe(0);

    expect(await stored('frozen', folder, 500)).toEqual({ ...once(500), 1: 2 });
    expect(await tampering('frozen')).toEqual([]);
  });

  it('before the end, and is there at the next start, or later', { timeout: 240_000 }, async () => {
    const { folder } = scene();
    const options = spooling('later', folder);
    const first = await startGodo(options);
    await server().kill();
    await writeFiles(folder, 100);
    const end = await first.stop();
    // Still away: it is known, and so it is begun without it.
    const second = await startGodo(options);
    await server().startAgain();
    await waitFor('an empty spool', async () => (await segments(folder)).length === 0, 60_000);
    const last = await second.stop();

    expect({ end: end.code, last: last.code }).toEqual({ end: 1, last: 0 });
    expect(end.stderr).toContain('they wait in the spool');
    expect(await stored('later', folder, 100)).toEqual(once(100));
    expect(await tampering('later')).toEqual([]);
  });
});
