/**
 * The way to the file of cooked evidence: to a thread of its own where there is much to do, so that SQLite writes while
 * the next documents are made; in this thread where there is little, for a thread takes some 50 ms to start.
 */

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { reasonOf, StoreError, type StoreErrorCode } from '../store-error.ts';
import { CookedFile } from './cooked-file.ts';

/** What can be asked of the file. */
export type CookedCall = 'insert' | 'openRaw' | 'read' | 'readOn' | 'judge' | 'pass' | 'finish' | 'commit' | 'abort';

type Parameters<C extends CookedCall> = CookedFile[C] extends (...args: infer A) => unknown ? A : never;
type Result<C extends CookedCall> = CookedFile[C] extends (...args: never) => infer R ? R : never;

export interface CookedLink {
  /** Calls that may be under way at once without anybody waiting for them. */
  readonly ahead: number;
  /** Calls are carried out in their order. @throws StoreError */
  call<C extends CookedCall>(name: C, ...args: Parameters<C>): Promise<Result<C>>;
  /** Must be called at last. */
  close(): Promise<void>;
}

export interface ThreadCall {
  readonly name: CookedCall;
  readonly args: unknown[];
}

/** `error`: what the call threw, where it did; a StoreError with its code. */
export type ThreadAnswer =
  | { readonly result: unknown }
  | { readonly error: { readonly code: StoreErrorCode | null; readonly message: string } };

/** Parameters of {@link CookedFile.open}. */
export interface CookedFiles {
  readonly next: string;
  readonly location: string;
}

/** The built file; the sources, which only tests run, have none beside them. */
const threadFile = new URL('./cooked-thread.js', import.meta.url);

export async function openLink(start: CookedFiles, options: { readonly thread: boolean }): Promise<CookedLink> {
  if (options.thread && existsSync(fileURLToPath(threadFile))) return await openThread(start);
  const file = await CookedFile.open(start.next, start.location);
  return {
    ahead: 0,
    async call(name, ...args) {
      return callOf(file, { name, args }) as Result<typeof name>;
    },
    close: async () => undefined,
  };
}

/** Carries out a call. */
export function callOf(file: CookedFile, { name, args }: ThreadCall): unknown {
  return (file[name] as (...given: unknown[]) => unknown).apply(file, args);
}

/** What it makes of rows is of no use a moment later. */
const youngMb = 12;

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Answers come in the order of the calls; the first is that the file is open. */
class Thread {
  readonly ahead = 4;
  readonly #worker: Worker;
  readonly #location: string;
  readonly #waiting: Waiting[] = [];
  /** Why there will be no more answers. */
  #ended: StoreError | null = null;

  constructor(start: CookedFiles) {
    this.#location = start.location;
    this.#worker = new Worker(threadFile, {
      workerData: start,
      name: 'godo-cooked',
      resourceLimits: { maxYoungGenerationSizeMb: youngMb },
    });
    this.#worker.on('message', (answer: ThreadAnswer) => this.#answered(answer));
    this.#worker.on('error', (error) => this.#end(reasonOf(error)));
    this.#worker.on('messageerror', (error) => this.#end(reasonOf(error)));
    this.#worker.on('exit', (code) => this.#end(`its thread ended with ${code}`));
  }

  opened(): Promise<unknown> {
    return this.#answer();
  }

  async call<C extends CookedCall>(name: C, ...args: Parameters<C>): Promise<Result<C>> {
    if (this.#ended !== null) throw this.#ended;
    this.#worker.postMessage({ name, args } satisfies ThreadCall);
    return (await this.#answer()) as Result<C>;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #answer(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== null) reject(this.#ended);
      else this.#waiting.push({ resolve, reject });
    });
  }

  #answered(answer: ThreadAnswer): void {
    const next = this.#waiting.shift();
    if ('result' in answer) next?.resolve(answer.result);
    else next?.reject(errorOf(answer.error));
  }

  #end(reason: string): void {
    this.#ended ??= new StoreError('DATABASE_FAILED', `${this.#location} failed (${reason}).`);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
  }
}

async function openThread(start: CookedFiles): Promise<CookedLink> {
  const thread = new Thread(start);
  try {
    await thread.opened();
    return thread;
  } catch (error) {
    await thread.close();
    throw error;
  }
}

/** A fault of ours stays one. */
function errorOf({ code, message }: { readonly code: StoreErrorCode | null; readonly message: string }): Error {
  return code === null ? new Error(message) : new StoreError(code, message);
}
