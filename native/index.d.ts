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
/** Size of one message that {@link receiveConnector} writes. */
export const connectorMessageBytes: 64;

/** Opens a data socket for audit records. multicast: joins AUDIT_NLGRP_READLOG (needs CAP_AUDIT_READ). Non-blocking, close-on-exec. */
export function openAudit(options: { multicast: boolean; receiveBufferBytes: number }): number;
/** Opens a netlink audit socket for requests (needs CAP_AUDIT_CONTROL to be of use). */
export function openAuditControl(): number;
/**
 * Opens and binds the proc connector socket (needs CAP_NET_ADMIN before Linux 6.6). Does not subscribe yet, but messages
 * come in as soon as anybody on the host has subscribed.
 */
export function openConnector(options: { receiveBufferBytes: number }): number;
/** The receive buffer the kernel granted, in bytes (SO_RCVBUF as read back). */
export function receiveBufferBytes(fd: number): number;
/**
 * Closes a descriptor opened here; closing it twice is a BAD_ARGUMENT. A receive under way in another thread goes on to its
 * time limit, and the kernel's socket (with the audit role, if it has it) lives until then.
 */
export function closeSocket(fd: number): void;

/**
 * Waits up to timeoutMs for the first record, then takes what is there in one recvmmsg(2), at most as many as have
 * room (64 a call), and packs them from `offset` on. Each record: little-endian u32 payload length, u16 netlink type,
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
