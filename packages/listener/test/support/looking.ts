/** A recorder that can look at descriptors, by what a test says that they are. */

import type { RawEntry } from '@godo/evidence';
import { expect } from 'vitest';
import type { DescriptorFoundEvent, FoundFile, HeldDescriptor, PipelineEvent } from '../../src/events.ts';
import type { DescriptorLooks } from '../../src/recorder/descriptor-look-ups.ts';
import { Recorder } from '../../src/recorder/recorder.ts';
import { nsAt, sessionStart } from './events.ts';
import { type Recorded, record, sorted } from './recording.ts';

export interface World {
  /** By `tgid:fd`, at the time of the look; null: not there any more. What is not in it there was no time for. */
  readonly files: Readonly<Record<string, FoundFile | null>>;
  /** ms of every look. */
  readonly atMs: number;
  /** `tgid:fd` of descriptors that refer to one open file description. */
  readonly same?: readonly string[];
  /** tgids of children that share their descriptors with their parent. */
  readonly sharing?: readonly number[];
}

export const found = (fields: Partial<FoundFile> = {}): FoundFile => ({
  path: '/srv/received',
  flags: 0o100001,
  access: 'write',
  closeOnExec: false,
  dev: 'fe:00',
  inode: '7',
  fileType: 'regular',
  ...fields,
});

export const pipe = found({ path: 'pipe:[1]', fileType: 'fifo', dev: '00:0f', inode: '1' });

const nameOf = ({ tgid, fd }: HeldDescriptor) => `${tgid}:${fd}`;

/** What is written down, and what was asked; a --diag file of it must give the same. */
export function recordLooking(
  { files, atMs, same = [], sharing = [] }: World,
  ...events: readonly PipelineEvent[]
): Recorded & { readonly asked: readonly string[]; readonly counters: Record<string, number> } {
  const asked: string[] = [];
  const told: PipelineEvent[] = [];
  const looks: DescriptorLooks = {
    descriptor(wanted, holders) {
      const name = nameOf(wanted);
      const file = files[name];
      if (file === undefined) return null;
      asked.push(name);
      const others = file?.dev == null || file.inode === null ? [] : holders(file.dev, file.inode);
      const sameAs = same.includes(name) ? others.find((other) => same.includes(nameOf(other))) : undefined;
      const what = { ...wanted, timeNs: nsAt(atMs), file, ...(sameAs !== undefined && { sameAs }) };
      const event: DescriptorFoundEvent = { kind: 'descriptor-found', ...what };
      told.push(event);
      return event;
    },
    sharing(child, parent) {
      asked.push(`${child.tgid}=${parent.tgid}`);
      if (!sharing.includes(child.tgid)) return null;
      const event = { kind: 'descriptors-shared', timeNs: nsAt(atMs), ...child, parentTgid: parent.tgid } as const;
      told.push(event);
      return event;
    },
  };
  const entries: RawEntry[] = [];
  const recorder = new Recorder((entry) => entries.push(entry), looks);
  recorder.apply(sessionStart());
  for (const event of events) {
    recorder.apply(event);
    told.push(event);
  }
  const live = sorted(entries);
  expect(record(...told)).toEqual(live);
  return { ...live, asked, counters: recorder.counters() };
}
