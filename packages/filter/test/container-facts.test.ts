import { expect, test } from 'vitest';
import { LearntContainers, nothingLearnt } from '../src/container-facts.ts';
import { boot, containerId, event } from './support/raw.ts';

const id = containerId('a');
const all = () => true;
const learnt = (ms: number, data: Readonly<Record<string, unknown>>, kind = 'container') =>
  event(null, ms, { kind, containerId: id, data });
const docker = {
  containerId: id,
  runtime: 'docker',
  outermostContainerId: id,
  engine: 'docker',
  source: 'unix:/run/docker.sock',
  name: 'web',
  image: 'nginx:1.27',
  imageId: 'sha256:6f',
  labels: { a: '1' },
  created: '2026-11-25T22:19:37.96255Z',
  mounts: [{ source: '/srv', destination: '/www', type: 'bind', rw: false }],
};
const facts = {
  runtime: 'docker',
  outermostContainerId: null,
  engine: 'docker',
  name: 'web',
  image: 'nginx:1.27',
  imageId: 'sha256:6f',
  labels: { a: '1' },
  createdNs: 1_795_645_177_962_550_000n,
  created: '2026-11-25T22:19:37.962550000Z',
  mounts: docker.mounts,
};

function learn(...events: ReturnType<typeof learnt>[]) {
  const containers = new LearntContainers(all);
  for (const one of events) containers.add(one);
  return containers.of(`${boot}:${id}`);
}

test('what an engine said of a container', () => {
  expect(learn(learnt(1, docker))).toEqual(facts);
});

test('the outermost container counts where it is another', () => {
  expect(learn(learnt(1, { ...docker, outermostContainerId: 'out' })).outermostContainerId).toBe('out');
});

test('of several words the last counts, unless the engine could not be asked then', () => {
  const unasked = { runtime: 'docker', engine: null, name: null };
  const renamed = { ...docker, name: 'shop' };

  expect([
    learn(learnt(1, docker), learnt(2, renamed)).name,
    learn(learnt(1, docker), learnt(2, unasked)).name,
    learn(learnt(1, unasked), learnt(2, docker)).name,
  ]).toEqual(['shop', 'web', 'web']);
});

test('times are taken with their zone and any number of digits; what is no time is not known', () => {
  const createdOf = (created: unknown) => learn(learnt(1, { ...docker, created })).created;

  expect(
    [
      '2026-11-25T23:19:37+01:00',
      '2026-11-25T22:19:37.1234567891Z',
      '2026-13-25T22:19:37Z',
      'yesterday',
      7,
      '1812-01-01T00:00:00Z',
    ].map(createdOf),
  ).toEqual(['2026-11-25T22:19:37.000000000Z', '2026-11-25T22:19:37.123456789Z', null, null, null, null]);
});

test('fields of a wrong type are not known', () => {
  const odd = {
    ...{
      runtime: 'lxc',
      engine: 7,
      name: 7,
      image: '',
      imageId: [],
      labels: { a: 1 },
      created: {},
      mounts: [null, 7, {}],
    },
  };

  expect(learn(learnt(1, odd))).toEqual({ ...nothingLearnt, mounts: [] });
});

test('events of other kinds say nothing, nor do containers that are not of the tree', () => {
  const containers = new LearntContainers((one) => one !== `${boot}:${id}`);
  containers.add(learnt(1, docker));

  expect([learn(learnt(1, docker, 'module')), containers.of(`${boot}:${id}`)]).toEqual([nothingLearnt, nothingLearnt]);
});
