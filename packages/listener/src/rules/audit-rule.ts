/** Audit rules and their binary form, struct audit_rule_data of linux/audit.h. */

/** Fields and comparisons that godo uses; numbers of linux/audit.h. */
export const ruleField = {
  pid: 0,
  arch: 11,
  msgtype: 12,
  exit: 103,
  success: 104,
  a0: 200,
  a1: 201,
  a2: 202,
  a3: 203,
  key: 210,
  /** AUDIT_WATCH and AUDIT_DIR; their values are texts. */
  path: 105,
  dir: 107,
} as const;
export type RuleField = keyof typeof ruleField;

/** Where a file must be for a rule to match: the file itself, or anywhere below a directory. */
export interface RulePlace {
  readonly field: 'path' | 'dir';
  readonly path: string;
}

export const ruleOperator = { '=': 0x4000_0000, '!=': 0x3000_0000, '&': 0x0800_0000 } as const;
export type RuleOperator = keyof typeof ruleOperator;

export interface RuleCondition {
  readonly field: Exclude<RuleField, 'key' | RulePlace['field']>;
  readonly operator: RuleOperator;
  readonly value: number;
}

export interface AuditRule {
  /**
   * exit: decides about system calls at their end. exclude: about records, by their type. io_uring: about its operations
   * (Linux 5.16 and later; EINVAL before), whose numbers then stand for those of system calls.
   */
  readonly list: 'exit' | 'exclude' | 'io_uring';
  readonly action: 'always' | 'never';
  /** System call numbers; empty means all. */
  readonly syscalls: readonly number[];
  readonly conditions: readonly RuleCondition[];
  /** Absent: anywhere. */
  readonly place?: RulePlace;
  /** Put before the rules that are there already. */
  readonly first: boolean;
  /** null: the kernel stops looking at an exclude rule when it comes to a key (audit_filter in kernel/audit.c). */
  readonly key: string | null;
}

const lists = { exit: 4, exclude: 5, io_uring: 7 } as const;
const filterPrepend = 0x10;
const actions = { never: 0, always: 2 } as const;
/** The mask has 2048 bits; the last 16 are no system calls but classes of them (AUDIT_SYSCALL_CLASSES). */
const maskCalls = 2048 - 16;
const maxFields = 64;
const offset = {
  mask: 12,
  fields: 12 + 256,
  values: 12 + 512,
  operators: 12 + 768,
  bufferLength: 12 + 1024,
  buffer: 1040,
};

/** struct audit_rule_data with its buffer, in the byte order of the little-endian machines we run on. */
export function encodeRule(rule: AuditRule): Uint8Array {
  const key = Buffer.from(rule.key ?? '', 'utf8');
  const path = Buffer.from(rule.place?.path ?? '', 'utf8');
  const fields = rule.conditions.length + (rule.place === undefined ? 0 : 1);
  const bytes = Buffer.alloc(offset.buffer + path.length + key.length);
  bytes.writeUInt32LE(lists[rule.list] | (rule.first ? filterPrepend : 0), 0);
  bytes.writeUInt32LE(actions[rule.action], 4);
  bytes.writeUInt32LE(fields + (rule.key === null ? 0 : 1), 8);
  if (rule.syscalls.length === 0) bytes.fill(0xff, offset.mask, offset.mask + maskCalls / 8);
  for (const syscall of rule.syscalls) {
    if (syscall >= maskCalls) throw new RangeError(`system call number ${syscall} does not fit a rule`);
    const at = offset.mask + (syscall >> 5) * 4;
    bytes.writeUInt32LE((bytes.readUInt32LE(at) | (1 << (syscall & 31))) >>> 0, at);
  }
  rule.conditions.forEach(({ field, operator, value }, index) => {
    writeField(bytes, index, ruleField[field], ruleOperator[operator], value);
  });
  // Texts stand in the buffer in the order of their fields, without anything between them.
  if (rule.place !== undefined) {
    writeField(bytes, rule.conditions.length, ruleField[rule.place.field], ruleOperator['='], path.length);
  }
  if (rule.key !== null) writeField(bytes, fields, ruleField.key, ruleOperator['='], key.length);
  bytes.writeUInt32LE(path.length + key.length, offset.bufferLength);
  path.copy(bytes, offset.buffer);
  key.copy(bytes, offset.buffer + path.length);
  return bytes;
}

/** The key of a rule in binary form; null when it has none. Several keys are joined by 0x01. */
export function keyOfRule(rule: Uint8Array): string | null {
  const bytes = Buffer.from(rule.buffer, rule.byteOffset, rule.byteLength);
  if (bytes.length < offset.buffer) return null;
  const count = Math.min(bytes.readUInt32LE(8), maxFields);
  let at = offset.buffer;
  for (let index = 0; index < count; index += 1) {
    const field = bytes.readUInt32LE(offset.fields + index * 4);
    const value = bytes.readUInt32LE(offset.values + index * 4);
    if (field === ruleField.key) return bytes.toString('utf8', at, at + value);
    if (stringFields.has(field)) at += value;
  }
  return null;
}

/** Whether a rule as the kernel lists it is this one. */
export function isSameRule(listed: Uint8Array, rule: AuditRule): boolean {
  const wanted = Buffer.from(encodeRule({ ...rule, first: false }));
  return wanted.equals(Buffer.from(listed.buffer, listed.byteOffset, listed.byteLength));
}

/** Whether a rule keeps calls from being recorded (`-a never,exit`), or records from being made (`-a …,exclude`). */
export function isHiding(rule: Uint8Array): boolean {
  const bytes = Buffer.from(rule.buffer, rule.byteOffset, rule.byteLength);
  if (bytes.length < 8) return false;
  const list = bytes.readUInt32LE(0) & 0xf;
  const decides = list === lists.exit || list === lists.io_uring;
  return list === lists.exclude || (decides && bytes.readUInt32LE(4) === actions.never);
}

/** Whether a rule keeps a whole task from being audited (`-a never,task`). */
export function isTaskNever(rule: Uint8Array): boolean {
  const bytes = Buffer.from(rule.buffer, rule.byteOffset, rule.byteLength);
  return bytes.length >= 8 && (bytes.readUInt32LE(0) & 0xf) === 1 && bytes.readUInt32LE(4) === 0;
}

/** Fields whose value is a length in the buffer: subject and object labels, watch, directory, executable. */
const stringFields: ReadonlySet<number> = new Set([13, 14, 15, 16, 17, 19, 20, 21, 22, 23, 105, 107, 112]);

function writeField(bytes: Buffer, index: number, field: number, operator: number, value: number): void {
  bytes.writeUInt32LE(field, offset.fields + index * 4);
  bytes.writeUInt32LE(value >>> 0, offset.values + index * 4);
  bytes.writeUInt32LE(operator, offset.operators + index * 4);
}
