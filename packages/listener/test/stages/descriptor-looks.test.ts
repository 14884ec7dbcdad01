import { describe, expect, it } from 'vitest';
import type { HeldDescriptor, LookUpEvent } from '../../src/events.ts';
import { type DescriptorSource, descriptorLooks } from '../../src/stages/descriptor-looks.ts';
import { ReadingBudget } from '../../src/stages/reading-budget.ts';
import { found, pipe } from '../support/looking.ts';

const wanted: HeldDescriptor = { tgid: 20, startTicks: 5001, fd: 5 };
const holder: HeldDescriptor = { tgid: 30, startTicks: 5001, fd: 3 };

function looking(source: Partial<DescriptorSource>, most = 10) {
  const told: LookUpEvent[] = [];
  const counted: string[] = [];
  let ns = 100n;
  const looks = descriptorLooks({
    source: { openFileOf: () => null, isSameOpenFile: () => false, haveSameDescriptors: () => false, ...source },
    budget: new ReadingBudget(most, 0),
    nowUs: () => 0,
    nowNs: () => {
      ns += 1n;
      return ns;
    },
    tell: (event) => told.push(event),
    count: (name) => counted.push(name),
  });
  return { looks, told, counted };
}

describe('a look at a descriptor', () => {
  it('is told before it is returned, with the moment before it', () => {
    const { looks, told, counted } = looking({ openFileOf: () => pipe });
    const event = looks.descriptor(wanted, () => []);

    expect(event).toEqual({ kind: 'descriptor-found', timeNs: 101n, ...wanted, file: pipe });
    expect([told, counted]).toEqual([[event], ['descriptorLookUps']]);
  });

  it('tells that the descriptor is gone', () => {
    const { looks } = looking({});

    expect(looks.descriptor(wanted, () => [])).toMatchObject({ file: null });
  });

  it('names the first other one of the same open file description, of those that have its device and inode', () => {
    const asked: string[] = [];
    const { looks } = looking({
      openFileOf: () => found(),
      isSameOpenFile: (_, { tgid }) => {
        asked.push(String(tgid));
        return tgid >= 30;
      },
    });
    const holders = (dev: string, inode: string) => {
      asked.push(dev, inode);
      return [{ ...holder, tgid: 29 }, holder, { ...holder, tgid: 31 }];
    };

    expect(looks.descriptor(wanted, holders)).toMatchObject({ sameAs: holder });
    expect(asked).toEqual(['fe:00', '7', '29', '30']);
  });

  it('compares eight at most', () => {
    let compared = 0;
    const isSameOpenFile = () => {
      compared += 1;
      return false;
    };
    const { looks } = looking({ openFileOf: () => found(), isSameOpenFile });

    expect(looks.descriptor(wanted, () => Array.from({ length: 100 }, () => holder))).not.toHaveProperty('sameAs');
    expect(compared).toBe(8);
  });

  it('is not made beyond the budget, and counted', () => {
    const { looks, told, counted } = looking({ openFileOf: () => pipe, haveSameDescriptors: () => true }, 1);

    expect(looks.descriptor(wanted, () => [])).not.toBeNull();
    expect(looks.descriptor(wanted, () => [])).toBeNull();
    expect(looks.sharing(wanted, holder)).toBeNull();
    expect([told.length, counted]).toEqual([
      1,
      ['descriptorLookUps', 'descriptorLooksRefused', 'descriptorLooksRefused'],
    ]);
  });
});

it('whether two processes share their descriptors is told only where they do', () => {
  const sharing = { kind: 'descriptors-shared', timeNs: 101n, tgid: 20, startTicks: 5001, parentTgid: 30 };
  const yes = looking({ haveSameDescriptors: () => true });
  const no = looking({});

  expect(yes.looks.sharing({ tgid: 20, startTicks: 5001 }, holder)).toEqual(sharing);
  expect(yes.told).toEqual([sharing]);
  expect([no.looks.sharing(wanted, holder), no.told]).toEqual([null, []]);
});
