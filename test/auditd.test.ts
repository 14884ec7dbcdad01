import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AuditLock, takeAuditLock } from './support/audit-lock.ts';
import { type AuditState, readAuditState, restoreAuditState } from './support/audit-state.ts';
import { type Auditd, startAuditd } from './support/auditd.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built } from './support/programs.ts';
import { type ShownEvidence, type ShownFile, showEvidence, succeed } from './support/shown-evidence.ts';

/** Beside a real auditd: what godo sees itself, and what it makes of the log that auditd wrote of the same minutes. */
describeWith('beside auditd', [root, built, program('auditd', 'auditd'), program('dash', 'dash')], () => {
  let lock: AuditLock;
  let before: AuditState;
  let folder: string;
  let auditd: Auditd;
  let live: ShownEvidence;
  let replayed: ShownEvidence;
  let during: AuditState;

  beforeAll(async () => {
    lock = await takeAuditLock();
    before = await readAuditState();
    folder = await mkdtemp(join(tmpdir(), 'godo-auditd-'));
    auditd = await startAuditd(join(folder, 'auditd'));
    const liveDb = join(folder, 'live');
    const file = (name: string) => join(folder, name);
    const line = `echo one > ${file('a')}; dash -c "cat ${file('a')} > ${file('b')}"; cp ${file('b')} ${file('c')}`;
    await succeed('godo', ['record', '--db', liveDb, '--', 'dash', '-c', line]);
    during = await readAuditState();
    await auditd.stop();
    live = await showEvidence(['--db', liveDb]);

    const logDb = join(folder, 'log');
    await succeed('godo', ['replay', auditd.log, '--db', logDb, '--root', '/usr/bin/dash', '--quiet']);
    await succeed('filter', ['--db', logDb, '--quiet']);
    replayed = await showEvidence(['--db', logDb]);
  }, 17 * 60_000);

  afterAll(async () => {
    await auditd?.stop();
    if (before !== undefined) await restoreAuditState(before);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    await lock?.release();
  });

  const written = (evidence: ShownEvidence) =>
    evidence.files
      .filter((file) => file.path?.startsWith(folder))
      .map((file) => ({
        path: file.path?.slice(folder.length + 1),
        argv: argvOf(evidence, file.key),
        writers: file.writers.map(({ key, count, bytes }) => ({ argv: argvOf(evidence, key), count, bytes })),
        closedBy: file.closedBy,
      }));
  const argvOf = (evidence: ShownEvidence, key: ShownFile['key']) =>
    evidence.processes.find((process) => process.key === key)?.argv?.map((word) => word.replaceAll(`${folder}/`, ''));

  it('leaves the audit role and the settings to auditd, and its rules are gone afterwards', () => {
    expect(during).toEqual({ ...before, pid: auditd.pid });
  });

  it('sees what the command did all the same, and says that it had to share', () => {
    const inner = ['dash', '-c', 'cat a > b'];
    expect(written(live)).toEqual([
      {
        path: 'a',
        argv: ['dash', '-c', 'echo one > a; dash -c "cat a > b"; cp b c'],
        writers: [{ argv: ['dash', '-c', 'echo one > a; dash -c "cat a > b"; cp b c'], count: 1, bytes: 4 }],
        closedBy: 'dup',
      },
      {
        path: 'b',
        argv: inner,
        writers: [{ argv: ['cat', 'a'], count: 1, bytes: 4 }],
        closedBy: 'dup',
      },
      {
        path: 'c',
        argv: ['cp', 'b', 'c'],
        writers: [{ argv: ['cp', 'b', 'c'], count: 1, bytes: 4 }],
        closedBy: 'close',
      },
    ]);
    expect(live.losses.map((loss) => loss.reason).join('\n')).toContain(`(pid ${auditd.pid}) holds the audit role`);
  });

  it('makes the same files of the log that auditd wrote, by the same programs', () => {
    expect(written(replayed)).toEqual(written(live));
  });

  it('marks the edges that it had to conclude from the log', () => {
    const edges = replayed.processes.map(({ argv, parentSource }) => ({ program: argv?.[0], parentSource }));
    expect(edges).toEqual(
      expect.arrayContaining([
        { program: 'cat', parentSource: 'inferred' },
        { program: 'cp', parentSource: 'inferred' },
      ]),
    );
  });

  it("takes no gap in auditd's own numbers for a loss of the kernel", () => {
    expect(replayed.losses).toEqual([]);
  });
});
