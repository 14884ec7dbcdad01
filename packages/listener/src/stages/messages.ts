/** What the threads are started with and say to each other. */

import type { KeyObject } from 'node:crypto';
import type { MessagePort } from 'node:worker_threads';
import type { StoreTarget } from '@godo/evidence';
import type { ContentJob } from '../content/content-job.ts';
import type { ContainerRoot, ContentEvent, ControlEvent } from '../events.ts';
import type { ConnectorBatch } from '../merge.ts';
import type { ContainerPath } from '../proc/cgroup.ts';
import type { EngineProcess } from '../proc/proc-reader.ts';
import type { ByteRingMemory } from './byte-ring.ts';
import type { SharedMemory } from './shared-state.ts';

export interface IntakeData {
  readonly fd: number;
  readonly ring: ByteRingMemory;
  readonly shared: SharedMemory;
  /** ms that records may gather in the kernel's socket. */
  readonly mostGatherMs: number;
}

export interface ReassemblyData {
  readonly ring: ByteRingMemory;
  /** Where the events go. */
  readonly events: ByteRingMemory;
  readonly shared: SharedMemory;
  /** Told when there is something in `events`, if it asked to be. */
  readonly toWriter: MessagePort;
  /** Send the records as lines with the events. */
  readonly keepLines: boolean;
}

export interface ConnectorData {
  readonly fd: number;
  readonly shared: SharedMemory;
  readonly toWriter: MessagePort;
  readonly ownTgid: number;
  readonly envNames: boolean;
}

export interface SpoolPlace {
  readonly directory: string;
  /** It holds no more than this. */
  readonly mostBytes: number;
}

export interface WriterData {
  readonly events: ByteRingMemory;
  readonly shared: SharedMemory;
  readonly fromReassembly: MessagePort;
  readonly fromConnector: MessagePort;
  readonly target: StoreTarget;
  readonly diagFile: string | null;
  /** Where documents wait that the database does not take; null: in memory, and then in the kernel. */
  readonly spool: SpoolPlace | null;
  /** The stage that reads changed files; null: none does. */
  readonly content: MessagePort | null;
  /** Signs the links of the chain; null: they are not signed. */
  readonly signKey: KeyObject | null;
  /** ms between two checkpoints of open file sessions. */
  readonly checkpointMs: number;
}

/** Reassembly to supervisor: somebody else wants the audit role. */
export interface ReassemblyReport {
  readonly kind: 'role-requested';
}

/** How changed files are read. */
export interface HashOptions {
  readonly mostBytes: number;
  readonly bytesPerSecond: number;
}

export interface ContentStageData {
  readonly hash: HashOptions;
  readonly writer: MessagePort;
}

/** Writer to content stage. `finish`: what waits is read at once. */
export type ContentOrder =
  | { readonly kind: 'read'; readonly job: ContentJob }
  | { readonly kind: 'finish' }
  | { readonly kind: 'stop' };
/** The answer to each `read`; null: another one for the same file came, and has the answer. */
export interface ContentAnswer {
  readonly event: ContentEvent | null;
}

/** Connector to writer. `end`: nothing follows. */
export type ConnectorMessageToWriter = ConnectorBatch | 'end';

/**
 * Supervisor to connector. `auditTellsUs`: audit tells of every exec of a process that was forked after this moment (µs of
 * CLOCK_MONOTONIC); null: it may not. `statisticsFd`: what openTaskStatistics gave; null: the kernel has none.
 */
export type ConnectorOrder =
  | { readonly kind: 'snapshot'; readonly auditTellsUs: number | null; readonly statisticsFd: number | null }
  | { readonly kind: 'stop' };
/** Connector to supervisor. */
export type ConnectorReport =
  | { readonly kind: 'subscribed' }
  | { readonly kind: 'event-seen' }
  | { readonly kind: 'snapshot-taken'; readonly processes: number }
  | { readonly kind: 'container'; readonly container: ContainerPath }
  /** Of a container that runs already. */
  | { readonly kind: 'root'; readonly root: ContainerRoot }
  | { readonly kind: 'engine'; readonly engine: EngineProcess };

/** Supervisor to writer. */
export type WriterOrder =
  | { readonly kind: 'event'; readonly event: ControlEvent }
  /** The end has begun: the store is waited for no longer than that. */
  | { readonly kind: 'ending' }
  /** `cutOff`: the other stages did not come to their end, nothing more is to be expected of them. */
  | { readonly kind: 'end'; readonly reason: string; readonly cutOff: boolean };
/** Writer to supervisor. `failed` before `ready`: the store could not be opened. */
export type WriterReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'trouble'; readonly message: string }
  | { readonly kind: 'note'; readonly message: string }
  | {
      readonly kind: 'done';
      readonly undelivered: number;
      readonly spoolLeft: boolean;
      readonly entryHash: string | null;
    };
