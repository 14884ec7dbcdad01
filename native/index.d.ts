/**
 * The door to the kernel's audit and proc-connector netlink sockets. System calls and decoding only; no policy.
 *
 * Every call may throw a {@link NativeError}. No call blocks longer than its time limit. All calls are safe in worker
 * threads; a descriptor may be opened in one thread and used in another.
 */

/** Why a call failed. */
export interface NativeError extends Error {
  /** `EPERM`, `EEXIST`, `ENOBUFS`, … as errno names it; `NOT_BUILT` when the addon has not been compiled; `BAD_ARGUMENT`. */
  readonly code: string;
  readonly errno?: number;
  readonly syscall?: string;
}

/** Bytes before the payload of every record that {@link receiveAudit} writes: u32 payload length, u16 type, u16 flags, u64 arrival. */
export const auditRecordHeaderBytes: 16;
/** Room that {@link receiveAudit} needs for one record, whatever its size: header + 8970 + 16 + padding. */
export const auditRecordRoomBytes: number;
/** Room that an {@link AuditDecoder} needs for its output at least: that of the largest entry. */
export const auditEntryRoomBytes: number;
/** How many numbers an {@link AuditDecoder} tells of each call. */
export const auditProgressNumbers: 16;
/** Size of one message that {@link receiveConnector} writes. */
export const connectorMessageBytes: 64;

/** Size of what {@link receiveTaskStatistics} writes of one task. */
export const taskStatisticsBytes: 24;

/** Opens a data socket for audit records. multicast: joins AUDIT_NLGRP_READLOG (needs CAP_AUDIT_READ). Non-blocking, close-on-exec. */
export function openAudit(options: { multicast: boolean; receiveBufferBytes: number }): number;
/**
 * Gives the records of a data socket a shorter way: a BPF program on the socket puts the kernel's records into memory that is
 * shared with it, and {@link receiveAudit} takes them from there without a system call, in the same order and with nothing
 * lost: what does not fit goes into the socket as before, until that was emptied. Answers, and what others than the kernel
 * send, go through the socket always. To be called before anything is received.
 * @param bytes - A power of two, of 4096 (a page) at least.
 * @throws NativeError EPERM, EINVAL, EACCES, ENOTSUP, …: this kernel has no such thing (it needs Linux 5.11), or does not let
 *   us (CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN; no lockdown=confidentiality). The socket is as it was then.
 */
export function attachRecordRing(fd: number, bytes: number): void;
/** Lets a data socket join or leave the multicast group (AUDIT_NLGRP_READLOG; joining needs CAP_AUDIT_READ). */
export function setAuditMulticast(fd: number, member: boolean): void;
/** How often a record did not fit into the ring of this data socket; 0 without one. */
export function recordRingDiversions(fd: number): number;
/** Opens a netlink audit socket for requests (needs CAP_AUDIT_CONTROL to be of use). */
export function openAuditControl(): number;
/**
 * Opens and binds the proc connector socket (needs CAP_NET_ADMIN before Linux 6.6). Does not subscribe yet, but messages
 * come in as soon as anybody on the host has subscribed.
 */
export function openConnector(options: { receiveBufferBytes: number }): number;
/**
 * Opens a socket on which the kernel tells what each task has used, when it ends (Documentation/accounting/taskstats.rst;
 * needs CAP_NET_ADMIN, and a kernel with CONFIG_TASKSTATS).
 * @param options.processors - Tasks that end on these, as /sys/devices/system/cpu/possible lists them ("0-3").
 * @param timeoutMs - Of the kernel's answers.
 * @throws NativeError EPERM; ENOENT: this kernel has no such statistics; ETIMEDOUT.
 */
export function openTaskStatistics(
  options: { receiveBufferBytes: number; processors: string },
  timeoutMs: number,
): number;
/**
 * Takes what is there without waiting. Each record has 24 bytes, little-endian: u32 task id in the host's pid namespace, u32 zero,
 * u64 µs that it ran on a processor, u64 the most memory that its program had at once, of all its threads (KiB, resident; 0 for
 * threads of the kernel). The kernel writes a record before it tells the proc connector of the exit of that task.
 * @returns bytes written; 0 when there was nothing; -1 when the socket overran (ENOBUFS): records were lost.
 */
export function receiveTaskStatistics(fd: number, memory: Uint8Array): number;

/** The receive buffer the kernel granted, in bytes (SO_RCVBUF as read back). */
export function receiveBufferBytes(fd: number): number;
/**
 * Closes a descriptor opened here; closing it twice is a BAD_ARGUMENT. A receive under way in another thread goes on to its
 * time limit, and the kernel's socket (with the audit role, if it has it) lives until then.
 */
export function closeSocket(fd: number): void;
/**
 * Ends the wait of a receive, or of {@link waitForMessages}, that goes on over this descriptor in another thread, or else
 * the next one's, before its time: it returns what is there, or 0. False where the descriptor is closed (the other thread
 * may have come to its end).
 */
export function wakeReceiver(fd: number): boolean;
/**
 * Waits for something to receive, an overrun included, at most timeoutMs. False when nothing came in time, or when
 * {@link wakeReceiver} ended the wait; then a receive without a wait tells whether there is something all the same.
 */
export function waitForMessages(fd: number, timeoutMs: number): boolean;
/**
 * Lets messages gather for timeoutMs, and takes none. It ends before that when {@link wakeReceiver} is called (or was, since
 * the last wait), and within a tenth of a second of the moment when `enoughBytes` of memory are taken by what waits: those
 * of the socket with what the kernel needs for each message, and those of the ring.
 */
export function gatherMessages(fd: number, timeoutMs: number, enoughBytes: number): void;
/**
 * Whether the kernel's socket holds something now, an overrun included. Any thread may ask; it takes no wake of another's.
 * True as well where the descriptor is closed: of that one nobody can say that nothing came.
 */
export function hasMessages(fd: number): boolean;

/**
 * Waits up to timeoutMs for the first record, then takes what is there, in one recvmmsg(2) (256 at most, and no more than
 * have the room of the largest) or out of the ring (as many as fit), and packs them from `offset` on. Each record: little-endian u32 payload length, u16 netlink type,
 * u16 flags (1: longer than the room of a record, the rest is lost), u64 arrival (CLOCK_MONOTONIC ns, one reading a batch,
 * taken after the receive), payload, zero bytes to the next multiple of 8. The payload is the text after the netlink
 * header: its length is taken from the datagram, for nlmsg_len of audit records is not to be trusted. Datagrams whose
 * sender is not the kernel (nl_pid != 0) are dropped and counted in {@link foreignDatagrams}. Answers to requests are no
 * records and do not appear; records that stood before such an answer come first, at the next call, as a batch of their
 * own. The part of the memory that was given may be written beyond what the result says.
 * Beside text there is one binary record: AUDIT_REPLACE (1329), by which the kernel tries whether we still live when
 * another daemon asks for the role; its payload is that one's pid as u32.
 * `length` must be at least {@link auditRecordRoomBytes}. The memory may be shared (SharedArrayBuffer).
 * @returns bytes written; 0 when nothing came in time; -1 when the socket overran (ENOBUFS): records were lost.
 */
export function receiveAudit(fd: number, memory: Uint8Array, offset: number, length: number, timeoutMs: number): number;
/**
 * How many datagrams were dropped in this process so far because they came from another sender than the kernel, or were
 * no messages of the proc connector.
 */
export function foreignDatagrams(): number;

/**
 * Subscribes to (or leaves) all process events. The kernel's answer comes as a message with what = 0 (ack), to every
 * subscriber of the host, numbered per CPU like the events.
 */
export function connectorListen(fd: number, listen: boolean): void;
/**
 * Like {@link receiveAudit}, for the connector. Each message is 64 bytes, little-endian:
 * 0 u32 what (1 fork, 2 exec, 4 uid, 0x40 gid, 0x80 sid, 0x100 ptrace, 0x200 comm, 0x40000000 coredump, 0x80000000 exit,
 * 0 ack; the newer 0x20000000 non-zero exit included as exit), 4 u32 cpu, 8 u32 seq, 12 u32 ack, 16 u64 CLOCK_MONOTONIC
 * ns of the event, 24 u64 arrival (CLOCK_MONOTONIC ns), 32 six u32 of event data in the order of struct proc_event
 * (fork: parent_pid, parent_tgid, child_pid, child_tgid; exec: pid, tgid; exit: pid, tgid, exit_code, exit_signal,
 * parent_pid, parent_tgid; ack: err), 56 u32 flags (1: the datagram was shorter than this kind needs; missing words
 * are 0), 60 u32 zero.
 * @returns bytes written; 0 when nothing came in time; -1 on ENOBUFS.
 */
export function receiveConnector(
  fd: number,
  memory: Uint8Array,
  offset: number,
  length: number,
  timeoutMs: number,
): number;

/** What {@link gatherConnector} is to do. */
export interface ConnectorGathering {
  /** What is read of a process at its fork, and at its exec: sums of {@link ProcessPart}. */
  readonly forkParts: number;
  readonly execParts: number;
  /** So many processes may be looked at. */
  readonly mostReadings: number;
  /** Contents of /proc/PID/cgroup that need nobody's attention; behind each of them a zero byte. */
  readonly knownGroups: Uint8Array;
  /** File names (without their directories) of executables that do; behind each of them a zero byte. */
  readonly promptPrograms: Uint8Array;
}

/**
 * Receives like {@link receiveConnector}, without a wait at first and then for timeoutMs, and looks at once at each process
 * that was forked or has executed. It returns early where somebody must look into what came: when it is
 * - an overrun, more than 8 messages in one receive (none of their processes is looked at then), or a fork of a thread;
 * - a process in a group that is not known, or of a prompt program, as far as either was read;
 * - a process that cannot be looked at: `mostReadings` have been, or the reading does not fit;
 * and when the memory for another 8 messages is used up, or {@link wakeReceiver} is called.
 *
 * The messages are those of {@link receiveConnector}; at 60 stands 0 where no process was looked at, 1 where there was
 * none with this number, or else the place in `readings` of what {@link readProcess} wrote (its offsets count from there).
 * @param messages - Room for 8 of them at least.
 * @param readings - 8 bytes at least.
 * @param told - Is given three numbers: 1 for an overrun after these messages, how many processes were looked at, and
 *   1 when a group was met that is not known.
 * @returns bytes of messages.
 */
export function gatherConnector(
  fd: number,
  messages: Uint8Array,
  readings: Uint8Array,
  options: ConnectorGathering,
  timeoutMs: number,
  told: Float64Array,
): number;

/** struct audit_status; fields that an older kernel does not send are null. */
export interface AuditStatus {
  enabled: number;
  failure: number;
  /** tgid of the registered audit daemon in our pid namespace, 0 for none. */
  pid: number;
  rateLimit: number;
  backlogLimit: number;
  lost: number;
  backlog: number;
  featureBitmap: number | null;
  /** In jiffies. */
  backlogWaitTime: number | null;
  backlogWaitTimeActual: number | null;
}

export function getAuditStatus(controlFd: number, timeoutMs: number): AuditStatus;
/**
 * AUDIT_SET of just the fields that are given. `lost: 0` resets the kernel's counter. `pid` must be sent over the data
 * socket that shall receive the records (`pid: 0`, leaving the role, over any); EEXIST says that another daemon holds the
 * role, EINVAL that `pid` is not ours. Records that are in the data socket already are kept for {@link receiveAudit}, which
 * may go on in another thread meanwhile. The kernel sets the fields one after the other, in the order of struct
 * audit_status, and stops at the first that it refuses.
 */
export function setAuditStatus(
  fd: number,
  fields: Partial<Pick<AuditStatus, 'enabled' | 'failure' | 'pid' | 'rateLimit' | 'backlogLimit' | 'backlogWaitTime'>>,
  timeoutMs: number,
): void;

/** `rule` is a struct audit_rule_data with its buffer, as bytes. EEXIST: it is there already. */
export function addAuditRule(controlFd: number, rule: Uint8Array, timeoutMs: number): void;
/** ENOENT: there is no such rule. */
export function deleteAuditRule(controlFd: number, rule: Uint8Array, timeoutMs: number): void;
/** Every loaded rule as struct audit_rule_data with its buffer. */
export function listAuditRules(controlFd: number, timeoutMs: number): Uint8Array[];

/** The three clocks read one after the other, in ns. */
export function readClocks(): { realtimeNs: bigint; monotonicNs: bigint; boottimeNs: bigint };
/** The time between two ticks of the kernel (a jiffy), in ns. */
export function tickNs(): number;
/**
 * Takes all capabilities out of the bounding set but `kept` (a bit for each number of linux/capability.h), and executes
 * `argv` in our place (execve): it has them in no thread. `argv[0]` is the path of the program. Needs CAP_SETPCAP.
 * Returns only by throwing a NativeError: where no capability could be taken, or the program not be executed.
 */
export function executeBounded(kept: bigint, argv: readonly string[]): never;
/**
 * Sends a datagram to the socket of a service manager, as sd_notify(3) does; a path that begins with `@` is of the abstract
 * kind. Never waits: a manager that does not read is an error (EAGAIN).
 */
export function notifyService(path: string, text: string): void;

/** Bytes before the texts that {@link readProcess} writes. */
export const processHeadBytes: number;
/** What may be read of a process; their sum is the `parts` of {@link readProcess}. */
export type ProcessPart = 1 | 2 | 4 | 8 | 16 | 32 | 64 | 128 | 256 | 512;
/**
 * Opens the directory /proc/PID. The descriptor stays bound to that very process: once it is gone nothing can be read
 * any more, and another process that gets the number is never shown. -1: there is no such process, or no descriptor left.
 */
export function openProcess(pid: number): number;
/**
 * Reads what `parts` names of a process that was opened, in this order: 1 stat, 2 cgroup, 4 cmdline, 8 exe (the link's
 * target, like cwd), 16 cwd, 32 root (bytes that are equal where the root directory is the same one, reached by the same
 * mount of the same mount namespace), 64 status, 128 loginuid, 256 sessionid, 512 mountinfo. The memory then holds,
 * little-endian: 0 f64 start in clock ticks since boot (-1 without stat), 8 i32 ppid, 12 u32 the kernel's PF_ flags,
 * 16 u32 the parts that could be read, 20 u32 zero; then for each of the ten parts u32 offset and u32 length of its bytes
 * in the memory, both 0 where it was not read; then the bytes. The bytes of stat are comm alone.
 * @returns bytes written, or -1 when they do not fit: try again with more memory.
 */
export function readProcess(process: number, parts: number, memory: Uint8Array): number;
/**
 * How many names the file has that the process runs: 0 when it was deleted, or never had one; -1 when that is not to be had.
 * No file server is waited for.
 */
export function exeLinks(process: number): number;
/**
 * Writes the inodes of its cgroup, ipc, mnt, net, pid, user and uts namespace (0: the kernel has none of that kind).
 * False: the process is gone. BAD_ARGUMENT where `inodes` has fewer than 7 elements.
 */
export function readNamespaces(process: number, inodes: Float64Array): boolean;
/**
 * What a descriptor of a process that was opened refers to. The memory then holds, little-endian: 0 u64 inode, 8 u32 major and
 * 12 u32 minor number of the device, 16 u32 mode, 20 u32 names that the file has, 24 u32 flags (O_*), 28 u32 what of this is
 * known (1 all up to the flags, 2 the flags), 32 u32 bytes of the target of its link in /proc, 36 u32 major number of the device that it is, 40 the target. No
 * file server is waited for.
 * @returns bytes written; -1: it is not open, or the process is gone; -2: the target does not fit.
 */
export function readDescriptor(process: number, fd: number, memory: Uint8Array): number;
/** Whether two descriptors of two processes refer to one open file description: 0 they do, 1 not; else the negative errno. */
export function compareFiles(pid: number, fd: number, otherPid: number, otherFd: number): number;
/** The same of the whole tables of descriptors of two tasks. */
export function compareDescriptorTables(pid: number, otherPid: number): number;
/** Closes what {@link openProcess} opened; closing it twice is a BAD_ARGUMENT. */
export function closeProcess(process: number): void;

/**
 * Looks a path up as a process would whose root is the directory `root` (both as bytes): no link and no `..` leads out of it.
 * The descriptor only stands for the file (O_PATH), nothing is opened by it; it is closed like any file's.
 * @throws NativeError ENOENT, ELOOP, …; ENOSYS before Linux 5.6.
 */
export function openInRoot(root: Uint8Array, path: Uint8Array): number;
/**
 * Locks the file that a descriptor is open for (flock(2)), until that is closed or its process has ended. Does not wait.
 * @returns false: it is locked by way of another descriptor.
 */
export function tryLock(fd: number): boolean;

/** Where the records of an {@link AuditDecoder} come from: packed by receiveAudit; the text of an audit.log; of a --diag file. */
export type AuditSource = 'kernel' | 'log' | 'diag';

export interface AuditDecoderOptions {
  source: AuditSource;
  /** ms of clock that an event may wait for its end; Infinity, but for a log. Serials that are missing are told after it, too. */
  timeoutMs: number;
  /** Events that may wait for their end at once; of more, the oldest is given up. 1 to 2^20. */
  maxOpen: number;
  /** Look for serials that never come. False where the input is no continuous stream. */
  watchSerials: boolean;
  /** The input has no EOE records: running out of time or room is the usual end of an event, and nothing is incomplete. */
  timeIsTheEnd: boolean;
  /** Every event makes an entry, with the bodies of all its records before it. Not for a log. */
  keepRecords: boolean;
  /**
   * Four numbers for each system call of interest: AUDIT_ARCH_*, number (below 1024), id (1 to 255, stands in the entries of
   * its events) and needs: 1 PATH records, 2 CWD, 4 EXECVE bodies, 8 OPENAT2 body; 16: only where it succeeded (`success=yes`
   * and an `exit`); 32: bodies of SYSCALL, PATH, MMAP and FD_PAIR; and what it must have where it
   * succeeded: 64 FD_PAIR, 128 MMAP unless its memory is anonymous. Operations of io_uring stand there as well, with an AUDIT_ARCH_* of
   * 0. Without keepRecords all other events make no entry; they are counted.
   */
  calls: Uint32Array;
  /** The key of rules whose records are told from others, also where a call that must succeed has failed; at most 256 bytes. */
  watchKey?: string;
  /** The number of each record type's name, as it stands in a log. */
  recordTypes: Readonly<Record<string, number>>;
  /** Name of the host where a log has no `node=`; UTF-8, up to 1024 bytes. */
  host: string;
  /** A longer line of text is taken cut off, and what follows up to its end is passed over. */
  mostLineBytes: number;
}

/**
 * From audit records to events: parses, groups by (stamp, serial), decodes values, and writes compact *entries* into the
 * caller's memory. An event is whole at its EOE record, or at once when its type stands alone; otherwise it is given up after
 * timeoutMs of clock since its first record, or when more than maxOpen wait. For the kernel's records the clock is `nowMs`; for
 * a log the latest stamp of its host so far, and there events come in the order of their serials as far as they stand no more
 * than two seconds out of place; a --diag file has no clock.
 *
 * Every call takes memory to write into: at least {@link auditEntryRoomBytes}, beginning at a multiple of 8 bytes, shared or
 * not. `progress` is given at least {@link auditProgressNumbers}: 0 bytes of input used, 1 bytes of entries written, 2 why it returned (0 the
 * input is used up, or what is left is no whole record or line; 1 at a mark; 2 the output is full: call again with the rest),
 * 3 records or lines read, 4 events over (of any kind), 5 records marked as truncated, 6 records or lines that could not be
 * read, 7 events that wait for their end now, 8 µs (CLOCK_MONOTONIC) at which the last packed record arrived, 0 for none,
 * 9 packed records that tell of a change of audit's settings or rules (CONFIG_CHANGE), 10 messages that somebody else has asked
 * for the audit role (AUDIT_REPLACE), which are no records, 11 events over of which records are known to be missing, and 12 how
 * many: PATH, CWD, EXECVE and OPENAT2 records that the event's SYSCALL record announces, and its end, where that did not come in
 * time or before the input's end; of packed records, NaN
 * before the first, 13 the first serial, 14 the highest, and 15 that up to which all that can come is over, or told as a gap, and
 * in the output by now. An event whose first record never came is no event over but a *gap*.
 * Where a call makes more than has room, the rest is kept, and comes first at the next call, before anything more is read.
 * No call throws for what the input holds. A decoder belongs to the thread that made it.
 *
 * Entries are little-endian and begin at multiples of 8: u32 bytes (all of it, a multiple of 8), u8 kind, u8 flags, and from
 * offset 8 on, unless said otherwise:
 *  1 text       u32 id, u32 length, bytes. flags 1: a path without empty, `.` or `..` segments and without a slash at its end.
 *               Says what an id means from here on. 0 stands for a text that is missing or unknown.
 *  2 caller     u32 id, u32 tty, u32 comm, u32 exe (texts), seven f64: pid (the tgid), ppid, uid, gid, euid, auid, ses (NaN:
 *               not told). 0 stands for a caller of whom nothing is known.
 *  3 reset      Ids of texts and callers given so far mean nothing any more.
 *  4 body       u32 type, u32 length, bytes: a record's body, of the next event entry.
 *  5 event      flags: 1 success=yes, 2 of a record that stands alone, 4 PATH records were left out, 8 done by io_uring,
 *               16 it has the watchKey.
 *               6 u8 incomplete (0 no, 1 its end did not come in time, 2 too many were open, 3 the input ended, 4 as the
 *               diag-line entry before it says, 5 its end came, but not all of its records), 7 u8 bits of a0…a3 that are known,
 *               8 f64 ms, 16 u32 serial, 20 u32 caller,
 *               24 f64 exit (NaN: not told), 32 four u32: the low 32 bits of a0…a3 (by io_uring the first is how
 *               many such operations there were, and none is known), 48 u8 id of the call (0: none of interest), 50 u16 number of items, 52 u32 cwd (text), 56 items: its PATH records in their order.
 *               An item: 0 u32 bytes (a multiple of 8), 4 u8 nametype (0 not told, 1 NORMAL, 2 PARENT, 3 CREATE, 4 DELETE,
 *               5 UNKNOWN, 6 another), 5 u8 name (0 not told, 1 text, 2 `(null)`, 3 not readable), 6 u8 flags (1 the mode is
 *               known, 2 the inode is a number, 4 it is a text, 8 the name is such a path as text flag 1 says), 8 u32 item
 *               (2^32-1: not told), 12 u32 mode, 16 u64 inode (or u32 text), 24 u32 dev (text), 28 u32 bytes of the name,
 *               32 name.
 *  6 gap        u32 first and u32 last serial that never came, f64 how many.
 *  7 late       u32 type, u32 serial, f64 ms, f64 clock: a record of an event that was over before.
 *  8 bad        flags: 1 no `audit(` stamp, 2 stamp not complete, 3 stamp not a number, 4 `node=` alone, 5 no `type=`, 6 no
 *               `msg=`, 7 unknown record type, 8 longer than 64 KiB, 9 more than 4096 hosts. u32 type, u32 length, f64 number
 *               of the line (0: a packed record), up to 200 of its first bytes.
 *  9 run-start  of a log: u32 run (from 1 on), u32 serial, f64 ms of its first record, u32 length, 32 name of the host.
 * 10 run        of a log: u32 run of which the following entries are; a run-start says the same.
 * 11 run-end    of a log; flags: 0 the input ended, 1 the host booted again. u32 run, 16 f64 latest ms, f64 events, f64 serials
 *               missing, f64 gaps.
 * 12 input-end  of a log: u32 run of the host that came first (0: there is none), 16 f64 its latest ms. Then only ends follow.
 * 13 diag-line  of a --diag file: f64 number of the line, u32 length, 24 bytes: a line that begins with `type=GODO_`. flags 1:
 *               the next entry goes on with it. A `GODO_INCOMPLETE` line ends its event, which follows it.
 * Kinds from 128 on are never written: they are free for those who carry entries from one thread to another.
 */
export class AuditDecoder {
  /** Throws BAD_ARGUMENT. */
  constructor(options: AuditDecoderOptions);
  /**
   * Records as {@link receiveAudit} packs them, whole ones, `length` bytes from `offset` on. Stops in front of a header whose
   * type is 0xfff0 or higher: a mark that somebody put between. Answers to requests (below 1100, but for LOGIN) and
   * AUDIT_REPLACE are passed over. `nowMs`: a clock that never goes back. Call it also when no record came, with a length of
   * 0: what has waited too long is given up at the end of each call.
   * @returns bytes written.
   */
  decodeRecords(
    memory: Uint8Array,
    offset: number,
    length: number,
    nowMs: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
    progress: Float64Array,
  ): number;
  /**
   * Lines of a log or a --diag file. A line without its end is left, to be given again with what follows, unless it is the
   * `last` text.
   * @returns bytes written.
   */
  decodeText(
    memory: Uint8Array,
    offset: number,
    length: number,
    last: boolean,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
    progress: Float64Array,
  ): number;
  /**
   * For records: the socket overran. From then on the kernel may drop records uncounted wherever they stand. An event whose
   * end came but not its SYSCALL record is told as a gap then, and one that lacks others of those it needs as incomplete.
   */
  noteOverrun(): void;
  /**
   * The input is over: so is every event that waits. To be called until it does not return because the output is full.
   * @returns bytes written.
   */
  finish(output: Uint8Array, outputOffset: number, outputLength: number, progress: Float64Array): number;
}
