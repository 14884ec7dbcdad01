import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { staticBusybox } from './support/busybox-image.ts';
import { type DockerEngine, startDockerEngine } from './support/docker-engine.ts';
import { listMounts } from './support/mounts.ts';
import { describeWith, program, root } from './support/needs.ts';
import { listProcesses } from './support/processes.ts';

describeWith(
  'a Docker engine of our own',
  [root, program('dockerd', 'docker.io'), program('docker', 'docker.io'), staticBusybox],
  () => {
    let engine: DockerEngine;
    beforeAll(async () => {
      engine = await startDockerEngine();
    });
    afterAll(async () => {
      await engine?.stop();
    });

    it('runs a container from the busybox image and hands its output and exit code on', async () => {
      const outcome = await engine.docker([
        ...['run', '--rm', '--network', 'none', engine.image],
        ...['sh', '-c', 'id -un; readlink /proc/self/exe; echo hi > /tmp/x; cat /tmp/x; /bin/true arg && exit 3'],
      ]);
      expect(outcome).toEqual({ code: 3, signal: null, stdout: 'root\n/bin/busybox\nhi\n', stderr: '' });
    });

    it('puts another process into a running container', async () => {
      const id = await engine.dockerOrThrow(['run', '-d', '--network', 'none', engine.image, 'sleep', '600']);
      expect(id).toMatch(/^[0-9a-f]{64}$/);
      const outcome = await engine.docker([
        'exec',
        '-w',
        '/tmp',
        id,
        'sh',
        '-c',
        'pwd; tr "\\0" " " < /proc/1/cmdline',
      ]);
      expect(outcome).toEqual({ code: 0, signal: null, stdout: '/tmp\nsleep 600 ', stderr: '' });
    });

    it('leaves no process, mount or file behind when it is stopped with containers running', async () => {
      const other = await startDockerEngine();
      await other.dockerOrThrow(['run', '-d', '--network', 'none', other.image, 'sleep', '600']);
      const own = async () => (await listProcesses()).filter((p) => p.argv.some((a) => a.includes(`${other.folder}/`)));
      const mounts = async () => (await listMounts()).filter((m) => m.mountPoint.startsWith(`${other.folder}/`));
      expect((await own()).length).toBeGreaterThanOrEqual(3);
      expect((await mounts()).length).toBeGreaterThanOrEqual(1);
      await other.stop();
      expect({ processes: await own(), mounts: await mounts(), folder: existsSync(other.folder) }).toEqual({
        processes: [],
        mounts: [],
        folder: false,
      });
    });
  },
);
