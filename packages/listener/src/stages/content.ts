/** A stage of its own for --hash: reads files that were changed when they have come to rest, one after the other. */

import { setTimeout as sleep } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';
import { ContentQueue } from '../content/content-queue.ts';
import { FilePlaces } from '../content/file-places.ts';
import { readContent } from '../content/read-content.ts';
import { ReadingRate } from '../content/reading-rate.ts';
import { realtimeNs } from '../kernel/host.ts';
import type { ContentAnswer, ContentOrder, ContentStageData } from './messages.ts';

const now = () => performance.now();

class ContentStage {
  readonly #data: ContentStageData;
  readonly #queue = new ContentQueue();
  readonly #places = new FilePlaces(now);
  readonly #rate: ReadingRate;
  #working = false;
  #timer: NodeJS.Timeout | null = null;
  #finishing = false;
  #stopped = false;

  constructor(data: ContentStageData) {
    this.#data = data;
    this.#rate = new ReadingRate(data.hash.bytesPerSecond, now());
    data.writer.on('message', (order: ContentOrder) => this.#order(order));
  }

  #order(order: ContentOrder): void {
    if (order.kind === 'stop') {
      this.#stopped = true;
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#data.writer.close();
      return;
    }
    if (order.kind === 'finish') this.#finishing = true;
    else if (this.#queue.add(order.job, now())) this.#answer({ event: null });
    void this.#work();
  }

  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    for (;;) {
      const job = this.#stopped ? null : this.#queue.take(now(), this.#finishing);
      if (job === null) break;
      const { mostBytes } = this.#data.hash;
      const pause = async (bytes: number) => {
        const ms = this.#rate.spend(bytes, now());
        // Orders are to get their turn also where nothing must be waited for.
        await sleep(ms);
      };
      const found = await readContent(job, { places: this.#places, mostBytes, pause });
      const { key, tgid, containerId, path, dev, inode, fileSessionId } = job;
      const timeNs = realtimeNs();
      const data = { path, dev, inode, fileSessionId, hashedNs: timeNs, ...found };
      this.#answer({ event: { kind: 'content', timeNs, key, tgid, containerId, data } });
    }
    this.#working = false;
    const waitMs = this.#stopped ? null : this.#queue.waitMs(now());
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = waitMs === null ? null : setTimeout(() => void this.#work(), Math.ceil(waitMs));
  }

  #answer(answer: ContentAnswer): void {
    if (!this.#stopped) this.#data.writer.postMessage(answer);
  }
}

new ContentStage(workerData as ContentStageData);
