/** What godo knows not to see: stated by the evidence and by `godo status`, on the real kernel. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { useAuditScene } from './support/audit-scene.ts';
import { describeWith, program, root } from './support/needs.ts';
import { binPath, built } from './support/programs.ts';
import { runOrThrow } from './support/run-program.ts';
import { showEvidence, succeed } from './support/shown-evidence.ts';

/** Of a user that nobody is. */
const rule = ['never,task', '-F', 'uid=3735928559'];

describeWith('blind spots', [root, built, program('auditctl', 'auditd')], () => {
  const scene = useAuditScene('godo-blind-', 'each');

  /** Records a shell line; what the evidence states of blind spots, and what `godo status` says meanwhile. */
  async function record(line: string) {
    const db = join(scene().folder, 'db');
    const status = (file: string) => `${process.execPath} ${binPath('godo')} status ${file}`;
    const asked = `${status('--json')} > ${scene().folder}/json; ${status('')} > ${scene().folder}/text`;
    await succeed('godo', ['record', '--db', db, '--', 'sh', '-c', `${line}; ${asked}`]);
    const { losses } = await showEvidence(['--db', db]);
    const said = JSON.parse(await readFile(join(scene().folder, 'json'), 'utf8')) as { blindSpots: readonly string[] };
    return {
      stated: losses.filter(({ source }) => source === 'blind-spot').map(({ severity, reason }) => [severity, reason]),
      status: said.blindSpots,
      text: await readFile(join(scene().folder, 'text'), 'utf8'),
    };
  }

  it('that are there at the start are stated each by itself, and shown by the status of the running listener', async () => {
    await runOrThrow('auditctl', ['-a', ...rule]);
    try {
      const { stated, status, text } = await record('true');

      expect(stated).toEqual(status.map((reason) => ['warning', reason]));
      expect(status).toContainEqual(expect.stringMatching(/^1 task,never rule/));
      for (const spot of status) expect(text).toContain(`blind spot    ${spot}\n`);
    } finally {
      await runOrThrow('auditctl', ['-d', ...rule]);
    }
  });

  it('that somebody makes while godo listens are stated too', async () => {
    try {
      // The kernel tells of the change, and godo looks within two seconds.
      const { stated, status } = await record(`auditctl -a ${rule.join(' ')} > ${scene().folder}/said; sleep 4`);

      expect(stated).toContainEqual(['warning', expect.stringMatching(/^Somebody loaded 1 task,never rule/)]);
      expect(status).toContainEqual(expect.stringMatching(/^1 task,never rule/));
    } finally {
      await runOrThrow('auditctl', ['-d', ...rule]);
    }
  });
});
