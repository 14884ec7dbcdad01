/** A process as it is when it is first told of. */

import { DescriptorTable } from './descriptor-table.ts';
import type { ProcessState } from './process-table.ts';

/** What is known of it then. */
export type FirstFacts = Partial<
  Pick<
    ProcessState,
    | 'ppid'
    | 'parentTgid'
    | 'parentKey'
    | 'comm'
    | 'exe'
    | 'exeDeleted'
    | 'cwd'
    | 'rootfs'
    | 'mounts'
    | 'chroot'
    | 'containerId'
    | 'rootDev'
    | 'snapshotMs'
    | 'provisional'
  >
> & {
  /** Tells its key from others of the number where its start is not known. */
  readonly mark?: string;
};

export function newProcess(
  bootId: string,
  tgid: number,
  startTicks: number | null,
  startNs: bigint | null,
  facts: FirstFacts,
): ProcessState {
  return {
    key: `${bootId}:${tgid}:${startTicks ?? `?${facts.mark}`}`,
    tgid,
    startTicks,
    startNs,
    ppid: facts.ppid ?? null,
    parentTgid: facts.parentTgid ?? null,
    parentKey: facts.parentKey ?? null,
    comm: facts.comm ?? null,
    exe: facts.exe ?? null,
    exeDeleted: facts.exeDeleted,
    cwd: facts.cwd ?? null,
    rootfs: facts.rootfs ?? null,
    mounts: facts.mounts ?? 0,
    chroot: facts.chroot === undefined ? '' : facts.chroot,
    rootSharers: null,
    containerId: facts.containerId,
    rootDev: facts.rootDev ?? null,
    inner: null,
    // Of what nobody told us it is not known.
    threaded: facts.provisional ?? false,
    madeFor: null,
    star: false,
    tasks: new Set(),
    lastExecNs: 0n,
    exitedNs: null,
    usage: null,
    descriptors: new DescriptorTable(),
    executed: false,
    mapped: null,
    snapshotMs: facts.snapshotMs ?? null,
    provisional: facts.provisional ?? false,
    copiesFrom: null,
    inherits: null,
    uncloned: [],
    unnumbered: [],
    hiddenCloneMs: Number.NEGATIVE_INFINITY,
    doubtful: false,
  };
}
