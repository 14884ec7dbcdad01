/** The unit of `godo install-service` under a real systemd. */

import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { useAuditScene } from './support/audit-scene.ts';
import { readAuditState } from './support/audit-state.ts';
import { staticBusybox } from './support/busybox-image.ts';
import { type DockerEngine, startDockerEngine } from './support/docker-engine.ts';
import { describeWith, program, root } from './support/needs.ts';
import { binPath, built, parseJsonLines } from './support/programs.ts';
import { runOrThrow } from './support/run-program.ts';
import { succeed } from './support/shown-evidence.ts';
import { readRawEvidence } from './support/stored-evidence.ts';
import { type SystemdManager, startSystemd } from './support/systemd.ts';
import { waitFor } from './support/wait-for.ts';

const needs = [
  ...[root, built, program('auditctl', 'auditd'), program('systemctl', 'systemd'), program('unshare', 'util-linux')],
  ...[program('dockerd', 'docker.io'), program('docker', 'docker.io'), staticBusybox],
];
/** Long for a machine that hangs now and then, short for a test. */
const watchdogS = 10;
const againMs = 60_000;

describeWith('the unit of install-service under systemd', needs, () => {
  const scene = useAuditScene('godo-service-', 'once');
  let systemd: SystemdManager;
  let engine: DockerEngine;
  /** /var/lib/godo of the service. */
  let state: string;

  beforeAll(async () => {
    state = join(scene().folder, 'state');
    await mkdir(state, { mode: 0o700 });
    systemd = await startSystemd(state);
    await systemd.install({
      'godo.service': await succeed('godo', ['install-service', '--print', '--', '--hash']),
      // Only run when the unit's own clean-up has ended well.
      'godo.service.d/test.conf': `[Service]\nWatchdogSec=${watchdogS}\nExecStopPost=/bin/sh -c "auditctl -l > /run/godo/rules"\n`,
    });
    engine = await startDockerEngine(null, systemd.inside);
  }, 17 * 60_000);

  afterAll(async () => {
    // Where one is not ended the rest must be all the same, and the audit state be put back.
    const tell = (error: unknown) => process.stderr.write(`${(error as Error).stack}\n`);
    await engine?.stop().catch(tell);
    await systemd?.stop().catch(tell);
  });

  const mainPid = async () => {
    const pid = Number((await systemd.show('godo', 'MainPID')).MainPID);
    // A signal to 0 is one to all of our own group.
    if (!(pid > 1)) throw new Error('The service does not run.');
    return pid;
  };
  const status = async () => {
    const { stdout } = await systemd.run([process.execPath, binPath('godo'), 'status', '--json']);
    return JSON.parse(stdout) as { rules: number; listener: null | { pid: number; counters: Record<string, number> } };
  };
  const restarted = (times: number) =>
    waitFor(
      'the service to be started again',
      async () => {
        const { NRestarts, ActiveState } = await systemd.show('godo', 'NRestarts', 'ActiveState');
        return NRestarts === String(times) && ActiveState === 'active';
      },
      againMs,
    );

  it('starts when it listens, confined', async () => {
    await systemd.systemctl('start', 'godo');

    expect(await systemd.show('godo', 'ActiveState', 'StatusText', 'NRestarts')).toEqual({
      ActiveState: 'active',
      StatusText: 'listening (unicast)',
      NRestarts: '0',
    });
    const pid = await mainPid();
    const confined = await readFile(`/proc/${pid}/status`, 'latin1');
    const mounts = await readFile(`/proc/${pid}/mountinfo`, 'latin1');
    expect({
      capabilities: /^CapBnd:\t(\w+)$/m.exec(confined)?.[1],
      noNewPrivs: /^NoNewPrivs:\t(\d)$/m.exec(confined)?.[1],
      seccomp: /^Seccomp:\t(\d)$/m.exec(confined)?.[1],
      root: / \/ \/ (r[ow]),/.exec(mounts)?.[1],
    }).toEqual({ capabilities: '000000e040081004', noNewPrivs: '1', seccomp: '2', root: 'ro' });
    expect(await status()).toMatchObject({ listener: { pid, counters: { bpfRingBytes: expect.any(Number) } } });
  });

  it('sees the host and its containers as if it were not confined', { timeout: 120_000 }, async () => {
    const onHost = join(scene().folder, 'on-host');
    await runOrThrow('sh', ['-c', `echo host > ${onHost}`]);
    // Its own shadow file is there when it is started, as in an image.
    const shadow = join(scene().folder, 'shadow');
    await writeFile(shadow, 'root:*:1::::::\n');
    const script = 'sleep 1; cat /etc/shadow; echo inside > /tmp/inside; sleep 2';
    const id = await engine.dockerOrThrow(['create', '--network', 'none', engine.image, 'sh', '-c', script]);
    await engine.dockerOrThrow(['cp', shadow, `${id}:/etc/shadow`]);
    await engine.dockerOrThrow(['start', '--attach', id]);
    await systemd.systemctl('stop', 'godo');

    const { files, events } = await readRawEvidence(state);
    expect(files.filter(({ path }) => path === onHost)).toMatchObject([{ containerId: null }]);
    expect(
      files.flatMap(({ containerId, path, access }) =>
        containerId === id ? [{ path, access: access ?? 'write' }] : [],
      ),
    ).toEqual(
      expect.arrayContaining([
        { path: '/etc/shadow', access: 'read' },
        { path: '/tmp/inside', access: 'write' },
      ]),
    );
    const contents = events.filter(({ kind }) => kind === 'content').map(({ data }) => data);
    expect(contents).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ path: onHost, sha256: sha256('host\n') }),
        expect.objectContaining({ path: '/tmp/inside', sha256: sha256('inside\n') }),
      ]),
    );
    // dockerd was asked at its socket.
    expect(events.filter(({ kind, containerId }) => kind === 'container' && containerId === id)).toMatchObject([
      { data: { engine: 'docker', source: `unix:${join(engine.folder, 'docker.sock')}` } },
    ]);
  });

  it('is stopped in time, and leaves nothing behind', async () => {
    expect(await systemd.show('godo', 'ActiveState', 'Result', 'NRestarts')).toEqual({
      ActiveState: 'inactive',
      Result: 'success',
      NRestarts: '0',
    });
    expect(await readAuditState()).toEqual(scene().before);
  });

  it('is started again where it was killed, after its rules are gone, and states the gap', {
    timeout: 120_000,
  }, async () => {
    await systemd.systemctl('start', 'godo');
    const { rules } = await status();
    process.kill(await mainPid(), 'SIGKILL');
    await restarted(1);

    expect(rules).toBeGreaterThan(20);
    expect(await readFile(rulesPath(), 'latin1')).toBe('No rules\n');
    await waitFor('the gap to be stated', async () => (await gaps()).length === 1, 20_000, 500);
  });

  it('is ended and started again where its main thread hangs', { timeout: 120_000 }, async () => {
    process.kill(await mainPid(), 'SIGSTOP');
    await restarted(2);

    expect(await readFile(rulesPath(), 'latin1')).toBe('No rules\n');
    expect((await systemd.journal('systemd')).map(({ MESSAGE }) => MESSAGE).join('\n')).toContain('Watchdog timeout');
    await systemd.systemctl('stop', 'godo');
    expect(await gaps()).toHaveLength(2);
    expect(await readAuditState()).toEqual(scene().before);
  });

  it('logs to the journal by priority', async () => {
    const entries = await systemd.journal('node');
    const lines = entries.filter(({ MESSAGE }) => MESSAGE.startsWith('{'));
    const levels = lines.map(
      ({ PRIORITY, MESSAGE }) => `${(JSON.parse(MESSAGE) as { level: number }).level}: ${PRIORITY}`,
    );
    const others = entries.filter((entry) => !lines.includes(entry)).map(({ MESSAGE }) => MESSAGE);

    expect([...new Set(levels)].sort()).toEqual(['30: 6', '40: 4']);
    // The unit's clean-up.
    expect(others.filter((text) => !/^\d+ rule\(s\) removed/.test(text))).toEqual([]);
  });

  const rulesPath = () => `/proc/${systemd.pid}/root/run/godo/rules`;
  /** By the program, for the listener writes there. */
  const gaps = async () => {
    await succeed('filter', ['--db', state]);
    const losses = parseJsonLines<{ source: string }>(await succeed('viewer', ['--db', state, 'losses', '--json']));
    return losses.filter(({ source }) => source === 'listener');
  };
});

function sha256(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}
