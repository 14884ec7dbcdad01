/** Which sessions are handed to the content stage, and what is said of those that are not. */

import { describe, expect, it } from 'vitest';
import { ContentFeed } from '../../src/content/content-feed.ts';
import type { ContentEvent, PipelineEvent } from '../../src/events.ts';
import type { LossFacts } from '../../src/loss-event.ts';
import { Recorder } from '../../src/recorder/recorder.ts';
import type { ContentOrder } from '../../src/stages/messages.ts';
import { close, open, sessionStart, snapshot, write } from '../support/events.ts';

function feed() {
  const orders: ContentOrder[] = [];
  const told: LossFacts[] = [];
  const read: ContentEvent[] = [];
  const made = new ContentFeed({
    send: (order) => orders.push(order),
    read: (event) => read.push(event),
    tell: (loss) => told.push(loss),
  });
  const recorder = new Recorder((entry) => {
    if (entry.collection === 'files' && 'session' in entry) made.offer(entry.session);
  });
  const apply = (...events: readonly PipelineEvent[]) => {
    for (const event of events) {
      made.learn(event);
      recorder.apply(event);
    }
  };
  apply(sessionStart());
  return { made, orders, told, read, apply };
}

const jobs = (orders: readonly ContentOrder[]) => orders.flatMap((order) => (order.kind === 'read' ? order.job : []));

describe('the content stage is handed', () => {
  it('regular files that were changed, by their bytes', () => {
    const { orders, apply } = feed();
    const unchanged = { flags: 1, created: false, truncates: false } as const;
    apply(
      snapshot(0, { tgid: 10 }),
      ...[open(1, 10, { path: '/a\xff' }), close(2, 10, 3)],
      ...[open(3, 10, unchanged), close(4, 10, 3)],
      ...[open(5, 10, { ...unchanged, path: '/b' }), write(6, 10, 3, 1), close(7, 10, 3)],
      ...[open(8, 10, { fileType: 'fifo' }), write(9, 10, 3, 1), close(10, 10, 3)],
      ...[open(11, 10, { path: 'c', pathResolved: false }), close(12, 10, 3)],
    );

    expect(jobs(orders).map(({ path, inode, rootfs }) => [path, inode, rootfs])).toEqual([
      ['/a\xff', '42', null],
      ['/b', '42', null],
      [null, '42', null],
    ]);
  });

  it('where the root of a container lies', () => {
    const { orders, apply } = feed();
    const proc = { startTicks: 5000, containerId: 'c1', rootfs: '/var/lib/c1' };
    apply(snapshot(0, { tgid: 10, proc }), open(1, 10), close(2, 10, 3));

    expect(jobs(orders)).toMatchObject([{ containerId: 'c1', rootfs: '/var/lib/c1', tgid: 10 }]);
  });

  it('no more than it can take, which is told with how many', async () => {
    const { made, orders, told, apply } = feed();
    apply(snapshot(0, { tgid: 10 }));
    for (let ms = 1; ms <= 2_100; ms += 1) apply(open(2 * ms, 10), close(2 * ms + 1, 10, 3));
    await made.end(1);

    expect(jobs(orders)).toHaveLength(2_048);
    expect(told).toEqual([
      expect.objectContaining({ severity: 'warning', source: 'content' }),
      expect.objectContaining({ source: 'content', count: 2_100 }),
    ]);
  });

  it('time to read the last ones, and nothing after the end', async () => {
    const { made, orders, told, read, apply } = feed();
    apply(snapshot(0, { tgid: 10 }), open(1, 10), close(2, 10, 3), open(3, 10), close(4, 10, 3));
    const ended = made.end(10_000);
    made.answered({ event: null });
    made.answered({ event: { kind: 'content' } as ContentEvent });
    await ended;

    expect([orders.map(({ kind }) => kind), told, read.length]).toEqual([['read', 'read', 'finish', 'stop'], [], 1]);
  });
});
