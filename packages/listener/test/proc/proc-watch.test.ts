import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProcReader } from '../../src/proc/proc-reader.ts';
import { type FakeProcess, fakeProc, stat } from '../support/fake-proc.ts';

const id = 'c'.repeat(64);
const self = { root: 'root of the host', mountinfo: '22 1 254:0 / / rw - ext4 /dev/vda rw' };
const onHost = { stat: stat('x', 10, 5001), cgroup: '2:pids:/build\n0::/\n', root: 'root of the host' };

describe('who watches the readings of processes', () => {
  let bundle = '';
  beforeEach(() => {
    bundle = mkdtempSync(join(tmpdir(), 'godo-watch-'));
    writeFileSync(join(bundle, 'config.json'), JSON.stringify({ root: { path: 'rootfs' } }));
  });
  afterEach(() => rmSync(bundle, { recursive: true }));

  function watched(processes: Readonly<Record<number, FakeProcess>>) {
    const told: unknown[] = [];
    const watch = { container: (path: unknown) => told.push(path), engine: (engine: unknown) => told.push(engine) };
    return { reader: new ProcReader(fakeProc({ host: self, ...processes }), watch), told };
  }

  it('is told of a container once, whatever number of processes is read in it', () => {
    const inside = { stat: stat('sh', 10, 5001), cgroup: `0::/docker/${id}\n` };
    const { reader, told } = watched({ 20: inside, 21: inside });
    for (const pid of [20, 21, 20]) reader.observe(pid);

    expect(told).toEqual([{ runtime: 'docker', innermost: id, outermost: id }]);
  });

  it('is told of engines on the host, with their command lines, and not of those in containers', () => {
    const argv = ['/usr/bin/dockerd', '-H', 'fd://'];
    const dockerd = { ...onHost, exe: '/usr/bin/dockerd', cmdline: `${argv.join('\0')}\0` };
    const { reader, told } = watched({ 20: dockerd, 21: { ...dockerd, cgroup: `0::/docker/${id}\n` } });
    for (const pid of [20, 21]) reader.observe(pid);

    expect(told).toEqual([
      { pid: 20, program: 'dockerd', argv, makes: null },
      { runtime: 'docker', innermost: id, outermost: id },
    ]);
  });

  it('is told of a container that a runtime makes, and its cgroup is known from then on', () => {
    const argv = ['runc', 'run', 'web-1'];
    const runc = { ...onHost, exe: '/usr/sbin/runc', cwd: bundle, cmdline: `${argv.join('\0')}\0` };
    const inside = { ...onHost, cgroup: '2:pids:/build/web-1\n0::/\n' };
    const { reader, told } = watched({ 20: runc, 21: inside });
    const root = { containerId: 'web-1', rootfs: `${bundle}/rootfs`, dev: null };
    const before = reader.observe(21)?.facts.containerId;
    reader.observe(20);

    expect([before, reader.observe(21)?.facts.containerId]).toEqual([null, 'web-1']);
    expect(told).toEqual([
      { pid: 20, program: 'runc', argv, makes: { containerId: 'web-1', bundle, root } },
      { runtime: 'runc', innermost: 'web-1', outermost: 'web-1' },
    ]);
  });
});
