/**
 * The documents of raw evidence: what the listener writes and the filter reads.
 *
 * Conventions that hold for every document:
 * - Raw evidence is only ever added to. `_id` is derived from the evidence itself, so writing the same thing twice
 *   changes nothing.
 * - A field whose name ends in `Ns` is a bigint: nanoseconds since the Unix epoch. The ISO text of the same moment
 *   (UTC, nine decimals) stands beside it without the suffix (`timeNs` and `time`).
 * - Text that came as bytes is UTF-8; where the bytes were not valid UTF-8 the text holds U+FFFD and a second field
 *   with the suffix `Hex` holds the exact bytes in lower-case hex.
 * - `null` says "known to be unknown"; an absent optional field says "this observation has nothing to say about it".
 */

import type { FileSession } from './file-session.ts';

/** `<boot id>:<tgid>:<start ticks>`; the last part is `?<ms>.<serial>` where the start was never seen. */
export type ProcessKey = string;

/** A moment as its source stated it, before conversion to the epoch. `value` is a decimal integer. */
export interface SourceClock {
  /** `monotonic`: ns of CLOCK_MONOTONIC (connector). `audit`: ms since the epoch (audit record). `realtime`: ns. */
  readonly name: 'monotonic' | 'audit' | 'realtime';
  readonly value: string;
}

/** Where a raw document comes from: host, boot and run of the listener. */
export interface Origin {
  readonly _id: string;
  /** Host name. */
  readonly host: string;
  /** /etc/machine-id, or null where there is none. */
  readonly machineId: string | null;
  readonly bootId: string;
  /** `_id` of the start document of the listener run in `sessions`. */
  readonly sessionId: string;
}

export interface Moment {
  readonly timeNs: bigint;
  readonly time: string;
}

/** Who a task is to the kernel: uid etc. as audit's SYSCALL record or /proc/PID/status give them. 4294967295 = unset. */
export interface Credentials {
  readonly uid?: number;
  readonly gid?: number;
  readonly euid?: number;
  readonly auid?: number;
  readonly ses?: number;
  readonly tty?: string | null;
}

/** The file that a process runs, and how it came to run it. */
export interface Program {
  /** Absolute path of the executable as the process sees it. Of a failed exec: the file that was asked for. */
  readonly exe?: string | null;
  readonly exeHex?: string;
  /**
   * True: the file had no name any more when it was executed, or where /proc alone tells of it, when that was read (a
   * memfd never has one); `exe` is where it was. null: `exe` ends in ` (deleted)`, and whether that is the file's name was
   * not to be found out. Absent: it had its name.
   */
  readonly exeDeleted?: true | null;
  /**
   * Absolute path of the file that was executed where it only names its interpreter (`#!`, binfmt_misc): the
   * interpreter is `exe`. `/dev/fd/N…`: it was given by a descriptor, whose path the kernel does not tell.
   */
  readonly script?: string;
  readonly scriptHex?: string;
  /** The interpreters in between that are scripts themselves, in the order in which they were found. */
  readonly viaScripts?: readonly string[];
  /** Same length; null where the path was valid UTF-8. Present only if some path was not. */
  readonly viaScriptsHex?: readonly (string | null)[];
}

/**
 * Why argv is null. failed call: the kernel writes arguments down only of calls that get as far as the program. not
 * recorded: it executed, but no record told them, nor was it there for /proc to be read.
 */
export type ArgvUnknown = 'failed call' | 'not recorded';

/** As /proc/PID/ns names them. */
export const namespaceKinds = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts'] as const;

/** Inodes of namespaces. */
export type Namespaces = Readonly<Partial<Record<(typeof namespaceKinds)[number], number>>>;

/** On request: names of the environment when the process was looked at, after its exec. Values are never kept. */
export interface EnvironmentNames {
  /** Once each, in their order; only such of ASCII letters, digits and `_.%()-`. */
  readonly envNames?: readonly string[];
  /** There were more than are kept: 4096, or 256 KiB with their values. */
  readonly envNamesCut?: true;
}

/** What a process is in namespaces that are not the host's. */
export interface Inside {
  /** Its number in its own pid namespace, where that is not the host's and the number is known. */
  readonly innerPid?: number;
  /** Its numbers from the host's pid namespace to its own, as /proc gave them (`NSpid`). */
  readonly pids?: readonly number[];
  /** Its namespaces that are not the host's, as /proc gave them. null: a call has changed them since, to what is not known. */
  readonly namespaces?: Namespaces | null;
}

/**
 * exit of a process: what all its threads have used, as the kernel tells at the end of each. Absent: it did not.
 */
export interface Usage {
  /** µs that they ran on a processor, in user mode and in the kernel. */
  readonly cpuUs?: number;
  /** The most memory that its last program had at once, KiB, resident. Of one that shares its parent's (vfork): that one's. */
  readonly maxRssKb?: number;
  /** Some of it may be missing: it ran before the listener did, or the end of a thread was not told, or may not have been. */
  readonly usagePartial?: true;
}

/** One observation of a task. Collection `pids`. */
export interface TaskDocument extends Origin, Moment, Credentials, Program, Inside, EnvironmentNames, Usage {
  /**
   * snapshot: it ran when the listener started. fork: it was made. exec: it became another program (or tried to).
   * exit: it ended. root: it changed its root file system. inside: something was learnt of its namespaces. star: it was
   * declared a root of the tree.
   */
  readonly observation: 'snapshot' | 'fork' | 'exec' | 'exit' | 'root' | 'inside' | 'star';
  readonly source: 'proc' | 'connector' | 'audit' | 'listener';
  readonly clock: SourceClock | null;
  readonly key: ProcessKey;
  /** Task id in the host's pid namespace. */
  readonly pid: number;
  /** Process id in the host's pid namespace. */
  readonly tgid: number;
  /** Clock ticks (1/100 s) since boot, suspend included: field 22 of /proc/PID/stat. null: never seen. */
  readonly startTicks: number | null;
  /** Time the process started, where known. */
  readonly startNs?: bigint | null;
  readonly start?: string | null;
  /** True where the edge to the parent was not told by the kernel but concluded (audit.log replay). */
  readonly inferred?: boolean;
  /** Parent task, parent process and its key, as known at this observation. */
  readonly ppid?: number;
  readonly parentTgid?: number;
  readonly parentKey?: ProcessKey | null;
  /** exit: status given to exit(2), 0..255; null when killed by a signal. */
  readonly exitCode?: number | null;
  /** exit: signal that killed it, or null. */
  readonly exitSignal?: number | null;
  readonly coreDumped?: boolean;
  /** A root of the tree: a container engine, or the command of `godo record`. */
  readonly star?: boolean;
  /** exec: false when the call failed; the facts then describe the attempt and were not applied. */
  readonly success?: boolean;
  /** exec: negative errno of a failed call. */
  readonly errno?: number;
  readonly argv?: readonly string[] | null;
  /** exec: only where argv is null. */
  readonly argvUnknown?: ArgvUnknown;
  /** Same length as argv; null where the argument was valid UTF-8. Present only if some argument was not. */
  readonly argvHex?: readonly (string | null)[];
  readonly comm?: string | null;
  readonly commHex?: string;
  readonly cwd?: string | null;
  readonly cwdHex?: string;
  /** Host path of the root file system; `/` for host processes. */
  readonly rootfs?: string | null;
  readonly rootfsHex?: string;
  /** Of processes in containers: the device of that file system as audit tells it (`00:2a`), as /proc gave it. */
  readonly rootDev?: string;
  /** Innermost container id, mostly 64 hex digits; null: read and not in a container. Absent: not read. */
  readonly containerId?: string | null;
  readonly warnings?: readonly string[];
}

/** Writes counted, with the first and the last time. first and last are null exactly when count is 0. */
export interface WriteCount {
  readonly count: number;
  readonly bytes: number;
  readonly firstNs: bigint | null;
  readonly first: string | null;
  readonly lastNs: bigint | null;
  readonly last: string | null;
}

export interface Writer extends WriteCount {
  readonly key: ProcessKey;
}

/** Changes of a file's content by other calls than writes, by one process. Each is in `operations` too. */
export interface ContentChange {
  readonly key: ProcessKey;
  readonly count: number;
  readonly firstNs: bigint;
  readonly first: string;
  readonly lastNs: bigint;
  readonly last: string;
}

/**
 * Mappings of a file into memory, through which it can be written without a call: shared ones of a descriptor that is open
 * for reading and writing. They outlive the descriptor.
 */
export interface SharedMapping {
  /** Calls of mmap, by all who had the session. */
  readonly count: number;
  readonly firstNs: bigint;
  readonly first: string;
  readonly lastNs: bigint;
  readonly last: string;
  /** One was writable from the beginning. Those that are not can be made so by mprotect, which is not recorded. */
  readonly writable: boolean;
  /** Who mapped it, and who got it from a parent, in that order. */
  readonly keys: readonly ProcessKey[];
  /**
   * true: the file's time of change says that it was changed while it was mapped, and no recorded call explains that.
   * false: it was not, by that time. null: neither can be said.
   */
  readonly written: boolean | null;
  /** Why `written` is null. */
  readonly unknownBecause?: string;
}

/**
 * How a file session ended. close: last descriptor closed; dup: replaced by dup2/dup3; exec: close-on-exec;
 * exit: the last process that held it ended; unseen: the descriptor number was given out again, so a close was missed.
 */
export type ClosedBy = 'close' | 'dup' | 'exec' | 'exit' | 'unseen';

/** The kind of file an open call found, by its mode. */
export type FileType = 'regular' | 'directory' | 'character' | 'block' | 'fifo' | 'socket' | 'symlink' | 'unknown';

/** One open … close of one file by one open file description. `files`: ended. `fds`: still open at a checkpoint. */
export interface FileSessionDocument extends Origin {
  readonly kind: 'session';
  /** Identity of the file session; equals `_id` in `files`, and is the part of `_id` before `@` in `fds`. */
  readonly fileSessionId: string;
  /** `fds` only: when this state was written down. A later checkpoint of the same session wins over an earlier one. */
  readonly checkpointNs?: bigint;
  readonly checkpoint?: string;
  /** Path as the process sees it: absolute when pathResolved; the given name otherwise; null when not even that. */
  readonly path: string | null;
  readonly pathHex?: string;
  readonly pathResolved: boolean;
  /** The directory descriptor an unresolved relative name hangs on. */
  readonly dirfd?: number;
  /** `major:minor` in hex as audit prints it (`fe:00`). */
  readonly dev: string | null;
  /** Decimal; 64 bits do not fit a JavaScript number. */
  readonly inode: string | null;
  /** Absent in evidence that was written before this was recorded. */
  readonly fileType?: FileType;
  /** O_* flags of the open call as the architecture of the caller numbers them; null when the file was open before us. */
  readonly flags: number | null;
  readonly access: 'read' | 'write' | 'readwrite' | 'unknown';
  /** The open call made the file. */
  readonly created: boolean;
  /** The opener. */
  readonly key: ProcessKey;
  readonly pid: number;
  readonly tgid: number;
  /** -1: it was opened by io_uring, and which descriptor it got is not known. */
  readonly fd: number;
  readonly comm: string | null;
  readonly exe: string | null;
  readonly containerId: string | null;
  /** True: it was open already when the listener started; `opened` is then the time of the snapshot. */
  readonly openedBefore: boolean;
  readonly openedNs: bigint;
  readonly opened: string;
  readonly closedNs: bigint | null;
  readonly closed: string | null;
  readonly closedBy: ClosedBy | null;
  readonly writes: WriteCount;
  /** Each process that wrote, in order of its first write. */
  readonly writers: readonly Writer[];
  /** Who changed the content by ftruncate, fallocate or FICLONE, in order of their first. Absent: nobody. */
  readonly changes?: readonly ContentChange[];
  /** Absent: it was not mapped so. */
  readonly mapped?: SharedMapping;
  readonly warnings?: readonly string[];
}

/** What is done to files by their names, to what they are, or to their content without writing; of sensitive ones more. */
export const operationNames = [
  'rename',
  'unlink',
  'rmdir',
  'mkdir',
  'mknod',
  'link',
  'symlink',
  'truncate',
  'chmod',
  'chown',
  'setxattr',
  'removexattr',
  'utimes',
  'fallocate',
  'clone',
  'dedupe',
  'setflags',
  // Of sensitive files: an open that failed, and a connection to a socket.
  'open',
  'connect',
] as const;

/** What fallocate(2) does to the range; allocate: it gets room, and is zeros where nothing was. */
export const allocationKinds = [
  'allocate',
  'punch-hole',
  'collapse-range',
  'zero-range',
  'insert-range',
  'unshare-range',
  'write-zeroes',
] as const;
export type AllocationKind = (typeof allocationKinds)[number];

export type OperationName = (typeof operationNames)[number];

/**
 * One operation on a file, done or tried. Collection `operations`.
 *
 * Paths are as the process saw them: absolute where `…Resolved` is true, else as they were given, below the directory
 * descriptor `…dirfd` where that is there.
 */
export interface OperationDocument extends Origin, Moment {
  readonly operation: OperationName;
  readonly success: boolean;
  /** Negative errno of a failed call; absent where io_uring made it, for audit does not tell it. */
  readonly errno?: number;
  /**
   * rename: what was renamed. link: the file that gets another name. symlink: the link that was made. All others: the
   * file itself. null: the records do not tell.
   */
  readonly path: string | null;
  readonly pathHex?: string;
  readonly pathResolved: boolean;
  readonly dirfd?: number;
  /** The file was given by this descriptor alone; the path is that of its file session, where one is known. */
  readonly fd?: number;
  /** rename, link: the new name. */
  readonly toPath?: string | null;
  readonly toPathHex?: string;
  readonly toPathResolved?: boolean;
  readonly toDirfd?: number;
  /** rename: the two files were exchanged (RENAME_EXCHANGE): what was at `toPath` is at `path` now. */
  readonly exchange?: true;
  /** symlink: the text that the link holds, which need not be a path. */
  readonly target?: string;
  readonly targetHex?: string;
  /**
   * Of a name that the records do not tell they may tell the directory that it was in: of a call that failed because
   * the name was there already, or was not there. Absolute where that is known; of rename and link those of both names,
   * in no order that means anything.
   */
  readonly directories?: readonly string[];
  /** Same length; null where the text was valid UTF-8. Present only if some text was not. */
  readonly directoriesHex?: readonly (string | null)[];
  /** Failed rename, link, symlink: names that were given, where the records do not tell which of the two each was. */
  readonly names?: readonly string[];
  /** As directoriesHex. */
  readonly namesHex?: readonly (string | null)[];
  /** Of the file that `path` names, as in file sessions; null where the call did not get as far as the file. */
  readonly dev: string | null;
  readonly inode: string | null;
  readonly fileType: FileType;
  /** rename: the file that was at `toPath` before, which has lost this name. */
  readonly replacedInode?: string;
  /** rename with `exchange`: the file that was at `toPath` before. */
  readonly exchangedInode?: string;
  /** chmod, mkdir, mknod: the permission bits that were asked for (07777), before the umask. */
  readonly mode?: number;
  /** chmod: those that the file had before. */
  readonly modeBefore?: number;
  /**
   * chown: whose the file was to be, as the caller's user namespace numbers them; absent where that was to stay.
   */
  readonly ownerUid?: number;
  readonly ownerGid?: number;
  /** chown: whose it was before, as the host numbers them. */
  readonly ownerUidBefore?: number;
  readonly ownerGidBefore?: number;
  /** truncate: bytes that the file was to have. */
  readonly size?: number;
  /** fallocate; absent where the call was an older one (ioctl) that does not tell it, or asked for what is not known. */
  readonly allocation?: AllocationKind;
  /** fallocate: the file was to keep its size, whatever the range (FALLOC_FL_KEEP_SIZE). */
  readonly keepSize?: true;
  /** fallocate: the range in bytes; absent where the records do not tell: 32-bit calls have no length. */
  readonly offset?: number;
  readonly length?: number;
  /**
   * clone: the file whose content it was to share (FICLONE); the path where that is open for writing too. Absent: the call
   * passed a pointer (FICLONERANGE). dedupe: `fd` is the source, and who was to share it is not told.
   */
  readonly fromFd?: number;
  readonly fromPath?: string;
  readonly fromPathHex?: string;
  /** Who did it. */
  readonly key: ProcessKey;
  readonly pid: number;
  readonly tgid: number;
  readonly comm: string | null;
  readonly exe: string | null;
  readonly containerId: string | null;
  readonly warnings?: readonly string[];
}

/** Who makes containers. */
export type ContainerRuntime = 'docker' | 'containerd' | 'podman' | 'cri-o' | 'runc';

/** A mount of a container, as its engine knows it. */
export interface ContainerMount {
  /** On the host, or the name of what is no path (`tmpfs`); null: the engine does not say. */
  readonly source: string | null;
  /** In the container. */
  readonly destination: string;
  /** bind, volume, tmpfs, …, in the engine's words. */
  readonly type: string | null;
  /** null: the engine does not say. */
  readonly rw: boolean | null;
}

/** What a container's engine knows of it. null: it does not say, or could not be asked. */
export interface ContainerFacts {
  readonly name: string | null;
  readonly image: string | null;
  readonly imageId: string | null;
  readonly labels: Readonly<Record<string, string>> | null;
  /** ISO 8601 in the engine's own precision. */
  readonly created: string | null;
  readonly mounts: readonly ContainerMount[] | null;
}

/** `data` of an event of the kind `container`: a container that a task was seen in, and what its engine knows of it. */
export interface ContainerData extends ContainerFacts {
  readonly containerId: string;
  /** As the cgroups tell; null: they do not. */
  readonly runtime: ContainerRuntime | null;
  /** Differs from containerId for a container inside a container. */
  readonly outermostContainerId: string;
  /** Whose word the facts are; null: nobody's. */
  readonly engine: ContainerRuntime | null;
  /** Where they were read: a file, or a socket as `unix:…`; null: nowhere. */
  readonly source: string | null;
}

/**
 * `data` of an event of the kind `content`: what a regular file held some time after a session that had changed it was closed.
 * Sessions that follow each other closely are read for once.
 */
export interface ContentData {
  /** As in the session. */
  readonly path: string | null;
  readonly pathHex?: string;
  readonly dev: string | null;
  readonly inode: string | null;
  /** The last session before it was read. */
  readonly fileSessionId: string;
  /** When it had been read. */
  readonly hashedNs: bigint;
  /** null: not read, or not known. */
  readonly size: number | null;
  /** In hex; null: it was not read, for this reason. */
  readonly sha256: string | null;
  readonly mtimeNs: bigint | null;
  /** Whether the file was the same before and after the reading; null: it was not read. */
  readonly stable: boolean | null;
  readonly reason?: string;
}

/** Anything else that was recorded (network, module, …). Collection `events`. */
export interface EventDocument extends Origin, Moment {
  readonly kind: string;
  readonly key: ProcessKey | null;
  readonly tgid: number | null;
  readonly containerId: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * records: of audit, as the kernel counts what it drops: one line of an event, or all of it where that was the first, for the
 * others are not made then; so no more events than that are lost or not whole. events: of audit, each lost as a whole; where the kernel has dropped their
 * records, those are counted by it as well. messages: of the proc connector (forks, execs, exits and others). documents:
 * of raw evidence.
 */
export type LossUnit = 'records' | 'events' | 'messages' | 'documents';

/** A known gap, or something that makes the evidence less certain. Collection `losses`. */
export interface LossDocument extends Origin, Moment {
  readonly severity: 'loss' | 'warning';
  /** audit-kernel, audit-serial, audit-socket, audit-record, reassembly, connector, proc, ring, listener … */
  readonly source: string;
  /** First and last of what is missing (serials, sequence numbers, times), as text; null when it is not known. */
  readonly from: string | null;
  readonly to: string | null;
  /** How many are missing; null when it cannot be known. */
  readonly count: number | null;
  /** Of what there are so many. Absent: they are counted as nothing else is, or it is older evidence. */
  readonly unit?: LossUnit;
  /** One sentence: what happened and what is not seen because of it. */
  readonly reason: string;
  /** Calls may be missing, made in this time. */
  readonly missed?: MissedMoments;
}

export interface MissedMoments {
  readonly sinceNs: bigint;
  readonly since: string;
  readonly untilNs: bigint;
  readonly until: string;
}

/** Start and end of one run of the listener. Collection `sessions`. A run without an end document was cut off. */
export interface SessionDocument extends Origin, Moment {
  readonly phase: 'start' | 'end';
  /** live: from the kernel. replay: from an audit.log (no connector, edges inferred). */
  readonly mode: 'live' | 'replay';
  /** start: release of the kernel, version of godo, and how the audit subsystem is listened to. */
  readonly kernel?: string | null;
  readonly version?: string;
  readonly intake?: 'unicast' | 'multicast' | 'log';
  /** start: the audit rules in auditctl's form, for people. */
  readonly rules?: readonly string[];
  /** start: the documents of the run are told in links of `chain`. Absent: it is of before there were any. */
  readonly chained?: true;
  /** start: programs that are roots of the tree where they made containers, by name. Absent: none are. */
  readonly engines?: readonly string[];
  /** start: whether opens for reading are recorded of all files. Absent: of sensitive ones only. */
  readonly reads?: true;
  /** start: the files and folders whose opens for reading are recorded always. */
  readonly sensitive?: readonly string[];
  /** start: `containers`: what processes outside of containers do to files is not stored. Absent: all is. */
  readonly scope?: 'containers';
  /** record: the command. */
  readonly command?: readonly string[];
  /** end: final counters by name. */
  readonly counters?: Readonly<Record<string, number>>;
  /** end: the signal's name, command-ended, end-of-input, reboot (in a log). */
  readonly reason?: string;
  /** end: of the last link that was made before it. */
  readonly entry_hash?: string;
}

/** Documents of one collection that were told (chain/told.ts) from one second to another, both included. */
export interface ChainBucket {
  readonly collection: RawCollection;
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** SHA-256 of their digests (chain/canonical.ts) in the order of these, in hex. */
  readonly hash: string;
}

/** A document that is told alone: those of `sessions`, those of containers, and those that came late. */
export interface ChainMember {
  readonly collection: RawCollection;
  readonly id: string;
  /** Its digest in hex. */
  readonly hash: string;
}

/**
 * What was recorded since the link before, so that a document that is changed, removed or added later is noticed.
 * Collection `chain`. The names of the hashes are those of OCSF.
 */
export interface ChainDocument extends Origin, Moment {
  /** 1 for the first link of a run. */
  readonly n: number;
  /** s since the epoch: what was told in this second and before, and is not in this link or one before, came later. */
  readonly through: number;
  readonly buckets: readonly ChainBucket[];
  readonly members: readonly ChainMember[];
  /** Of all documents in it. */
  readonly count: number;
  /** The run has ended: nothing follows. */
  readonly end?: true;
  /** null in the first link. */
  readonly prev_entry_hash: string | null;
  /** SHA-256 of all fields but this one, the signature and `_id`, in hex. */
  readonly entry_hash: string;
  /** Ed25519, of the entry_hash, in base64. */
  readonly signature?: string;
}

export interface RawDocuments {
  readonly pids: TaskDocument;
  readonly fds: FileSessionDocument;
  readonly files: FileSessionDocument;
  readonly operations: OperationDocument;
  readonly events: EventDocument;
  readonly losses: LossDocument;
  readonly sessions: SessionDocument;
  readonly chain: ChainDocument;
}

export type RawCollection = keyof RawDocuments;
export const rawCollections = [
  'pids',
  'fds',
  'files',
  'operations',
  'events',
  'losses',
  'sessions',
  'chain',
] as const satisfies readonly RawCollection[];

/**
 * A task document without the ISO texts, which say what the fields ending in `Ns` say. A field that it does not have may
 * be there with undefined.
 */
export type TaskObservation = Omit<TaskDocument, 'time' | 'start'>;

/** A document with the collection it belongs to; file sessions and observations of tasks can travel in shorter forms. */
export type RawEntry =
  | {
      [C in Exclude<RawCollection, FileCollection>]: { readonly collection: C; readonly document: RawDocuments[C] };
    }[Exclude<RawCollection, FileCollection>]
  | { readonly collection: 'pids'; readonly observation: TaskObservation }
  | { readonly collection: FileCollection; readonly session: FileSession };

/** Collections of file sessions. */
export type FileCollection = 'files' | 'fds';
