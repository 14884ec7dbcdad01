/** Documents and sessions of all kinds, for properties. */

import fc from 'fast-check';
import type {
  FileSession,
  Instant,
  RunOrigin,
  SessionChange,
  SessionMapping,
  SessionWriter,
  WriteTotals,
} from '../../src/index.ts';

function record<T extends object>(fields: { readonly [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(fields, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

/** Text of any kind: U+0000, half surrogate pairs, quotes, what looks like JSON. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string(),
  fc.string({ unit: fc.constantFrom('a', ':', '=', '"', '\\', '\n', '\0', '\ud800', '\udc00', 'é', '\u{1f600}', '.') }),
  fc.constantFrom('', 'json:', 'json:"a"', '/usr/bin/node', '123', '-1', 'null', '__proto__'),
);

export const anyBootId: fc.Arbitrary<string> = fc.constantFrom(
  '0d6ee3b1-4a1a-4d52-9d6e-5a7f7f0f6a11',
  'b0d6ee3b-4a1a-4d52-9d6e-5a7f7f0f6a12',
);

const origins: fc.Arbitrary<RunOrigin> = record({
  host: anyText,
  machineId: fc.option(anyText),
  bootId: anyBootId,
  sessionId: fc.oneof(
    anyText,
    anyBootId.map((bootId) => `${bootId}:run:1`),
  ),
});

const instant: fc.Arbitrary<Instant> = record({
  ms: fc.oneof(fc.constantFrom(1763792240123, 0), fc.integer({ min: 0, max: 9_223_372_036_853 })),
  ns: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 999_999 })),
});

const whole = fc.oneof(fc.constantFrom(0, 1, 3), fc.maxSafeInteger());

const someWrites: fc.Arbitrary<WriteTotals> = record({
  count: fc.oneof(fc.constantFrom(1, 2), fc.maxSafeNat()),
  bytes: whole,
  first: fc.option(instant),
  last: fc.option(instant),
});

const writes: fc.Arbitrary<WriteTotals> = fc.oneof(
  fc.constant({ count: 0, bytes: 0, first: null, last: null }),
  someWrites,
);

function keys(bootId: string): fc.Arbitrary<string> {
  return fc.oneof(
    fc.integer({ min: 1, max: 4_194_304 }).map((tgid) => `${bootId}:${tgid}:100`),
    anyText,
  );
}

/** As {@link FileSession} describes it, and with values that only a foreign database holds. */
export const anyFileSession: fc.Arbitrary<FileSession> = origins.chain((origin) =>
  record({
    id: fc.oneof(fc.integer({ min: 0, max: 0xffff_ffff }), anyText),
    path: fc.option(anyText),
    pathHex: fc.option(anyText),
    pathResolved: fc.boolean(),
    dirfd: fc.option(whole),
    dev: fc.option(fc.oneof(fc.constant('fe:00'), anyText)),
    inode: fc.option(fc.oneof(fc.maxSafeNat().map(String), fc.bigInt({ min: 0n }).map(String), anyText)),
    fileType: fc.option(fc.constantFrom('regular', 'fifo', 'unknown', 'none of ours') as fc.Arbitrary<'regular'>),
    flags: fc.option(whole),
    access: fc.constantFrom('read', 'write', 'readwrite', 'unknown', 'none of ours') as fc.Arbitrary<'read'>,
    created: fc.boolean(),
    key: keys(origin.bootId),
    pid: whole,
    tgid: whole,
    fd: whole,
    comm: fc.option(anyText),
    exe: fc.option(anyText),
    containerId: fc.option(anyText),
    openedBefore: fc.boolean(),
    opened: instant,
    closed: fc.option(instant),
    closedBy: fc.option(fc.constantFrom('close', 'exit', 'unseen', 'none of ours') as fc.Arbitrary<'close'>),
    writes,
    writers: fc.option(
      fc.array(
        fc.tuple(keys(origin.bootId), someWrites).map(([key, totals]): SessionWriter => ({ key, ...totals })),
        { minLength: 2, maxLength: 3 },
      ),
    ),
    changes: fc.option(
      fc.array(record<SessionChange>({ key: keys(origin.bootId), count: whole, first: instant, last: instant })),
    ),
    mapped: fc.option(
      record<SessionMapping>({
        count: whole,
        first: instant,
        last: instant,
        writable: fc.boolean(),
        keys: fc.array(keys(origin.bootId)),
        written: fc.option(fc.boolean()),
        unknownBecause: fc.option(anyText),
      }),
    ),
    warnings: fc.option(fc.array(anyText)),
    checkpoint: fc.option(instant),
  })
    // Times of audit have no ns.
    .map(({ id, opened, ...fields }): FileSession => {
      return { origin, id, opened: typeof id === 'number' ? { ms: opened.ms, ns: 0 } : opened, ...fields };
    }),
);

/** A value of a document: no bigint but in fields named `…Ns`. */
const anyValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
    anyText,
    fc.array(tie('value'), { maxLength: 3 }),
    fc
      .tuple(fc.dictionary(anyText, tie('value'), { maxKeys: 3, noNullPrototype: true }), fc.bigInt())
      .map(([fields, seenNs]) => ({ ...withoutDigits(fields), seenNs })),
  ),
})).value;

/** Below the first level digits in a field named `…Ns` are a bigint to json.ts. */
function withoutDigits(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => !(name.endsWith('Ns') && typeof value === 'string')),
  );
}

/** ns that a column takes. */
const int64 = fc.oneof(
  fc.constantFrom(0n, 1763792240123456789n, 1763792240123000000n),
  fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n }),
);

/**
 * Fields as those of the collections, and any others; the time is `timeNs`.
 */
export const anyDocument: fc.Arbitrary<Record<string, unknown>> = origins.chain((origin) =>
  fc
    .tuple(
      record({ _id: anyText, timeNs: int64, key: keys(origin.bootId) }),
      fc.dictionary(
        fc.constantFrom(
          'pid',
          'tgid',
          'startTicks',
          'exe',
          'cwd',
          'source',
          'uid',
          'clock',
          'argv',
          'reason',
          '__proto__',
          'a\nb',
        ),
        anyValue,
        { noNullPrototype: true },
      ),
      fc.dictionary(fc.constantFrom('startNs', 'deepNs'), fc.oneof(int64, fc.bigInt(), fc.constant('12')), {
        noNullPrototype: true,
      }),
      fc.subarray(['host', 'machineId', 'bootId', 'sessionId'] as const, { minLength: 3 }),
    )
    .map(([fields, others, times, named]) => ({
      ...Object.fromEntries(named.map((name) => [name, origin[name]])),
      ...fields,
      ...others,
      ...times,
    })),
);
