import { describe, expect, it } from 'vitest';
import {
  bundleFacts,
  containerdFacts,
  dockerFacts,
  runcFacts,
  storageFacts,
  storageImage,
} from '../../src/containers/engine-facts.ts';

const id = 'a'.repeat(64);
const nothing = { name: null, image: null, imageId: null, labels: null, created: null, mounts: null };

describe('what docker says of a container', () => {
  const config = { Image: 'nginx:1.27', Labels: { b: '2', a: '1' } };
  const common = { Created: '2026-11-25T22:19:37.962552288Z', Name: '/web', Image: 'sha256:6f', Config: config };
  const facts = {
    name: 'web',
    image: 'nginx:1.27',
    imageId: 'sha256:6f',
    labels: { a: '1', b: '2' },
    created: '2026-11-25T22:19:37.962552288Z',
  };

  it('is the same by its socket and in its state', () => {
    const answer = {
      ...common,
      Id: id,
      Mounts: [
        { Type: 'volume', Name: 'data', Source: '/var/lib/docker/volumes/data/_data', Destination: '/data', RW: true },
        { Type: 'bind', Source: '/srv', Destination: '/a', Mode: 'ro', RW: false },
      ],
    };
    const state = {
      ...common,
      ID: id,
      MountPoints: {
        '/data': { Type: 'volume', Name: 'data', Source: '', Destination: '/data', RW: true },
        '/a': { Type: 'bind', Source: '/srv', Destination: '/a', RW: false },
      },
    };
    const bind = { source: '/srv', destination: '/a', type: 'bind', rw: false };
    const volume = (source: string) => ({ source, destination: '/data', type: 'volume', rw: true });

    expect(dockerFacts(answer, id)).toEqual({
      ...facts,
      mounts: [bind, volume('/var/lib/docker/volumes/data/_data')],
    });
    expect(dockerFacts(state, id)).toEqual({ ...facts, mounts: [bind, volume('data')] });
  });

  it('is not taken for that of another container', () => {
    expect([dockerFacts({ ...common, Id: 'b'.repeat(64) }, id), dockerFacts(null, id), dockerFacts([], id)]).toEqual([
      null,
      null,
      null,
    ]);
  });

  it('is kept as far as it can be read, and within bounds', () => {
    const labels = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`label-${index}`, 'x']));
    const odd = dockerFacts(
      {
        Id: id,
        Created: '0001-01-01T00:00:00Z',
        Name: 7,
        Image: 'i'.repeat(10_000),
        Config: { Labels: { ...labels, number: 7 } },
        Mounts: [null, 7, { Source: '/a' }, { Destination: '/b' }],
      },
      id,
    );

    expect({ ...odd, imageId: odd?.imageId?.length, labels: Object.keys(odd?.labels ?? {}).length }).toEqual({
      ...nothing,
      imageId: 4096,
      labels: 256,
      mounts: [{ source: null, destination: '/b', type: null, rw: null }],
    });
  });
});

describe('what containerd has of a container', () => {
  const mounts = [
    { destination: '/proc', type: 'proc', source: 'proc' },
    { destination: '/etc/hosts', type: 'bind', source: '/srv/hosts', options: ['rbind', 'ro'] },
  ];

  it('is what Kubernetes or nerdctl wrote into the annotations', () => {
    const annotations = {
      'io.kubernetes.cri.container-name': 'app',
      'io.kubernetes.cri.image-name': 'registry/app:1',
      'io.kubernetes.cri.sandbox-name': 'app-7f9',
    };
    const hosts = { source: '/srv/hosts', destination: '/etc/hosts', type: 'bind', rw: false };

    expect(containerdFacts({ annotations, mounts })).toEqual({
      ...nothing,
      name: 'app',
      image: 'registry/app:1',
      labels: annotations,
      mounts: [hosts],
    });
    expect(containerdFacts({ annotations: { 'nerdctl/name': 'web' } })).toMatchObject({ name: 'web', mounts: null });
  });
});

describe('what podman or CRI-O has of a container', () => {
  const metadata = JSON.stringify({ 'image-name': 'localhost/web:1', 'image-id': 'f00', name: 'web' });
  const stored = { id, names: ['other'], image: 'f00', metadata, created: '2026-11-25T22:19:37.9Z' };
  const facts = {
    ...nothing,
    name: 'web',
    image: 'localhost/web:1',
    imageId: 'f00',
    created: '2026-11-25T22:19:37.9Z',
  };

  it('stands in the list of its storage', () => {
    expect(storageFacts([{ id: 'x' }, stored], id)).toEqual(facts);
  });

  it('is less where the note of the engine cannot be read', () => {
    expect(storageFacts([{ ...stored, metadata: '{' }], id)).toEqual({ ...facts, name: 'other', image: null });
    expect(storageImage([{ id: 'f00', names: ['localhost/web:1'] }], 'f00')).toBe('localhost/web:1');
  });

  it('is nothing where it is not in the list', () => {
    expect([
      storageFacts([], id),
      storageFacts(null, id),
      storageFacts([null, 7], id),
      storageImage({}, 'f00'),
    ]).toEqual([null, null, null, null]);
  });
});

describe('what runc has of a container', () => {
  it('is its state: the name, the annotations and the mounts', () => {
    const config = {
      labels: ['bundle=/srv/b', 'purpose=a=b', 7],
      mounts: [
        { source: 'proc', destination: '/proc', device: 'proc', flags: 0 },
        { source: '/srv', destination: '/srv', device: 'bind', flags: 0x5001 },
      ],
    };

    expect(runcFacts({ id: 'web', created: '2026-11-25T22:19:37Z', config }, 'web')).toEqual({
      ...nothing,
      name: 'web',
      labels: { bundle: '/srv/b', purpose: 'a=b' },
      created: '2026-11-25T22:19:37Z',
      mounts: [{ source: '/srv', destination: '/srv', type: 'bind', rw: false }],
    });
    expect(runcFacts({ id: 'other' }, 'web')).toBeNull();
  });

  it('is its bundle where the state is gone', () => {
    expect(bundleFacts({ annotations: { purpose: 'test' }, mounts: [] }, 'web')).toEqual({
      ...nothing,
      name: 'web',
      labels: { purpose: 'test' },
      mounts: [],
    });
  });
});
