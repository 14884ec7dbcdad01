/**
 * The documents of cooked evidence: what the filter writes and the viewer reads. The conventions of raw-documents.ts
 * hold. Cooked evidence is a pure function of the raw evidence: no clock, no random number goes into it.
 */

import type { CookedFileSession } from './file-session.ts';
import type {
  ArgvUnknown,
  ContainerFacts,
  ContainerRuntime,
  Credentials,
  EnvironmentNames,
  EventDocument,
  FileSessionDocument,
  Inside,
  LossDocument,
  Moment,
  OperationDocument,
  ProcessKey,
  Program,
  Usage,
} from './raw-documents.ts';

/** A task of a process. */
export interface Thread {
  readonly pid: number;
  readonly startNs: bigint | null;
  readonly start: string | null;
  readonly exitNs: bigint | null;
  readonly exit: string | null;
  /** True: no exit of this task was seen, the exit of its process stands in. */
  readonly exitInferred: boolean;
  readonly ppid: number | null;
  readonly parentTgid: number | null;
}

/** One time a process became another program, or tried to (`success` false; not applied). */
export interface Execution extends Moment, Program, EnvironmentNames {
  readonly exe: string | null;
  readonly argv: readonly string[] | null;
  /** Only where argv is null. */
  readonly argvUnknown?: ArgvUnknown;
  readonly argvHex?: readonly (string | null)[];
  readonly cwd: string | null;
  readonly cwdHex?: string;
  readonly comm: string | null;
  readonly success: boolean;
  readonly errno?: number;
}

/** One process of the tree (the original's tgidNode). `_id` is its key. */
export interface ProcessDocument extends Credentials, Program, Inside, EnvironmentNames, Usage {
  readonly _id: ProcessKey;
  readonly key: ProcessKey;
  readonly host: string;
  readonly machineId: string | null;
  readonly bootId: string;
  /** Listener runs that saw it, in order. */
  readonly sessionIds: readonly string[];
  /** pid of the process in the host's pid namespace (its tgid). */
  readonly tgid: number;
  readonly startTicks: number | null;
  readonly startNs: bigint | null;
  readonly start: string | null;
  /** True: it ran before the listener did. */
  readonly startedBefore: boolean;
  readonly exitNs: bigint | null;
  readonly exit: string | null;
  readonly exitCode: number | null;
  readonly exitSignal: number | null;
  readonly coreDumped: boolean;
  readonly star: boolean;
  /** null for stars. */
  readonly parentKey: ProcessKey | null;
  readonly ppid: number | null;
  readonly parentTgid: number | null;
  /** kernel: told by a fork event. proc: read from /proc. inferred: concluded from ppid. engine: a container shim hung under its engine. null: a star. */
  readonly parentSource: 'kernel' | 'proc' | 'inferred' | 'engine' | null;
  /** Keys of its children in order of start. */
  readonly children: readonly ProcessKey[];
  /** Distance from its star, which has 0. */
  readonly depth: number;
  readonly threads: readonly Thread[];
  readonly executions: readonly Execution[];
  /** The last applied state; inherited from the parent when it never executed anything. */
  readonly exe: string | null;
  readonly comm: string | null;
  readonly commHex?: string;
  readonly argv: readonly string[] | null;
  readonly argvHex?: readonly (string | null)[];
  readonly cwd: string | null;
  readonly cwdHex?: string;
  readonly rootfs: string | null;
  readonly rootfsHex?: string;
  readonly containerId: string | null;
  readonly warnings: readonly string[];
}

/** A file session of a process of the tree. `_id` is the file session's id; open ones are included with closedNs null. */
export interface CookedFileDocument extends FileSessionDocument {
  /** True: no close was seen; the exit of the process stands in as the closing time. */
  readonly closeInferred: boolean;
}

/** One container. `_id` is `<bootId>:<container id>`. */
export interface ContainerDocument extends ContainerFacts {
  readonly _id: string;
  readonly containerId: string;
  readonly host: string;
  readonly machineId: string | null;
  readonly bootId: string;
  readonly sessionIds: readonly string[];
  readonly rootfs: string | null;
  readonly rootfsHex?: string;
  /** Device of its root file system as audit tells it; null: not known. */
  readonly rootDev: string | null;
  /** As its cgroups tell; null: they do not, or were never read. */
  readonly runtime: ContainerRuntime | null;
  /** The outermost container that it is in; null: it is in none. */
  readonly outermostContainerId: string | null;
  /** Whose word name, image and the like are; null: nobody's. */
  readonly engine: ContainerRuntime | null;
  readonly createdNs: bigint | null;
  /** Key of the star it hangs under. */
  readonly engineKey: ProcessKey | null;
  /** Topmost processes of the container: those whose parent is not in it. */
  readonly rootKeys: readonly ProcessKey[];
  readonly processes: number;
  /** File sessions with at least one write, or that made the file. */
  readonly filesChanged: number;
  readonly firstNs: bigint | null;
  readonly first: string | null;
  readonly lastNs: bigint | null;
  readonly last: string | null;
}

/** An operation of a process of the tree, by the key that the process has here, and in its container. */
export type CookedOperationDocument = OperationDocument;
export type CookedEventDocument = EventDocument;
export type CookedLossDocument = LossDocument;

/** One run of the listener, start and end merged. `_id` is the session's id. */
export interface RunDocument {
  readonly _id: string;
  readonly host: string;
  readonly machineId: string | null;
  readonly bootId: string;
  readonly mode: 'live' | 'replay';
  readonly startNs: bigint;
  readonly start: string;
  /** null: the run was cut off, or still goes on. */
  readonly endNs: bigint | null;
  readonly end: string | null;
  readonly reason: string | null;
  readonly kernel: string | null;
  readonly version: string | null;
  readonly intake: 'unicast' | 'multicast' | 'log' | null;
  readonly rules: readonly string[];
  readonly command: readonly string[] | null;
  readonly counters: Readonly<Record<string, number>>;
}

export interface CookedDocuments {
  readonly processes: ProcessDocument;
  readonly files: CookedFileDocument;
  readonly operations: CookedOperationDocument;
  readonly containers: ContainerDocument;
  readonly events: CookedEventDocument;
  readonly losses: CookedLossDocument;
  readonly runs: RunDocument;
}

export type CookedCollection = keyof CookedDocuments;
export const cookedCollections = [
  'processes',
  'files',
  'operations',
  'containers',
  'events',
  'losses',
  'runs',
] as const satisfies readonly CookedCollection[];

export type CookedEntry =
  | {
      [C in Exclude<CookedCollection, 'files'>]: { readonly collection: C; readonly document: CookedDocuments[C] };
    }[Exclude<CookedCollection, 'files'>]
  | { readonly collection: 'files'; readonly session: CookedFileSession };
