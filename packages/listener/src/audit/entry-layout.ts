/** Numbers in the entries that the addon's AuditDecoder writes; the layout itself is told in its index.d.ts. */

export const entryKind = {
  text: 1,
  caller: 2,
  reset: 3,
  body: 4,
  event: 5,
  gap: 6,
  late: 7,
  bad: 8,
  runStart: 9,
  run: 10,
  runEnd: 11,
  inputEnd: 12,
  diagLine: 13,
  /** From here on: marks of those who carry entries from one thread to another. */
  firstMark: 128,
} as const;

export const eventFlag = { succeeded: 1, standsAlone: 2, itemsLeftOut: 4, byUring: 8, watched: 16 } as const;
export const textFlag = { tidyPath: 1 } as const;
export const itemFlag = { modeKnown: 1, inodeNumber: 2, inodeText: 4, tidyName: 8 } as const;
export const diagLineFlag = { continues: 1 } as const;

export const nametype = { normal: 1, parent: 2, create: 3, delete: 4, unknown: 5 } as const;
export const nameState = { text: 1, null: 2 } as const;

/** Offsets in an event entry. */
export const eventAt = {
  incomplete: 6,
  argumentsKnown: 7,
  ms: 8,
  serial: 16,
  caller: 20,
  exit: 24,
  a0: 32,
  a1: 36,
  a2: 40,
  meaning: 48,
  itemCount: 50,
  cwd: 52,
  items: 56,
} as const;

/** Offsets in an item of an event entry. */
export const itemAt = {
  bytes: 0,
  nametype: 4,
  nameState: 5,
  flags: 6,
  item: 8,
  mode: 12,
  inodeLow: 16,
  inodeHigh: 20,
  dev: 24,
  nameBytes: 28,
  name: 32,
} as const;

/** Values of `incomplete`: why the records of an event may not be all. */
export const incompleteReason = {
  no: 0,
  late: 1,
  crowded: 2,
  cut: 3,
  /** What the line of a --diag file before the event says. */
  told: 4,
  torn: 5,
} as const;

export const incompleteReasons: readonly string[] = [
  '',
  'its end did not come in time',
  'too many events open at once',
  'the input ended before it did',
  '',
  'some of its records never came',
];

/** What the flags of a *bad* entry mean. */
export const badReasons: readonly string[] = [
  '',
  'no audit( stamp',
  'stamp not complete',
  'stamp not a number',
  'node= alone',
  'no type=',
  'no msg=',
  'unknown record type',
  'longer than an audit record',
  'too many hosts in one log',
];
