/** Finds where another boot of the host begins in an audit.log: rotated logs span boots, and no record names its boot. */

import { serialDistance } from '../audit/reassembler.ts';
import type { AuditRecord } from '../audit/record.ts';
import { isNumberedByDaemon, recordType } from '../audit/record-types.ts';

/** A boot's serials begin at 1; auditd, which may start late, writes from about there. */
const lowSerial = 10_000;
/** ms that at least lie between the records of two boots: no disorder of lines looks like a boot that came later. */
const rebootMs = 1_000;
/** More serials than this are not missing at once where the serial goes over 2^32. */
const maxSkipped = 1_000_000;
/** ms within which a boot's own SYSTEM_BOOT record comes after its first record. */
const bootMs = 600_000;

/** What the kernel numbered in one boot so far. */
export class BootWatch {
  #first: AuditRecord | null = null;
  #highest = 0;
  #latestMs = 0;
  /** Its SYSTEM_BOOT or its SYSTEM_SHUTDOWN was seen: the next SYSTEM_BOOT is another boot's. */
  #told = false;

  /** Stamp of the latest record, in ms; null: there is none but auditd's own. */
  get latestMs(): number | null {
    return this.#first === null ? null : this.#latestMs;
  }

  /** Whether the record is the first one of another boot. If not, it is noted as one of this boot. */
  isAnotherBoot(record: AuditRecord): boolean {
    // auditd stamps its own record at its start with its own number, before it writes what the kernel kept for it.
    if (isNumberedByDaemon(record.type)) return false;
    if (this.#first === null) {
      this.#first = record;
      this.#highest = record.serial;
      this.#latestMs = record.ms;
    } else if (
      record.type === recordType.systemBoot ? !this.#isOwnBoot(this.#first, record) : this.#startsAgain(record)
    ) {
      return true;
    }
    if (serialDistance(this.#highest, record.serial) > 0) this.#highest = record.serial;
    if (record.ms > this.#latestMs) this.#latestMs = record.ms;
    if (record.type === recordType.systemBoot || record.type === recordType.systemShutdown) this.#told = true;
    return false;
  }

  /** SYSTEM_BOOT comes from user space: the kernel and the first services may have spoken before. */
  #isOwnBoot(first: AuditRecord, record: AuditRecord): boolean {
    if (this.#told || first.serial >= lowSerial || serialDistance(first.serial, record.serial) < 0) return false;
    return record.ms - first.ms <= bootMs;
  }

  #startsAgain({ ms, serial }: AuditRecord): boolean {
    if (ms - this.#latestMs < rebootMs || serial >= lowSerial || serial >= this.#highest / 2) return false;
    return (serial - this.#highest) >>> 0 > maxSkipped;
  }
}
