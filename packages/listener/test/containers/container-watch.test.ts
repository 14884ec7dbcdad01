import type { ContainerData } from '@godo/evidence';
import { describe, expect, it } from 'vitest';
import type { Search } from '../../src/containers/container-finder.ts';
import { ContainerWatch } from '../../src/containers/container-watch.ts';
import type { LossFacts } from '../../src/loss-event.ts';
import type { ContainerPath } from '../../src/proc/cgroup.ts';

const facts = { name: 'web', image: 'nginx', imageId: null, labels: null, created: null, mounts: null };
const found: Search = { facts, engine: 'docker', source: 'unix:/run/docker.sock' };
const at = (innermost: string, outermost = innermost): ContainerPath => ({ runtime: 'docker', innermost, outermost });

function watched(find: (container: ContainerPath) => Promise<Search>) {
  const told: ContainerData[] = [];
  const warnings: LossFacts[] = [];
  const watch = new ContainerWatch({
    find,
    found: (data) => told.push(data),
    warn: (loss) => warnings.push(loss),
  });
  return { watch, told, warnings };
}

describe('a container that was seen', () => {
  it('is told with what its engine knows, once the engines are known', async () => {
    const { watch, told, warnings } = watched(() => Promise.resolve(found));
    watch.add(at('in', 'out'));
    await Promise.resolve();
    const before = told.length;
    watch.begin();
    await watch.end(1_000);

    expect(before).toBe(0);
    expect(told).toEqual([
      {
        containerId: 'in',
        runtime: 'docker',
        outermostContainerId: 'out',
        engine: 'docker',
        source: 'unix:/run/docker.sock',
        ...facts,
      },
    ]);
    expect(warnings).toEqual([]);
  });

  it('is told without it, with a warning, where nobody knows or the search fails', async () => {
    const { watch, told, warnings } = watched(({ innermost }) =>
      innermost === 'a' ? Promise.resolve({ reasons: ['one', 'two'] }) : Promise.reject(new Error('broken')),
    );
    watch.begin();
    watch.add(at('a'));
    watch.add(at('b'));
    await watch.end(1_000);

    expect(told.map(({ containerId, name, engine }) => [containerId, name, engine])).toEqual([
      ['a', null, null],
      ['b', null, null],
    ]);
    expect(warnings.map(({ reason }) => reason)).toEqual([
      'Name and image of container a are not known: one; two.',
      'Name and image of container b are not known: broken.',
    ]);
  });

  it('waits for others, of which two are looked for at once', async () => {
    let atOnce = 0;
    let most = 0;
    const { watch, told } = watched(async () => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await new Promise((resolve) => setTimeout(resolve, 1));
      atOnce -= 1;
      return found;
    });
    watch.begin();
    for (let number = 0; number < 20; number += 1) watch.add(at(`c${number}`));
    await watch.end(10_000);

    expect({ most, told: told.length }).toEqual({ most: 2, told: 20 });
  });

  it('is told at the end, though its engine never answers, and only once', async () => {
    let answer: (search: Search) => void = () => undefined;
    const never = new Promise<Search>((resolve) => {
      answer = resolve;
    });
    const { watch, told } = watched(() => never);
    watch.begin();
    for (const id of ['a', 'b', 'c']) watch.add(at(id));
    await watch.end(10);
    answer(found);
    await never;
    watch.add(at('late'));

    expect(told.map(({ containerId, name }) => [containerId, name])).toEqual([
      ['a', null],
      ['b', null],
      ['c', null],
    ]);
  });

  it('is one of very many: all are told, the warnings and what waits are bounded', async () => {
    const { watch, told, warnings } = watched(() => Promise.resolve({ reasons: [] }));
    for (let number = 0; number < 2_000; number += 1) watch.add(at(`c${number}`));
    watch.begin();
    await watch.end(10_000);

    expect({ told: new Set(told.map(({ containerId }) => containerId)).size, warnings: warnings.length }).toEqual({
      told: 2_000,
      warnings: 101,
    });
    expect(warnings.at(-1)).toMatchObject({ count: 1_900, severity: 'warning' });
  });
});
