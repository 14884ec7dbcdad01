/** A listener has only what it needs, in all of its threads and in what it starts. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { useAuditScene } from './support/audit-scene.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built, startGodo } from './support/programs.ts';
import { runOrThrow } from './support/run-program.ts';
import { succeed } from './support/shown-evidence.ts';
import { readRawEvidence } from './support/stored-evidence.ts';

async function setsOf(pid: number | string): Promise<string[]> {
  const tasks = await readdir(`/proc/${pid}/task`);
  const sets = await Promise.all(
    tasks.map(async (task) => {
      const status = await readFile(`/proc/${pid}/task/${task}/status`, 'latin1');
      return [...status.matchAll(/^Cap(?:Prm|Eff|Bnd):\t([0-9a-f]+)$/gm)].map((match) => match[1] ?? '');
    }),
  );
  return [...new Set(sets.flat())];
}

describeWith('the capabilities of a running listener', [root, built, program('auditctl', 'auditd')], () => {
  const scene = useAuditScene('godo-capabilities-', 'each');

  it('are the same few in each of its threads and in its guardian, and it records all the same', async () => {
    const { folder } = scene();
    const db = join(folder, 'db');
    const godo = await startGodo(['--db', db]);
    const own = await setsOf(godo.pid);
    const children = (await readFile(`/proc/${godo.pid}/task/${godo.pid}/children`, 'latin1')).trim().split(' ');
    const guardian = await setsOf(children[0] ?? '');
    await runOrThrow('sh', ['-c', `echo x > ${join(folder, 'file')}`]);
    await godo.stop();

    expect({ own, guardian, children }).toEqual({
      own: ['000000e040081004'],
      guardian: ['000000e040081004'],
      children: [expect.any(String)],
    });
    const { files } = await readRawEvidence(db);
    expect(files.filter(({ path }) => path === join(folder, 'file'))).toHaveLength(1);
  });

  it('are all for the command of record', async () => {
    const { folder } = scene();
    const seen = join(folder, 'seen');
    await succeed('godo', [
      'record',
      '--db',
      join(folder, 'db'),
      '--',
      'sh',
      '-c',
      `grep CapBnd /proc/self/status > ${seen}`,
    ]);

    expect(await readFile(seen, 'latin1')).toEqual(
      /^CapBnd.*\n/m.exec(await readFile('/proc/self/status', 'latin1'))?.[0],
    );
  });
});
