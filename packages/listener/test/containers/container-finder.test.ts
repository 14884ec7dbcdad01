import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ContainerFinder } from '../../src/containers/container-finder.ts';
import { KnownEngines } from '../../src/containers/known-engines.ts';
import type { ContainerPath } from '../../src/proc/cgroup.ts';

const id = 'a'.repeat(64);
const container = (runtime: ContainerPath['runtime'], innermost = id): ContainerPath => ({
  runtime,
  innermost,
  outermost: innermost,
});

describe('what engines know of a container', () => {
  let folder = '';
  let servers: Server[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'godo-find-'));
    servers = [];
  });
  afterEach(async () => {
    for (const server of servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    rmSync(folder, { recursive: true });
  });

  const path = (name: string) => join(folder, name);
  function write(name: string, content: unknown): void {
    mkdirSync(dirname(path(name)), { recursive: true });
    writeFileSync(path(name), JSON.stringify(content));
  }

  /** A dockerd that is this process, and answers as it is told. */
  async function dockerd(answer: (url: string, response: ServerResponse) => void): Promise<KnownEngines> {
    const server = createServer((request, response) => answer(request.url ?? '', response));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(path('docker.sock'), resolve));
    const engines = new KnownEngines();
    const options = ['--host', `unix://${path('docker.sock')}`, '--data-root', path('docker')];
    engines.learn({
      pid: process.pid,
      program: 'dockerd',
      argv: ['dockerd', ...options, '--config-file', path('daemon.json')],
      makes: null,
    });
    return engines;
  }

  const state = { ID: id, Name: '/stored', Config: {} };

  it('is asked of docker at the socket that its command line names', async () => {
    const urls: string[] = [];
    const engines = await dockerd((url, response) => {
      urls.push(url);
      response.end(JSON.stringify({ Id: id, Name: '/asked', Config: {} }));
    });

    expect(await new ContainerFinder(engines).find(container('docker'))).toMatchObject({
      facts: { name: 'asked' },
      engine: 'docker',
      source: `unix:${path('docker.sock')}`,
    });
    expect(urls).toEqual([`/containers/${id}/json`]);
  });

  it('is read from docker’s state where it does not answer in a second, and it is not asked again at once', async () => {
    let asked = 0;
    const engines = await dockerd(() => {
      asked += 1;
    });
    write(`docker/containers/${id}/config.v2.json`, state);
    const finder = new ContainerFinder(engines);
    const beganMs = performance.now();
    const found = [await finder.find(container('docker')), await finder.find(container('docker'))];

    const stored = { facts: { name: 'stored' }, source: path(`docker/containers/${id}/config.v2.json`) };
    expect(found).toMatchObject([stored, stored]);
    expect({ asked, quick: performance.now() - beganMs < 5_000 }).toEqual({ asked: 1, quick: true });
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['rubbish', (response) => response.end('{')],
    ['an error', (response) => response.writeHead(500).end('{}')],
    ['another container', (response) => response.end(JSON.stringify({ Id: 'b'.repeat(64) }))],
    ['that it does not know it', (response) => response.writeHead(404).end('{}')],
    ['without end', (response) => response.write('x'.repeat(3 * 1024 * 1024))],
    ['nothing, and hangs up', (response) => response.destroy()],
  ])('is read from docker’s state where it answers %s', async (_, answer) => {
    const engines = await dockerd((_url, response) => answer(response));
    write(`docker/containers/${id}/config.v2.json`, state);

    expect(await new ContainerFinder(engines).find(container('docker'))).toMatchObject({ facts: { name: 'stored' } });
  });

  it('is nothing, with the reasons, where nobody knows', async () => {
    const engines = await dockerd((_url, response) => response.writeHead(500).end());

    expect(await new ContainerFinder(engines).find(container('docker'))).toEqual({
      reasons: [`dockerd at ${path('docker.sock')}: it answered with status 500`, `nothing of it in ${path('docker')}`],
    });
  });

  it('is taken from containerd’s tasks in any namespace', async () => {
    const engines = new KnownEngines();
    const argv = ['containerd-shim-runc-v2', '-namespace', 'k8s.io', '-address', path('ctrd/containerd.sock')];
    engines.learn({ pid: 1, program: 'containerd-shim-runc-v2', argv, makes: null });
    const task = `ctrd/io.containerd.runtime.v2.task/k8s.io/${id}/config.json`;
    write(task, { annotations: { 'io.kubernetes.cri.container-name': 'app' } });

    expect(await new ContainerFinder(engines).find(container('containerd'))).toMatchObject({
      facts: { name: 'app' },
      engine: 'containerd',
      source: path(task),
    });
  });

  it('is taken from podman’s storage, which conmon’s bundle lies in, also of a container that leaves nothing', async () => {
    const engines = new KnownEngines();
    const bundle = path(`storage/overlay-containers/${id}/userdata`);
    engines.learn({ pid: 1, program: 'conmon', argv: ['conmon', '-c', id, '-b', bundle], makes: null });
    write('storage/overlay-containers/containers.json', []);
    write('storage/overlay-containers/volatile-containers.json', [{ id, names: ['web'], image: 'f00' }]);
    write('storage/overlay-images/images.json', [{ id: 'f00', names: ['localhost/web:1'] }]);
    write(`storage/overlay-containers/${id}/userdata/config.json`, { mounts: [] });

    expect(await new ContainerFinder(engines).find(container('podman'))).toMatchObject({
      facts: { name: 'web', image: 'localhost/web:1', mounts: [] },
      engine: 'podman',
      source: path('storage/overlay-containers/volatile-containers.json'),
    });
  });

  it('is taken from runc’s state, or else from the bundle it was made of', async () => {
    const engines = new KnownEngines();
    const argv = ['runc', '--root', path('runc'), 'run', 'web'];
    const root = { containerId: 'short', rootfs: path('bundle/rootfs'), dev: null };
    const makes = { containerId: 'short', bundle: path('bundle'), root };
    engines.learn({ pid: 1, program: 'runc', argv, makes });
    write('runc/web/state.json', { id: 'web', config: {} });
    write('bundle/config.json', { annotations: { purpose: 'test' } });
    const finder = new ContainerFinder(engines);

    expect([await finder.find(container('runc', 'web')), await finder.find(container('runc', 'short'))]).toMatchObject([
      { facts: { name: 'web' }, source: path('runc/web/state.json') },
      { facts: { name: 'short', labels: { purpose: 'test' } }, source: path('bundle/config.json') },
    ]);
  });

  it('is not looked for under an id that would lead elsewhere', async () => {
    const ids = ['../../etc', '..', 'a/b', ''];
    const finder = new ContainerFinder(new KnownEngines());

    expect(await Promise.all(ids.map((one) => finder.find(container(null, one))))).toEqual(
      ids.map(() => ({ reasons: ['its id is no name of a file'] })),
    );
  });
});
