/** Changed files wait for their rest, and are read no faster than is allowed. */

import { describe, expect, it } from 'vitest';
import type { ContentJob } from '../../src/content/content-job.ts';
import { ContentQueue } from '../../src/content/content-queue.ts';
import { ReadingRate } from '../../src/content/reading-rate.ts';

function job(inode: string | null, fileSessionId = `session of ${inode}`): ContentJob {
  const file = { path: `/srv/${inode}`, dev: 'fe:00', inode, closedMs: null, rootfs: null };
  return { fileSessionId, key: 'boot:1:1', tgid: 1, containerId: null, ...file };
}

describe('a changed file', () => {
  it('is read when it has rested', () => {
    const queue = new ContentQueue();
    queue.add(job('1'), 0);

    expect([queue.take(199), queue.waitMs(150)]).toEqual([null, 50]);
    expect([queue.take(200), queue.take(200), queue.waitMs(200)]).toEqual([job('1'), null, null]);
  });

  it('that is closed again stands for its sessions before', () => {
    const queue = new ContentQueue();

    expect([queue.add(job('1', 'a'), 0), queue.add(job('1', 'b'), 150)]).toEqual([false, true]);
    expect([queue.size, queue.take(300), queue.take(350)]).toEqual([1, null, job('1', 'b')]);
  });

  it('that never rests is read all the same', () => {
    const queue = new ContentQueue();
    for (let ms = 0; ms < 2_000; ms += 100) queue.add(job('1', `${ms}`), ms);

    expect(queue.take(2_000)?.fileSessionId).toBe('1900');
  });

  it('does not hold others up, nor is it taken for them where its inode is not known', () => {
    const queue = new ContentQueue();
    queue.add(job('1'), 0);
    queue.add(job(null, 'a'), 0);
    queue.add(job(null, 'b'), 0);
    queue.add(job('1'), 190);

    expect([queue.take(200), queue.take(200), queue.take(200)]).toEqual([job(null, 'a'), job(null, 'b'), null]);
    expect(queue.take(200, true)).toEqual(job('1'));
  });
});

describe('the rate of reading', () => {
  it('lets so much pass a second, and a quarter of that at once', () => {
    const rate = new ReadingRate(1_000, 0);

    expect([rate.spend(250, 0), rate.spend(100, 0), rate.spend(100, 100)]).toEqual([0, 100, 100]);
    expect(rate.spend(250, 10_000)).toBe(0);
  });

  it('over a long time is what was asked for', () => {
    const rate = new ReadingRate(1_000_000, 0);
    let ms = 0;
    for (let chunk = 0; chunk < 100; chunk += 1) ms += rate.spend(100_000, ms);

    expect(ms).toBeCloseTo(9_750, 0);
  });
});
