import { overlay } from './facts.ts';
import type { ObservedProcess } from './observed-process.ts';

/** Programs of a container engine that the tree is mended by. */
export type ContainerProgram = 'dockerd' | 'containerd' | 'shim';

/** Which of them a process is by what was observed of itself: what a shim forked without an exec is not a shim. */
export function containerProgramOf({ executions, initial, latest }: ObservedProcess): ContainerProgram | null {
  const execution = executions.findLast((one) => one.success)?.facts;
  const own = overlay(execution ?? initial, latest);
  const program = own.exe ?? own.argv?.[0] ?? '';
  const name = program.slice(program.lastIndexOf('/') + 1);
  if (name.startsWith('containerd-shim')) return 'shim';
  for (const engine of ['dockerd', 'containerd'] as const) {
    if (name === engine || name === `${engine} (deleted)`) return engine;
  }
  return null;
}
