/** Taking part in the kernel's audit: what was found is noted before anything is changed, and put back at the end. */

import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import {
  type AuditStatus,
  addAuditRule,
  attachRecordRing,
  closeSocket,
  deleteAuditRule,
  getAuditStatus,
  listAuditRules,
  openAudit,
  openAuditControl,
  recordRingDiversions,
  setAuditMulticast,
  setAuditStatus,
  tickNs,
} from '@godo/native';
import { ListenerError } from '../listener-error.ts';
import { type AuditRule, encodeRule, isHiding, isTaskNever } from '../rules/audit-rule.ts';
import { isOurs, isRecording, isSensitive } from '../rules/rule-set.ts';
import { uringTrial } from '../rules/uring-rules.ts';
import type { SensitiveRules } from '../stages/sensitive-watch.ts';
import type { Sight } from './blind-spots.ts';
import { changeSerial } from './change-serial.ts';
import { pause } from './pause.ts';
import type { EndOfRules } from './run-file.ts';

const requestMs = 2_000;
/** A call that was being audited when the rules went is over after this long, or its process waits for something else. */
const underWayMs = 50;

/** The settings that godo changes. */
export interface FoundSettings {
  readonly enabled: number;
  readonly failure: number;
  readonly backlogLimit: number;
  readonly backlogWaitTime: number | null;
}

export type AuditIntake = 'unicast' | 'multicast';

export interface IntakeOptions {
  /** Records that the kernel may queue. */
  readonly backlogLimit: number;
  /** How long a full queue makes a process wait for each of its records, in ms; 0: not at all. */
  readonly waitMs: number;
  readonly receiveBufferBytes: number;
  /** Of the memory into which a BPF program puts the records (see attachRecordRing); 0: they come through the socket. */
  readonly recordRingBytes: number;
}

export class AuditRole {
  readonly #control: number;
  #data: number | null = null;
  #intake: AuditIntake = 'unicast';
  /** As it was when the role was opened. */
  readonly found: AuditStatus;
  #restoreTo: FoundSettings;
  #ownPid: number | null = null;
  #ringRefusal: string | null = null;

  constructor() {
    try {
      this.#control = openAuditControl();
      this.found = getAuditStatus(this.#control, requestMs);
      this.#restoreTo = this.found;
    } catch (error) {
      throw new ListenerError(
        'NO_AUDIT',
        `The kernel's audit subsystem does not answer (${(error as Error).message}): is the kernel built with CONFIG_AUDIT, and are we in the initial user namespace?`,
        { cause: error },
      );
    }
  }

  get dataFd(): number {
    if (this.#data === null) throw new Error('the audit role was not taken');
    return this.#data;
  }

  get intake(): AuditIntake {
    return this.#intake;
  }

  /** Whether rules can be changed (enabled = 2 locks them until the next boot). */
  get immutable(): boolean {
    return this.found.enabled === 2;
  }

  /** The settings that `restore` puts back. */
  get restoreTo(): FoundSettings {
    const { enabled, failure, backlogLimit, backlogWaitTime } = this.#restoreTo;
    return { enabled, failure, backlogLimit, backlogWaitTime };
  }

  /** A listener that was cut off left its own settings behind: put back what it had found, not those. */
  inherit(found: FoundSettings): void {
    this.#restoreTo = found;
  }

  status(): AuditStatus {
    return getAuditStatus(this.#control, requestMs);
  }

  /**
   * Opens the data socket and asks for the audit role; beside another daemon, or with immutable rules, listens to the
   * multicast group instead. The backlog makes no process wait unless that was asked for: what does not fit is lost and
   * counted.
   */
  take(pid: number, options: IntakeOptions): AuditIntake {
    if (!this.immutable) {
      setAuditStatus(
        this.#control,
        {
          backlogWaitTime: jiffies(options.waitMs),
          failure: 0,
          backlogLimit: Math.max(options.backlogLimit, this.found.backlogLimit),
        },
        requestMs,
      );
    }
    // A daemon that was killed may still be named; only one that lives has a right to the role.
    if (!isAlive(this.found.pid) && !this.immutable) {
      const data = this.#open(false, options);
      try {
        setAuditStatus(data, { pid }, requestMs);
        this.#data = data;
        this.#ownPid = pid;
        return this.#intake;
      } catch (error) {
        closeSocket(data);
        if ((error as { code?: string }).code !== 'EEXIST') throw error;
      }
    }
    this.#data = this.#open(true, options);
    this.#intake = 'multicast';
    return this.#intake;
  }

  #open(multicast: boolean, { receiveBufferBytes, recordRingBytes }: IntakeOptions): number {
    const data = openAudit({ multicast, receiveBufferBytes });
    this.#ringRefusal = recordRingBytes === 0 ? 'not asked for' : null;
    if (recordRingBytes === 0) return data;
    try {
      attachRecordRing(data, recordRingBytes);
    } catch (error) {
      // It is quicker, and nothing else: without it all is received just the same.
      this.#ringRefusal = (error as Error).message;
    }
    return data;
  }

  /** Why records come through the socket, by system calls, and not through shared memory; null where they do not. */
  get ringRefusal(): string | null {
    return this.#ringRefusal;
  }

  /** How often the shared memory was full, and records came through the socket for a while. */
  get ringDiversions(): number {
    return this.#data === null ? 0 : recordRingDiversions(this.#data);
  }

  /** Asks for the role again, over the same socket: the kernel had let go of us. */
  takeAgain(): void {
    if (this.#data !== null && this.#ownPid !== null) setAuditStatus(this.#data, { pid: this.#ownPid }, requestMs);
  }

  /** Leaves the role to whoever wants it or has it, and listens to the multicast group, over the same socket. */
  giveWay(): void {
    const data = this.dataFd;
    setAuditMulticast(data, true);
    this.#intake = 'multicast';
    if (this.#ownPid !== null && this.status().pid === this.#ownPid) setAuditStatus(data, { pid: 0 }, requestMs);
    this.#ownPid = null;
  }

  /** Takes a role that is free, over the same socket. False where somebody else was quicker. */
  takeFree(pid: number): boolean {
    const data = this.dataFd;
    // Before: as both, we would get every record twice.
    setAuditMulticast(data, false);
    try {
      setAuditStatus(data, { pid }, requestMs);
    } catch (error) {
      setAuditMulticast(data, true);
      if ((error as { code?: string }).code !== 'EEXIST') throw error;
      return false;
    }
    this.#ownPid = pid;
    this.#intake = 'unicast';
    return true;
  }

  /** Removes rules of a run that was cut off, then loads ours, then turns audit on. */
  load(rules: readonly AuditRule[]): void {
    if (this.immutable) return;
    this.removeRules();
    // Not until all are loaded: a half set would record a half truth.
    this.#add(rules);
    if (this.status().enabled === 0) setAuditStatus(this.#control, { enabled: 1 }, requestMs);
  }

  /** From the rules that are loaded to others; those in both stay all the while. */
  change(from: readonly AuditRule[], to: readonly AuditRule[]): void {
    if (this.immutable) return;
    const encoded = (rules: readonly AuditRule[]) => new Set(rules.map((rule) => String(encodeRule(rule))));
    const [before, after] = [encoded(from), encoded(to)];
    this.#add(to.filter((rule) => !before.has(String(encodeRule(rule)))));
    for (const rule of from) {
      const bytes = encodeRule(rule);
      if (!after.has(String(bytes))) this.#delete(bytes);
    }
  }

  #add(rules: readonly AuditRule[]): void {
    for (const rule of rules) {
      try {
        addAuditRule(this.#control, encodeRule(rule), requestMs);
      } catch (error) {
        if ((error as { code?: string }).code !== 'EEXIST') throw error;
      }
    }
  }

  /** False where somebody else has removed it meanwhile. */
  #delete(rule: Uint8Array): boolean {
    try {
      deleteAuditRule(this.#control, rule, requestMs);
      return true;
    } catch (error) {
      if ((error as { code?: string }).code !== 'ENOENT') throw error;
      return false;
    }
  }

  /** Deletes every rule of ours. Returns how many there were. */
  removeRules(): number {
    if (this.immutable) return 0;
    let removed = 0;
    for (const rule of listAuditRules(this.#control, requestMs)) {
      if (isOurs(rule) && this.#delete(rule)) removed += 1;
    }
    return removed;
  }

  /**
   * Deletes every rule of a listener that was cut off, and tells what the kernel has come to by then. It makes an event for that
   * purpose, of a setting that is set to what it is, and hears of it as one of many readers.
   */
  endRules(): { readonly removed: number; readonly end: EndOfRules } {
    const removed = this.removeRules();
    const serial = this.#serialByNow();
    return { removed, end: { serial, lost: this.status().lost } };
  }

  /** null: it cannot be learnt. */
  #serialByNow(): number | null {
    const { enabled, failure } = this.status();
    if (enabled !== 1) return null;
    // A call that a rule had matched gets its serial when the kernel comes to it.
    pause(underWayMs);
    try {
      return changeSerial('audit_failure', () => setAuditStatus(this.#control, { failure }, requestMs));
    } catch {
      return null;
    }
  }

  /** Whether the kernel has rules for io_uring: one is tried, that holds for no process, and taken back. */
  takesUringRules(): boolean {
    if (this.immutable) return true;
    const rule = encodeRule(uringTrial);
    try {
      addAuditRule(this.#control, rule, requestMs);
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === 'EINVAL') return false;
      if (code !== 'EEXIST') throw error;
    }
    deleteAuditRule(this.#control, rule, requestMs);
    return true;
  }

  ownRules(): number {
    return listAuditRules(this.#control, requestMs).filter(isOurs).length;
  }

  /** Those of ours that stay as long as nobody takes them away. */
  recordingRules(): number {
    return listAuditRules(this.#control, requestMs).filter(isRecording).length;
  }

  /** Those of ours that come and go. */
  readonly sensitiveRules: SensitiveRules = {
    list: () => listAuditRules(this.#control, requestMs).filter(isSensitive),
    add: (rule) => {
      try {
        addAuditRule(this.#control, rule, requestMs);
      } catch (error) {
        const { code = 'FAILED' } = error as { code?: string };
        if (code !== 'EEXIST') return code;
      }
      return null;
    },
    remove: (rule) => void this.#delete(rule),
  };

  /** How many rules of others hide calls or records from every listener (`never,exit`, `exclude`). */
  hidingRules(): number {
    return listAuditRules(this.#control, requestMs).filter((rule) => !isOurs(rule) && isHiding(rule)).length;
  }

  /** How many `-a never,task` rules there are: whole processes that no rule can see. */
  taskNeverRules(): number {
    return listAuditRules(this.#control, requestMs).filter(isTaskNever).length;
  }

  /**
   * Gives the role back and puts the settings back that were found. Audit is not switched off under another daemon that
   * has come meanwhile.
   */
  restore(): void {
    if (this.immutable) return;
    const { enabled, failure, backlogLimit, backlogWaitTime } = this.#restoreTo;
    let { pid } = this.status();
    if (this.#ownPid !== null && this.#data !== null && pid === this.#ownPid) {
      setAuditStatus(this.#data, { pid: 0 }, requestMs);
      pid = 0;
    }
    const daemonCame = pid !== 0 && pid !== this.found.pid && isAlive(pid);
    setAuditStatus(
      this.#control,
      {
        failure,
        backlogLimit,
        ...(backlogWaitTime !== null && { backlogWaitTime }),
        ...((enabled !== 0 || !daemonCame) && { enabled }),
      },
      requestMs,
    );
  }

  close(): void {
    if (this.#data !== null) closeSocket(this.#data);
    this.#data = null;
    closeSocket(this.#control);
  }
}

/**
 * What makes a listener blind, as it is now; `enabled` as it was found.
 * @param uringRules whether the kernel has rules for io_uring; by its version where that was not tried.
 */
export function sightOf(role: AuditRole, uringRules = isRelease(5, 16)): Sight {
  const { pid } = role.status();
  return {
    enabled: role.found.enabled,
    roleOf: isAlive(pid) && pid !== process.pid ? pid : null,
    taskNeverRules: role.taskNeverRules(),
    hidingRules: role.hidingRules(),
    bootOptions: readFileSync('/proc/cmdline', 'latin1'),
    processor: process.arch,
    hidesUring: !uringRules && isRelease(5, 1) && !isUringOff(),
  };
}

function isRelease(major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = release().split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

/** For everybody (Linux 6.6 and later). */
function isUringOff(): boolean {
  try {
    return readFileSync('/proc/sys/kernel/io_uring_disabled', 'latin1').trim() === '2';
  } catch {
    return false;
  }
}

/** As the kernel counts time: it ticks so often that one is as long as its coarse clocks are exact. */
function jiffies(ms: number): number {
  return Math.ceil((ms * 1e6) / tickNs());
}

export function isAlive(pid: number): boolean {
  return pid !== 0 && existsSync(`/proc/${pid}`);
}
