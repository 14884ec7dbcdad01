/**
 * Every engine's containers under their engine: one run of godo beside Docker with a containerd of its own, Docker with
 * a containerd that is a service, podman with crun, and runc by itself. Each has a container that ran before godo did and
 * one that is started under its eyes. Nothing here is faked.
 */

import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useAuditScene } from './support/audit-scene.ts';
import { type ContainerdService, startContainerd } from './support/containerd-service.ts';
import type { DockerEngine } from './support/docker-engine.ts';
import { docker as dockerNeeds, useDockerEngine } from './support/docker-scene.ts';
import { describeWith, program, root } from './support/needs.ts';
import { type PlainRunc, preparePlainRunc } from './support/plain-runc.ts';
import { type PodmanEngine, preparePodman } from './support/podman-engine.ts';
import { built, startGodo } from './support/programs.ts';
import type { Outcome } from './support/run-program.ts';
import { ancestry, type ShownEvidence, type ShownProcess, showEvidence, succeed } from './support/shown-evidence.ts';
import { readRawEvidence } from './support/stored-evidence.ts';

const needs = [
  ...[root, built, ...dockerNeeds, program('auditctl', 'auditd'), program('containerd', 'containerd')],
  ...[program('podman', 'podman'), program('crun', 'crun'), program('runc', 'runc')],
];

const shell = ['sh', '-c', 'echo hi > /tmp/x; cat /tmp/x; /bin/true'] as const;
const labels = { 'org.example.purpose': 'test' };

interface Made {
  /** Started before godo, and while it listened. */
  readonly older: string;
  readonly newer: string;
  /** Gone again before /proc can tell much of it. */
  readonly short: string;
}

describeWith('the containers of every engine', needs, () => {
  let folder: string;
  useAuditScene('godo-engines-', 'once', (scene) => {
    folder = scene.folder;
  });
  const docker = useDockerEngine();
  let containerd: ContainerdService;
  beforeAll(async () => {
    containerd = await startContainerd();
  });
  afterAll(async () => {
    await containerd?.stop();
  });
  const dockerBeside = useDockerEngine(() => containerd.address);
  let podman: PodmanEngine;
  let runc: PlainRunc;
  let made: Readonly<Record<'docker' | 'dockerBeside' | 'podman' | 'runc', Made>>;
  let shown: ShownEvidence;

  beforeAll(async () => {
    podman = await preparePodman();
    runc = await preparePlainRunc();
    const name = (which: string) => `godo-${which}-${process.pid}`;
    const before = {
      docker: await runDocker(docker(), 'older', 'detached'),
      dockerBeside: await runDocker(dockerBeside(), 'older', 'detached'),
      podman: await podman.podman(['run', '-d', ...podmanOptions('older'), podman.image, 'sleep', '600']),
      runc: name('older'),
    };
    await runc.run(before.runc, ['/bin/sleep', '600'], 'detached');

    const godo = await startGodo(['--db', folder, '--diag', join(folder, 'diag.log')]);
    let ended: Outcome;
    try {
      made = {
        docker: {
          older: before.docker,
          newer: await runDocker(docker(), 'newer', 'to its end'),
          short: await runDocker(docker(), 'short', 'to its end'),
        },
        dockerBeside: {
          older: before.dockerBeside,
          newer: await runDocker(dockerBeside(), 'newer', 'to its end'),
          short: await runDocker(dockerBeside(), 'short', 'to its end'),
        },
        podman: {
          older: before.podman,
          newer: await runPodman(podman, 'newer', shell),
          short: await runPodman(podman, 'short', ['/bin/true']),
        },
        runc: { older: before.runc, newer: name('newer'), short: name('short') },
      };
      await runc.run(made.runc.newer, shell, 'to its end');
      await runc.run(made.runc.short, ['/bin/true'], 'to its end');
    } finally {
      ended = await godo.stop();
    }
    expect({ code: ended.code, stderr: ended.code === 0 ? '' : ended.stderr }).toEqual({ code: 0, stderr: '' });
    await succeed('filter', ['--db', folder]);
    shown = await showEvidence(['--db', folder]);
  }, 5 * 60_000);

  afterAll(async () => {
    for (const engine of [podman, runc]) await engine?.stop();
  });

  const all = ['docker', 'dockerBeside', 'podman', 'runc'] as const;

  it.each(all)('stand in the list once each: %s', (engine) => {
    const ids = Object.values(made[engine]);
    expect(
      shown.containers
        .map(({ containerId }) => containerId)
        .filter((id) => ids.includes(id))
        .sort(),
    ).toEqual(ids.sort());
  });

  it.each(all)('have each of their processes in the tree, under the root that the container names: %s', (engine) => {
    for (const id of Object.values(made[engine])) {
      const container = shown.containers.find(({ containerId }) => containerId === id);
      const processes = inContainer(id);
      expect(processes.length).toBeGreaterThan(0);
      expect([...new Set(processes.map((process) => topOf(process).key))]).toEqual([container?.engineKey]);
    }
  });

  it.each(all)('show what was run in the newer one: %s', (engine) => {
    const programs = inContainer(made[engine].newer)
      .flatMap(({ executions }) => executions)
      .filter(({ exe, success }) => exe === '/bin/busybox' && success)
      .map(({ argv }) => argv?.join(' '));
    expect(programs.sort()).toEqual(['/bin/true', 'cat /tmp/x', shell.join(' ')].sort());
  });

  it('stand under dockerd, whether its containerd is its own or a service', () => {
    const tops = [made.docker, made.dockerBeside].map(({ older, newer }) => [
      topOfContainer(older),
      topOfContainer(newer),
    ]);
    expect(tops.map((pair) => pair.map(({ tgid, exe }) => ({ tgid, name: basename(exe ?? '') })))).toEqual(
      [docker(), dockerBeside()].map(({ pid }) => [
        { tgid: pid, name: 'dockerd' },
        { tgid: pid, name: 'dockerd' },
      ]),
    );
  });

  it('do not hide the containerd that is a service: it is a root of its own', () => {
    const service = shown.processes.find(({ tgid }) => tgid === containerd.pid);
    expect(service && { star: service.star, parentKey: service.parentKey, name: basename(service.exe ?? '') }).toEqual({
      star: true,
      parentKey: null,
      name: 'containerd',
    });
  });

  it('stand under podman while it runs, and under their conmon where it has ended before', () => {
    const { older, newer } = made.podman;
    expect([older, newer].map((id) => basename(topOfContainer(id).exe ?? ''))).toEqual(['conmon', 'podman']);
    expect(topOfContainer(newer).argv?.slice(-shell.length)).toEqual(shell);
  });

  it('stand under runc, and by themselves where it has ended before', () => {
    const { older, newer } = made.runc;
    expect([older, newer].map((id) => topOfContainer(id)).map(({ argv, exe }) => [basename(exe ?? ''), argv])).toEqual([
      ['busybox', ['/bin/sleep', '600']],
      ['runc', [expect.stringMatching(/runc$/), 'run', newer]],
    ]);
  });

  it('leave no engine in the tree twice, nor what made none', () => {
    const nested = shown.processes.filter(({ star, parentKey }) => star && parentKey !== null);
    const idle = shown.processes.filter(
      ({ star, exe, children }) => star && ['podman', 'runc'].includes(basename(exe ?? '')) && children.length === 0,
    );
    expect({ nested, idle }).toEqual({ nested: [], idle: [] });
  });

  describe('with what their engine knows', () => {
    it('of docker: name, image, labels and mounts, by its socket', () => {
      const { image } = docker();
      const mounts = [{ source: '/tmp', destination: '/host-tmp', type: 'bind', rw: false }];
      const facts = (name: string) => ({ runtime: 'docker', engine: 'docker', name, image, labels, mounts });
      for (const { older, newer } of [made.docker, made.dockerBeside]) {
        expect([factsOf(older), factsOf(newer)]).toEqual([facts('godo-older'), facts('godo-newer')]);
      }
    });

    it('of podman: name, image and mounts, from its storage', () => {
      const { older, newer } = made.podman;
      const bind = { source: '/tmp', destination: '/host-tmp', type: 'bind', rw: false };
      const facts = (name: string) => ({
        ...{ runtime: 'podman', engine: 'podman', name, image: podman.image, labels: null },
        mounts: expect.arrayContaining([bind]) as unknown,
      });
      expect([factsOf(older), factsOf(newer)]).toEqual([facts('godo-older'), facts('godo-newer')]);
    });

    it('of runc: the name it was given, from its state', () => {
      const { older, newer } = made.runc;
      const facts = (name: string) => ({
        ...{ runtime: 'runc', engine: 'runc', name, image: null },
        labels: expect.objectContaining({ purpose: 'test' }) as unknown,
        mounts: expect.arrayContaining([{ source: 'tmpfs', destination: '/dev', type: 'tmpfs', rw: true }]) as unknown,
      });
      expect([factsOf(older), factsOf(newer)]).toEqual([facts(older), facts(newer)]);
    });

    it('of those that were gone at once, too', () => {
      expect(all.map((engine) => factsOf(made[engine].short)).map(({ engine, name }) => [engine, name])).toEqual([
        ['docker', 'godo-short'],
        ['docker', 'godo-short'],
        ['podman', 'godo-short'],
        ['runc', made.runc.short],
      ]);
    });

    it('since when they are there', () => {
      const ids = [made.docker, made.dockerBeside, made.podman].flatMap(({ older, newer }) => [older, newer]);
      const late = ids
        .map((id) => containerOf(id))
        .filter(({ created, first }) => created === null || first === null || created > first);
      expect(late).toEqual([]);
      // runc writes it down when the first process is there.
      expect(containerOf(made.runc.older).created).toMatch(/^\d{4}-.*Z$/);
    });

    it('in the same documents when the diagnosis file is replayed, where no engine is asked', async () => {
      const again = join(folder, 'replayed');
      await succeed('godo', ['replay', join(folder, 'diag.log'), '--db', again]);
      const [live, replayed] = [await readRawEvidence(folder), await readRawEvidence(again)];
      expect(live.events.filter(({ kind }) => kind === 'container').length).toBeGreaterThanOrEqual(12);
      expect(replayed.events).toEqual(live.events);
    });
  });

  function inContainer(id: string): ShownProcess[] {
    return shown.processes.filter(({ containerId }) => containerId === id);
  }

  function topOf(process: ShownProcess): ShownProcess {
    return ancestry(shown.processes, process).at(-1) ?? process;
  }

  function containerOf(id: string) {
    const container = shown.containers.find(({ containerId }) => containerId === id);
    if (container === undefined) throw new Error(`Container ${id} is not shown.`);
    return container;
  }

  function topOfContainer(id: string): ShownProcess {
    const { engineKey } = containerOf(id);
    const top = shown.processes.find(({ key }) => key === engineKey);
    if (top === undefined) throw new Error(`The root of container ${id} is not shown.`);
    return top;
  }

  function factsOf(id: string) {
    const { runtime, engine, name, image, labels: given, mounts } = containerOf(id);
    return { runtime, engine, name, image, labels: given, mounts };
  }
});

async function runDocker(
  engine: DockerEngine,
  which: 'older' | 'newer' | 'short',
  how: 'to its end' | 'detached',
): Promise<string> {
  const labelled = Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]);
  const options = ['--network', 'none', '--name', `godo-${which}`, '--volume', '/tmp:/host-tmp:ro', ...labelled];
  const command = { older: ['sleep', '600'], newer: shell, short: ['/bin/true'] }[which];
  await engine.dockerOrThrow(['run', ...(how === 'detached' ? ['-d'] : []), ...options, engine.image, ...command]);
  return await engine.dockerOrThrow(['inspect', '-f', '{{.Id}}', `godo-${which}`]);
}

function podmanOptions(which: string): string[] {
  return ['--network', 'none', '--name', `godo-${which}`, '--volume', '/tmp:/host-tmp:ro'];
}

async function runPodman(engine: PodmanEngine, which: string, command: readonly string[]): Promise<string> {
  await engine.podman(['run', ...podmanOptions(which), engine.image, ...command]);
  return await engine.podman(['inspect', '--type', 'container', '--format', '{{.Id}}', `godo-${which}`]);
}
