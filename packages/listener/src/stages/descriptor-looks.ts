/** Looks at descriptors for the recorder, and tells what was found before the event that it was looked up for. */

import type {
  DescriptorFoundEvent,
  DescriptorsSharedEvent,
  FoundFile,
  HeldDescriptor,
  LookUpEvent,
} from '../events.ts';
import type { ProcessLife } from '../proc/open-descriptor.ts';
import type { DescriptorLooks, HoldersOf } from '../recorder/descriptor-look-ups.ts';
import type { ReadingBudget } from './reading-budget.ts';

/** /proc and kcmp (proc/open-descriptor.ts). */
export interface DescriptorSource {
  openFileOf(descriptor: HeldDescriptor): FoundFile | null;
  isSameOpenFile(one: HeldDescriptor, other: HeldDescriptor): boolean;
  haveSameDescriptors(one: ProcessLife, other: ProcessLife): boolean;
}

export interface LooksOptions {
  readonly source: DescriptorSource;
  readonly budget: ReadingBudget;
  /** µs of CLOCK_MONOTONIC. */
  readonly nowUs: () => number;
  readonly nowNs: () => bigint;
  /** Is told what was looked up, before it is recorded. */
  readonly tell: (event: LookUpEvent) => void;
  readonly count: (name: 'descriptorLookUps' | 'descriptorLooksRefused') => void;
}

/** More descriptors of one file are not compared. */
const mostHolders = 8;

/** At once, and each second in the long run. */
export const looksAtDescriptors = [2_000, 1_000] as const;

export function descriptorLooks({ source, budget, nowUs, nowNs, tell, count }: LooksOptions): DescriptorLooks {
  const mayLook = () => {
    const may = budget.take(nowUs());
    count(may ? 'descriptorLookUps' : 'descriptorLooksRefused');
    return may;
  };
  const sharerOf = (wanted: HeldDescriptor, { dev, inode }: FoundFile, holders: HoldersOf) => {
    if (dev === null || inode === null) return undefined;
    return holders(dev, inode)
      .slice(0, mostHolders)
      .find((holder) => source.isSameOpenFile(wanted, holder));
  };
  return {
    descriptor(wanted, holders) {
      if (!mayLook()) return null;
      const { tgid, startTicks, fd } = wanted;
      // Taken before: what was given away after this moment has not been seen for sure.
      const timeNs = nowNs();
      const file = source.openFileOf(wanted);
      const sameAs = file === null ? undefined : sharerOf(wanted, file, holders);
      const same = sameAs !== undefined && {
        sameAs: { tgid: sameAs.tgid, startTicks: sameAs.startTicks, fd: sameAs.fd },
      };
      const event: DescriptorFoundEvent = { kind: 'descriptor-found', timeNs, tgid, startTicks, fd, file, ...same };
      tell(event);
      return event;
    },
    sharing(child, parent) {
      if (!mayLook() || !source.haveSameDescriptors(child, parent)) return null;
      const { tgid, startTicks } = child;
      const what = { timeNs: nowNs(), tgid, startTicks, parentTgid: parent.tgid };
      const event: DescriptorsSharedEvent = { kind: 'descriptors-shared', ...what };
      tell(event);
      return event;
    },
  };
}
