import { overlay } from './facts.ts';
import type { ObservedProcess } from './observed-process.ts';

/** Programs of container engines that the tree is mended by. */
export type ContainerProgram = 'dockerd' | 'containerd' | 'crio' | 'podman' | 'runc' | 'shim' | 'conmon';

/** Engines that are roots whether they have containers at the moment or not. */
export const services: ReadonlySet<ContainerProgram | null> = new Set(['containerd', 'crio']);

const programs: Readonly<Record<string, ContainerProgram>> = {
  dockerd: 'dockerd',
  containerd: 'containerd',
  crio: 'crio',
  podman: 'podman',
  runc: 'runc',
  crun: 'runc',
  youki: 'runc',
  conmon: 'conmon',
};

/** Which of them a process is by what was observed of itself: what a shim forked without an exec is not a shim. */
export function containerProgramOf({ executions, initial, latest }: ObservedProcess): ContainerProgram | null {
  const execution = executions.findLast((one) => one.success)?.facts;
  const own = overlay(execution ?? initial, latest);
  const path = own.exe ?? own.argv?.[0] ?? '';
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/ \(deleted\)$/, '');
  if (name.startsWith('containerd-shim')) return 'shim';
  return Object.hasOwn(programs, name) ? (programs[name] ?? null) : null;
}
