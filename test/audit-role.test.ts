/** The audit role changes hands while godo listens: it goes on beside whoever has it, and says so. */

import { join } from 'node:path';
import { expect, it } from 'vitest';
import { useAuditScene } from './support/audit-scene.ts';
import { readAuditState } from './support/audit-state.ts';
import { startAuditd } from './support/auditd.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built, startGodo } from './support/programs.ts';
import { runOrThrow } from './support/run-program.ts';
import { succeed } from './support/shown-evidence.ts';
import { readRawEvidence } from './support/stored-evidence.ts';
import { waitFor } from './support/wait-for.ts';

/** A file of its own written by a program of its own. */
async function write(path: string): Promise<void> {
  await runOrThrow('dash', ['-c', `dash -c 'echo written > ${path}'; true`]);
}

async function intake(): Promise<string> {
  const status = JSON.parse(await succeed('godo', ['status', '--json'])) as { listener: { intake: string } | null };
  return status.listener?.intake ?? 'none';
}

describeWith('the audit role', [root, built, program('auditd', 'auditd'), program('dash', 'dash')], () => {
  const scene = useAuditScene('godo-role-', 'each');

  it('is given up for an auditd that is started, and taken again after its end', { timeout: 120_000 }, async () => {
    const { folder } = scene();
    const db = join(folder, 'db');
    const files = ['before', 'beside', 'after'].map((name) => join(folder, name));
    const [before = '', beside = '', after = ''] = files;
    const godo = await startGodo(['--db', db]);
    await write(before);

    // As a service manager does: what could not begin is started again.
    const auditd = await waitFor(
      'auditd to come in',
      async () => await startAuditd(join(folder, 'auditd')).catch(() => undefined),
      20_000,
    );
    await waitFor('godo to read the multicast group', async () => (await intake()) === 'multicast', 15_000);
    await write(beside);
    await auditd.stop();
    await waitFor('godo to have the role', async () => (await readAuditState()).pid === godo.pid, 40_000);
    await waitFor('godo to say so', async () => (await intake()) === 'unicast', 15_000);
    await write(after);
    await godo.stop();

    const { files: sessions, losses } = await readRawEvidence(db);
    expect(
      files.map((path) => sessions.filter((session) => session.path === path).map(({ writes }) => writes.bytes)),
    ).toEqual([[8], [8], [8]]);
    const reasons = losses
      .filter(({ source }) => source === 'audit-socket')
      .map(({ severity, reason }) => [severity, reason.split(':')[0]]);
    expect(reasons).toEqual([
      [
        'warning',
        'Another audit daemon has asked for the audit role, which godo has given up for it (start it again where it did not wait)',
      ],
      ['warning', 'The audit role was free, and godo has taken it'],
    ]);
    expect(await readAuditState()).toEqual(scene().before);
  });
});
