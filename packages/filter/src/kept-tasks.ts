import { documentFromJson, documentToJson } from '@godo/evidence';
import { none, ReferenceColumn } from './columns.ts';
import type { Task } from './task-merge.ts';
import { TextStore } from './text-store.ts';

/** What is shown of a task. */
export type KeptTask = Pick<Task, 'pid' | 'startNs' | 'exitNs'>;

/** The tasks of all processes that have more to tell of them than their process says itself. */
export class KeptTasks {
  readonly #texts = new TextStore();
  readonly #text = new ReferenceColumn();

  /** @param process - What a single main task says. */
  add(row: number, tasks: readonly Task[], process: KeptTask): void {
    const [main] = tasks;
    const said =
      tasks.length === 1 &&
      main?.pid === process.pid &&
      main.startNs === process.startNs &&
      main.exitNs === process.exitNs;
    if (said) return;
    const kept = tasks.map(({ pid, startNs, exitNs }): KeptTask => ({ pid, startNs, exitNs }));
    this.#text.set(row, this.#texts.add(documentToJson({ kept })));
  }

  of(row: number, process: KeptTask): readonly KeptTask[] {
    const text = this.#text.at(row);
    return text === none ? [process] : documentFromJson<{ kept: KeptTask[] }>(this.#texts.get(text)).kept;
  }
}
