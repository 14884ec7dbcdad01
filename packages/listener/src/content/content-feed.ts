/** The writer's side of the content stage: hands it the files that were changed, as many as it can take. */

import type { FileSession } from '@godo/evidence';
import type { BinaryString, ContentEvent, PipelineEvent, ProcFacts } from '../events.ts';
import type { LossFacts } from '../loss-event.ts';
import type { ContentAnswer, ContentOrder } from '../stages/messages.ts';
import { contentJob } from './content-job.ts';

/** Files that wait at once; of more it is said that they were not read. */
const mostWaiting = 2_048;
const mostContainers = 16_384;

export interface ContentFeedOptions {
  send(order: ContentOrder): void;
  read(event: ContentEvent): void;
  tell(loss: LossFacts): void;
}

export class ContentFeed {
  readonly #options: ContentFeedOptions;
  readonly #roots = new Map<string, BinaryString>();
  #waiting = 0;
  #dropped = 0;
  #finished: (() => void) | null = null;

  constructor(options: ContentFeedOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** Where the roots of containers lie. */
  learn(event: PipelineEvent): void {
    if (!('proc' in event) || event.proc === null) return;
    const { containerId, rootfs, makes }: ProcFacts = event.proc;
    if (containerId != null && rootfs !== undefined) this.#remember(containerId, rootfs);
    if (makes !== undefined) this.#remember(makes.containerId, makes.rootfs);
  }

  /** A session that has ended. */
  offer(session: FileSession): void {
    const job = contentJob(session, this.#roots.get(session.containerId ?? '') ?? null);
    if (job === null) return;
    if (this.#waiting < mostWaiting) {
      this.#waiting += 1;
      this.#options.send({ kind: 'read', job });
      return;
    }
    this.#dropped += 1;
    if (this.#dropped > 1) return;
    const reason = 'More files were changed than could be read: of some there is no content.';
    this.#options.tell({ severity: 'warning', source: 'content', reason });
  }

  answered({ event }: ContentAnswer): void {
    this.#waiting -= 1;
    if (event !== null) this.#options.read(event);
    if (this.#waiting === 0) this.#finished?.();
  }

  /** Resolves when all that was offered is read, at the latest after so long. */
  async end(patienceMs: number): Promise<void> {
    this.#options.send({ kind: 'finish' });
    if (this.#waiting > 0) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#finished = resolve;
        timer = setTimeout(resolve, patienceMs);
      });
      clearTimeout(timer);
    }
    this.#options.send({ kind: 'stop' });
    const count = this.#dropped + this.#waiting;
    if (count === 0) return;
    const reason = `Of ${count} changed file(s) there is no content: more were changed than could be read.`;
    this.#options.tell({ source: 'content', count, reason });
  }

  #remember(containerId: string, rootfs: BinaryString): void {
    if (this.#roots.has(containerId)) return;
    const oldest = this.#roots.keys().next().value;
    if (this.#roots.size >= mostContainers && oldest !== undefined) this.#roots.delete(oldest);
    this.#roots.set(containerId, rootfs);
  }
}
