/** What the kernel queued of audit, as a second reader tells it that is not godo (programs/audit-witness.c). */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runOrThrow } from './run-program.ts';

export interface Witnessed {
  /** Of the load: events, their records, events of which records are missing, and how many those are. */
  readonly events: number;
  readonly records: number;
  readonly incomplete: number;
  readonly missing: number;
  /** Events without their first record: the kernel makes none. */
  readonly headless: number;
  /** Of anybody else, without changes of audit's rules and settings. */
  readonly others: { readonly events: number; readonly records: number };
  readonly overruns: number;
  /** Serials that there were, in their order: the first one, how many, and of whom. */
  readonly runs: readonly (readonly [first: number, count: number, whose: (typeof serialOf)[keyof typeof serialOf]])[];
}

export const serialOf = { load: 0, others: 1, changes: 2 } as const;

/** How many of these serials, both included, there were, by whose they are. */
export function serialsBetween({ runs }: Witnessed, from: number, to: number): Record<keyof typeof serialOf, number> {
  const counts = [0, 0, 0];
  for (const [first, count, whose] of runs) {
    const [low, high] = [Math.max(first, from), Math.min(first + count - 1, to)];
    if (low <= high) counts[whose] = (counts[whose] as number) + high - low + 1;
  }
  const [load = 0, others = 0, changes = 0] = counts;
  return { load, others, changes };
}

export interface Witness {
  /** It reads on until nothing more comes. */
  stop(): Promise<Witnessed>;
}

export async function buildWitness(folder: string): Promise<string> {
  const program = join(folder, 'audit-witness');
  const source = fileURLToPath(new URL('../programs/audit-witness.c', import.meta.url));
  await runOrThrow('gcc', ['-O1', '-o', program, source]);
  return program;
}

export async function startWitness(witness: string, uid: number): Promise<Witness> {
  const child = spawn(witness, [`${uid}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await Promise.race([once(child.stdout, 'data'), closed]);
  return {
    async stop() {
      child.kill('SIGTERM');
      await closed;
      const [ready, line = ''] = said.split('\n');
      if (ready !== 'ready' || line === '') throw new Error(`The witness has ended: ${said}`);
      return JSON.parse(line) as Witnessed;
    },
  };
}
