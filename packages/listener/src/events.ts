/**
 * The events of the pipeline: typed values that an intake makes and the recorder turns into documents. Nothing here
 * knows that audit is text, so a second intake can make the same values.
 *
 * Text from the kernel is carried as a *binary string* (one character a byte, latin1), because names and arguments
 * need not be UTF-8; it becomes text only in the document.
 */

import type {
  AllocationKind,
  ContainerData,
  ContentData,
  FileType,
  LossUnit,
  Namespaces,
  OperationName,
} from '@godo/evidence';

export type BinaryString = string;

/** Who made a system call, as the kernel said with the call. null: the kernel did not know (`?`, `(null)`, `(none)`). */
export interface Caller {
  readonly tgid: number;
  /** tgid of the parent at the time of the call. */
  readonly ppid: number;
  readonly uid: number;
  readonly gid: number;
  readonly euid: number;
  readonly auid: number;
  readonly ses: number;
  readonly tty: BinaryString | null;
  readonly comm: BinaryString | null;
  readonly exe: BinaryString | null;
}

/** What every event from the audit intake has. (ms, serial) identifies it within a boot. */
export interface AuditOrigin {
  /** Stamp of the kernel: ms since the epoch, taken at the entry of the call from a clock that lags up to a jiffy. */
  readonly ms: number;
  readonly serial: number;
  readonly caller: Caller;
  readonly warnings?: readonly string[];
  /** The records as lines of an audit.log, kept only while a --diag file is written. */
  readonly lines?: readonly string[];
  /** Set with `lines` where the records have no EOE of their own. */
  readonly alone?: boolean;
  /** Set where the event's end was not seen: the records may be incomplete. */
  readonly incomplete?: string;
}

/** A file as audit names it apart from its path; null: not told. */
export interface FileIdentity {
  readonly dev: string | null;
  readonly inode: string | null;
}

export interface ExecEvent extends AuditOrigin {
  readonly kind: 'exec';
  readonly success: boolean;
  /** 0, or the negative errno. */
  readonly exit: number;
  readonly argv: readonly BinaryString[] | null;
  readonly cwd: BinaryString | null;
  /**
   * The file that was asked for (first PATH item): its absolute path; as given where it hangs on a directory descriptor;
   * null where it was given by a descriptor alone.
   */
  readonly name: BinaryString | null;
  /** The descriptor that the name hangs on, or that the file was given by. */
  readonly dirfd?: number;
  /** Device of that file (`fe:00`). */
  readonly dev: string | null;
  /** Path of the program where `caller.exe` has the mark of a deleted file behind it and the file was deleted. */
  readonly exe?: BinaryString;
  /** null: `caller.exe` ends like the path of a deleted file, and the call does not tell whether that is its name. */
  readonly exeDeleted?: true | null;
  /** The file that was asked for where that is no program itself, and the scripts between it and the program. */
  readonly script?: BinaryString;
  readonly viaScripts?: readonly BinaryString[];
}

export interface OpenEvent extends AuditOrigin {
  readonly kind: 'open';
  readonly fd: number;
  /** O_* of the caller's architecture; null where the call passed a pointer and the record of it is missing. */
  readonly flags: number | null;
  readonly access: 'read' | 'write' | 'readwrite' | 'unknown';
  readonly closeOnExec: boolean;
  readonly truncates: boolean;
  readonly created: boolean;
  readonly path: BinaryString | null;
  readonly pathResolved: boolean;
  readonly dirfd: number | null;
  /** As in GivenName. */
  readonly parents?: readonly FileIdentity[];
  /** The directory descriptor is the root of the look-up (RESOLVE_IN_ROOT of openat2). */
  readonly inRoot?: true;
  readonly dev: string | null;
  readonly inode: string | null;
  readonly fileType: FileType;
  /** The file is sensitive: it was opened with a rule for such files. */
  readonly watched?: true;
}

export interface CloseEvent extends AuditOrigin {
  readonly kind: 'close';
  readonly fd: number;
}

/** close_range. */
export interface CloseRangeEvent extends AuditOrigin {
  readonly kind: 'close-range';
  /** Both inclusive, unsigned. */
  readonly first: number;
  readonly last: number;
  /** CLOSE_RANGE_CLOEXEC: they are not closed but marked. */
  readonly onExec: boolean;
  /** CLOSE_RANGE_UNSHARE: of a table of its own, which the caller gets before. */
  readonly unshares?: true;
}

/** A descriptor was made in a way that does not tell what it refers to. */
export interface MadeEvent extends AuditOrigin {
  readonly kind: 'descriptor-made';
  readonly by: 'pidfd_getfd' | 'memfd_create' | 'open_by_handle_at';
  readonly fd: number;
  /** O_* of open_by_handle_at; null: the call has none, or they are not told. */
  readonly flags: number | null;
  readonly closeOnExec: boolean;
}

/** pipe, pipe2. */
export interface PipeEvent extends AuditOrigin {
  readonly kind: 'pipe';
  /** To read from, and to write to. */
  readonly fds: readonly [number, number];
  readonly closeOnExec: boolean;
}

export interface WriteEvent extends AuditOrigin {
  readonly kind: 'write';
  readonly fd: number;
  readonly bytes: number;
}

/** A descriptor was copied: dup, dup2, dup3, fcntl(F_DUPFD, F_DUPFD_CLOEXEC). */
export interface DupEvent extends AuditOrigin {
  readonly kind: 'dup';
  readonly from: number;
  readonly to: number;
  /** dup2, dup3: what `to` referred to before was closed by the call. */
  readonly replaces: boolean;
  readonly closeOnExec: boolean;
}

/** fcntl(F_SETFD), ioctl(FIOCLEX), ioctl(FIONCLEX). */
export interface DescriptorFlagsEvent extends AuditOrigin {
  readonly kind: 'descriptor-flags';
  readonly fd: number;
  readonly closeOnExec: boolean;
}

/** fork, vfork, clone or clone3 returned in the parent. */
export interface CloneEvent extends AuditOrigin {
  readonly kind: 'clone';
  /** In the pid namespace of the caller. */
  readonly childPid: number;
  /** CLONE_*; null: clone3, whose flags no record shows. */
  readonly flags: number | null;
}

/** The caller left namespaces for new ones, those of its flags (CLONE_NEW*); of CLONE_NEWPID its children to come. */
export interface UnshareEvent extends AuditOrigin {
  readonly kind: 'unshare';
  readonly flags: number;
}

/** The caller moved to other namespaces: those of these flags, or one that is not known (0). As with unshare. */
export interface SetnsEvent extends AuditOrigin {
  readonly kind: 'setns';
  readonly flags: number;
}

export interface PivotRootEvent extends AuditOrigin {
  readonly kind: 'pivot-root';
  /** Absolute path of the new root as the caller saw it before. */
  readonly newRoot: BinaryString | null;
}

export interface ChrootEvent extends AuditOrigin, FileIdentity {
  readonly kind: 'chroot';
  /** Absolute path of the new root; null: the call does not tell it. */
  readonly path: BinaryString | null;
  /** The path counts from the root of the mount namespace, not from the root that the caller had. */
  readonly isWhole: boolean;
}

/** A file system was taken away: the numbers of its device may be another's next. */
export interface UnmountEvent extends AuditOrigin {
  readonly kind: 'unmount';
}

/** A name that a call was given. */
export interface GivenName {
  /** Absolute where it is resolved, else as given; null: not told. */
  readonly path: BinaryString | null;
  readonly pathResolved: boolean;
  /** The directory descriptor that an unresolved name hangs on; null: none, or not told. */
  readonly dirfd: number | null;
  /** The directory that the last part of the name lies in; several: one of them, the records do not tell which. */
  readonly parents?: readonly FileIdentity[];
}

/** Something was done to a file by its name, or to what it is, or was tried. Fields as in OperationDocument. */
export interface OperationEvent extends AuditOrigin {
  readonly kind: 'operation';
  readonly operation: OperationName;
  readonly success: boolean;
  /** 0, or the negative errno. */
  readonly exit: number;
  readonly file: GivenName;
  readonly fd: number | null;
  /** null: the operation has no second name. */
  readonly to: GivenName | null;
  readonly exchange: boolean;
  readonly target: BinaryString | null;
  readonly directories: readonly BinaryString[];
  readonly names: readonly BinaryString[];
  readonly dev: string | null;
  readonly inode: string | null;
  readonly fileType: FileType;
  readonly replacedInode: string | null;
  readonly exchangedInode: string | null;
  readonly mode: number | null;
  readonly modeBefore: number | null;
  readonly owner: OwnerChange | null;
  readonly size: number | null;
  /** io_uring did it: where it failed, the error is not told. */
  readonly byUring?: true;
  /** As of opens. */
  readonly watched?: true;
  /** Of operations on content that are told by more than a size. */
  readonly content?: ContentFacts;
}

/** What fallocate, or an ioctl, was asked for. Fields as in OperationDocument. */
export interface ContentFacts {
  readonly allocation: AllocationKind | null;
  readonly keepSize: boolean;
  readonly offset: number | null;
  readonly length: number | null;
  readonly fromFd: number | null;
}

/** A file was mapped so that stores into memory go into it. */
export interface MapEvent extends AuditOrigin {
  readonly kind: 'map';
  readonly fd: number;
  /** null: not told. */
  readonly writable: boolean | null;
}

/** null: it was to stay, or is not told. */
export interface OwnerChange {
  readonly uid: number | null;
  readonly gid: number | null;
  readonly uidBefore: number | null;
  readonly gidBefore: number | null;
}

/** The caller made a ring of io_uring. */
export interface UringSetupEvent extends AuditOrigin {
  readonly kind: 'uring-setup';
}

/**
 * io_uring opened files for the caller. Audit tells neither the descriptors nor the flags, nor whether an open of a file
 * that was there succeeded.
 */
export interface UringOpenEvent extends AuditOrigin {
  readonly kind: 'uring-open';
  readonly files: readonly UringFile[];
}

export interface UringFile extends Pick<GivenName, 'path' | 'pathResolved' | 'parents'> {
  readonly created: boolean;
  readonly dev: string | null;
  readonly inode: string | null;
  readonly fileType: FileType;
}

/**
 * Comes before a uring-open: which descriptors of its process /proc showed a moment later that refer to the files it tells
 * of.
 */
export interface UringFoundEvent {
  readonly kind: 'uring-found';
  readonly timeNs: bigint;
  readonly tgid: number;
  readonly startTicks: number;
  readonly descriptors: readonly UringDescriptor[];
}

export interface UringDescriptor {
  readonly fd: number;
  readonly path: BinaryString;
  readonly flags: number;
  readonly dev: string;
  readonly inode: string;
}

/** io_uring closed descriptors of the caller; which is not told. */
export interface UringCloseEvent extends AuditOrigin {
  readonly kind: 'uring-close';
}

/** io_uring changed a file of the caller, or tried to; which is not told. */
export interface UringChangeEvent extends AuditOrigin {
  readonly kind: 'uring-change';
  readonly operation: 'fallocate' | 'ftruncate';
}

/** Audit events that make no document: taken in for the --diag file, or since they are incomplete. */
export interface OtherEvent extends AuditOrigin {
  readonly kind: 'other';
  /** Set with `incomplete` where the call is one of those that are read: with all its records it may be another event. */
  readonly ofInterest?: true;
}

export type AuditEvent =
  | ExecEvent
  | OpenEvent
  | CloseEvent
  | CloseRangeEvent
  | WriteEvent
  | DupEvent
  | DescriptorFlagsEvent
  | MadeEvent
  | PipeEvent
  | CloneEvent
  | UnshareEvent
  | SetnsEvent
  | PivotRootEvent
  | ChrootEvent
  | UnmountEvent
  | OperationEvent
  | UringSetupEvent
  | UringOpenEvent
  | UringCloseEvent
  | UringChangeEvent
  | MapEvent
  | OtherEvent;

/** Where the root file system of a container lies on the host. */
export interface ContainerRoot {
  readonly containerId: string;
  readonly rootfs: BinaryString;
  /** Device as audit writes it; null: not known. */
  readonly dev: string | null;
}

/** What /proc said of a task, read between two equal readings of its start time. Absent: not read or not readable. */
export interface ProcFacts {
  readonly startTicks: number;
  readonly argv?: readonly BinaryString[];
  readonly comm?: BinaryString;
  readonly exe?: BinaryString;
  /** As in ExecEvent; `exe` is without the mark where this is true. */
  readonly exeDeleted?: true | null;
  readonly cwd?: BinaryString;
  /** Path of the root file system on the host, and its device as audit writes it. */
  readonly rootfs?: BinaryString;
  readonly rootDev?: string;
  /** The process is a container runtime: the container it makes. */
  readonly makes?: ContainerRoot;
  /** null: its cgroups name no container. */
  readonly containerId?: string | null;
  /** Names of its environment's variables, where that was asked for; cut: there were more. */
  readonly envNames?: readonly string[];
  readonly envNamesCut?: true;
  /** Its numbers from the host's pid namespace to its own; absent where it has one only. */
  readonly pids?: readonly number[];
  /** Those that are not the host's. Read of processes in containers. */
  readonly namespaces?: Namespaces;
  readonly uid?: number;
  readonly gid?: number;
  readonly euid?: number;
  readonly auid?: number;
  readonly ses?: number;
}

/** What every connector message has. (cpu, seq, monotonicNs) identifies it within a boot. */
export interface ConnectorOrigin {
  readonly cpu: number;
  readonly seq: number;
  readonly monotonicNs: bigint;
  /** The same moment on the epoch. */
  readonly timeNs: bigint;
}

export interface ForkEvent extends ConnectorOrigin {
  readonly kind: 'fork';
  readonly parentPid: number;
  readonly parentTgid: number;
  readonly pid: number;
  readonly tgid: number;
  /** The moment in clock ticks since boot, suspend included: stands in where /proc could not be read. */
  readonly ticks: number;
  /** Of the process; for a thread only while its process has not executed anything yet. */
  readonly proc: ProcFacts | null;
}

/** The connector's exec: the process became another program. */
export interface BecameEvent extends ConnectorOrigin {
  readonly kind: 'became';
  readonly pid: number;
  readonly tgid: number;
  readonly proc: ProcFacts | null;
}

export interface ExitEvent extends ConnectorOrigin {
  readonly kind: 'exit';
  readonly pid: number;
  readonly tgid: number;
  /** As wait(2) packs it: exit status << 8 | core flag 0x80 | signal. */
  readonly status: number;
  /** Absent: the kernel did not tell. */
  readonly usage?: TaskUsage;
}

/** What a task has used by its end. */
export interface TaskUsage {
  /** µs that it ran on a processor. */
  readonly cpuUs: number;
  /** The most memory that the program of its process has had at once, KiB, resident; 0 for threads of the kernel. */
  readonly maxRssKb: number;
}

/** A process that ran when the listener started, or when /proc was looked through again. */
export interface SnapshotEvent {
  readonly kind: 'snapshot';
  /** Messages of the connector had been lost before. */
  readonly again?: true;
  readonly timeNs: bigint;
  readonly startNs: bigint;
  readonly tgid: number;
  readonly parentTgid: number;
  readonly tasks: readonly number[];
  readonly proc: ProcFacts;
  /** Descriptors open for writing. */
  readonly files: readonly SnapshotFile[];
  /** Descriptors that names may hang on: directories, and what was opened with O_PATH. */
  readonly directories?: readonly SnapshotDirectory[];
  /** The others, as far as they were looked at: sockets, pipes, files that are only read. Absent in older files. */
  readonly others?: readonly OtherDescriptor[];
  /** It has a ring of io_uring. */
  readonly ioUring?: true;
  /** Where its root lies in its mount namespace, if that is another directory than the namespace's root. */
  readonly chroot?: BinaryString;
  /** Inode of its mount namespace, if that is not the host's. */
  readonly mountNamespace?: number;
}

export interface OtherDescriptor {
  readonly fd: number;
  readonly closeOnExec: boolean;
}

export interface SnapshotFile {
  readonly fd: number;
  readonly path: BinaryString;
  readonly flags: number;
  readonly access: 'write' | 'readwrite';
  readonly closeOnExec: boolean;
  readonly dev: string | null;
  readonly inode: string | null;
  readonly fileType: FileType;
}

export type SnapshotDirectory = Pick<SnapshotFile, 'fd' | 'path' | 'closeOnExec' | 'dev' | 'inode' | 'fileType'>;
/** A descriptor of a process whose start is known. */
export interface HeldDescriptor {
  readonly tgid: number;
  readonly startTicks: number;
  readonly fd: number;
}

/** What /proc shows of a descriptor. */
export interface FoundFile {
  /** Target of its link without the mark of a deleted file; of what is no file such as `pipe:[…]`. */
  readonly path: BinaryString;
  /** The file has no name any more; null: its path ends like that of a deleted file, and it has names. */
  readonly deleted?: true | null;
  readonly terminal?: true;
  /** O_*; null: not readable. */
  readonly flags: number | null;
  readonly access: OpenEvent['access'];
  readonly closeOnExec: boolean;
  readonly dev: string | null;
  readonly inode: string | null;
  readonly fileType: FileType;
}

/**
 * Nothing had told what a descriptor refers to, so /proc was looked at, after the event that stands next was told and before
 * it was recorded.
 */
export interface DescriptorFoundEvent extends HeldDescriptor {
  readonly kind: 'descriptor-found';
  readonly timeNs: bigint;
  /** null: it was not open any more, or the process had ended. */
  readonly file: FoundFile | null;
  /** A descriptor of a recorded session that refers to the same open file description (kcmp). */
  readonly sameAs?: HeldDescriptor;
}

/** After a clone3, whose flags are not told, both processes were found to share one table of descriptors (kcmp). */
export interface DescriptorsSharedEvent {
  readonly kind: 'descriptors-shared';
  readonly timeNs: bigint;
  readonly tgid: number;
  readonly startTicks: number;
  readonly parentTgid: number;
}

/**
 * /proc has been looked through again, for messages of the connector had been lost: what it showed came before this as
 * snapshots, and what the connector told until then as well.
 */
export interface RescanEvent {
  readonly kind: 'rescan';
  /** The end of the scan, and its beginning. */
  readonly timeNs: bigint;
  readonly beganNs: bigint;
  /** Until then everything had been told. */
  readonly sinceNs: bigint;
  /** All processes that it showed (tgids). */
  readonly alive: readonly number[];
}

/** One mount, as in proc_pid_mountinfo(5). */
export interface MountEntry {
  /** Its number, and that of the mount that it is mounted on. */
  readonly id: number;
  readonly parent: number;
  readonly mountPoint: BinaryString;
  /** Directory of the file system that is mounted. */
  readonly root: BinaryString;
  /** As audit writes it. */
  readonly dev: string | null;
  readonly fsType: string;
  readonly source: BinaryString;
  /** Of an overlay. */
  readonly upperDir?: BinaryString;
}

/** The mounts of a mount namespace, in the order in which they were made. */
export interface MountTable {
  /** null: those of the host. */
  readonly containerId: string | null;
  /** Inode of the namespace. */
  readonly namespace: number | null;
  readonly entries: readonly MountEntry[];
  /** It has more. */
  readonly cut?: true;
}

export interface MountsEvent extends MountTable {
  readonly kind: 'mounts';
  readonly timeNs: bigint;
}

export interface LossEvent {
  readonly kind: 'loss';
  readonly timeNs: bigint;
  readonly severity: 'loss' | 'warning';
  readonly source: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly count: number | null;
  readonly unit?: LossUnit;
  readonly reason: string;
  /** Calls may be missing, made in this time. */
  readonly missed?: MissedTime;
}

/** Before and after it everything was told. */
export interface MissedTime {
  readonly sinceNs: bigint;
  readonly untilNs: bigint;
}

/** Calls may be missing, of which a loss tells later, together with others. */
export interface CallsMissedEvent extends MissedTime {
  readonly kind: 'calls-missed';
  readonly timeNs: bigint;
}

/** A container that a task was seen in for the first time, and what its engine knows of it. Its texts are text, not bytes. */
export interface ContainerEvent {
  readonly kind: 'container';
  readonly timeNs: bigint;
  readonly data: ContainerData;
}

/** What a changed file held. Its path is the bytes. */
export interface ContentEvent {
  readonly kind: 'content';
  readonly timeNs: bigint;
  readonly key: string;
  readonly tgid: number;
  readonly containerId: string | null;
  readonly data: Omit<ContentData, 'path' | 'pathHex'> & { readonly path: BinaryString | null };
}

/** What a look at the file of a session that was mapped has shown, some time after the session ended. */
export interface FileLookEvent {
  readonly kind: 'file-look';
  readonly timeNs: bigint;
  readonly fileSessionId: string;
  /** null: the file was not to be seen; `reason` says why. */
  readonly found: SeenFile | null;
  readonly reason: string | null;
}

export interface SeenFile {
  readonly size: number;
  /** As in struct statx; birth is null where the file system has none. */
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly birthNs: bigint | null;
  readonly fileSystem: string;
  /** Every first store through a mapping changes the file's times there. */
  readonly tellsStores: boolean;
}

/** Declares a running process a root of the tree. */
export interface StarEvent {
  readonly kind: 'star';
  readonly timeNs: bigint;
  readonly tgid: number;
}

/** Write down what is still open. */
export interface CheckpointEvent {
  readonly kind: 'checkpoint';
  readonly timeNs: bigint;
}

export interface SessionStartEvent {
  readonly kind: 'session-start';
  readonly timeNs: bigint;
  readonly sessionId: string;
  readonly host: string;
  readonly machineId: string | null;
  readonly bootId: string;
  readonly mode: 'live' | 'replay';
  readonly intake: 'unicast' | 'multicast' | 'log';
  readonly kernel: string | null;
  readonly version: string;
  readonly rules: readonly string[];
  readonly command: readonly string[] | null;
  /** Executables whose processes are roots of the tree. */
  readonly stars: readonly string[];
  /** Names of programs whose processes are roots of the tree where they made containers. Absent in older files. */
  readonly engines?: readonly string[];
  /** As in the document, as are the next two. */
  readonly reads?: true;
  readonly sensitive?: readonly string[];
  readonly scope?: 'containers';
}

export interface SessionEndEvent {
  readonly kind: 'session-end';
  readonly timeNs: bigint;
  readonly reason: string;
  readonly counters: Readonly<Record<string, number>>;
}

export type ConnectorEvent = ForkEvent | BecameEvent | ExitEvent;
export type ControlEvent =
  | LossEvent
  | CallsMissedEvent
  | MountsEvent
  | ContainerEvent
  | ContentEvent
  | FileLookEvent
  | StarEvent
  | CheckpointEvent
  | SessionStartEvent
  | SessionEndEvent;
/** What was looked at for the event that stands next. */
export type LookUpEvent = DescriptorFoundEvent | DescriptorsSharedEvent;
export type PipelineEvent =
  | AuditEvent
  | ConnectorEvent
  | SnapshotEvent
  | RescanEvent
  | LookUpEvent
  | UringFoundEvent
  | ControlEvent;
