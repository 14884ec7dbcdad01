import { describe, expect, it } from 'vitest';
import { KnownEngines, placesOf } from '../../src/containers/known-engines.ts';

const engine = (program: string, ...argv: string[]) => ({ pid: 7, program, argv: [program, ...argv], makes: null });

describe('the places of a dockerd', () => {
  const places = (argv: string[], config: unknown = null) => {
    const engines = new KnownEngines();
    engines.learn(engine('dockerd', ...argv));
    const [first] = engines.dockers;
    return first && placesOf(first, config);
  };

  it('are the usual ones where nothing says otherwise, and where systemd gives it its socket', () => {
    const usual = { sockets: ['/run/docker.sock'], dataRoot: '/var/lib/docker' };

    expect([places([]), places(['-H', 'fd://']), places(['--host', 'tcp://0.0.0.0:2376'], [])]).toEqual([
      usual,
      usual,
      usual,
    ]);
  });

  it('are those of its command line, then those of its configuration', () => {
    expect(places(['--host', 'unix:///a.sock', '-H', 'unix:///b.sock', '--data-root', '/srv/d'])).toEqual({
      sockets: ['/a.sock', '/b.sock'],
      dataRoot: '/srv/d',
    });
    expect(places([], { hosts: ['unix:///c.sock', 7], 'data-root': '/srv/e' })).toEqual({
      sockets: ['/c.sock'],
      dataRoot: '/srv/e',
    });
  });
});

describe('the engines of a host', () => {
  it('are the usual ones where none was seen', () => {
    const { dockers, containerdStates, storages, runcRoots } = new KnownEngines();

    expect({ dockers, containerdStates, storages, runcRoots }).toEqual({
      dockers: [{ pid: null, hosts: [], dataRoot: null, configFile: '/etc/docker/daemon.json' }],
      containerdStates: ['/run/containerd'],
      storages: ['/var/lib/containers/storage'],
      runcRoots: ['/run/runc'],
    });
  });

  it('do not count what dockerd runs of itself for small tasks, and one that is started anew counts once', () => {
    const engines = new KnownEngines();
    engines.learn({ ...engine('dockerd'), argv: ['docker-untar', '/'] });
    engines.learn(engine('dockerd', '--data-root', '/a'));
    engines.learn(engine('dockerd', '--data-root', '/b'));
    engines.learn({ ...engine('dockerd', '--data-root', '/a'), pid: 8 });

    expect(engines.dockers.map(({ pid, dataRoot }) => [pid, dataRoot])).toEqual([
      [8, '/a'],
      [7, '/b'],
    ]);
  });

  it('stay bounded, and the usual places stay', () => {
    const engines = new KnownEngines();
    for (let number = 0; number < 1000; number += 1) engines.learn(engine('podman', '--root', `/srv/${number}`));

    expect({ count: engines.storages.length, first: engines.storages[0], last: engines.storages.at(-1) }).toEqual({
      count: 64,
      first: '/var/lib/containers/storage',
      last: '/srv/999',
    });
  });
});
