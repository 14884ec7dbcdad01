/**
 * A folder of segments that was damaged in any way: what is whole is given, as it was and in its order, all else is told
 * of, and nothing is an exception or has no end.
 */

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type RawEntry, rawDocumentOf, readSpool, Spool, spoolRecord } from '../../src/index.ts';
import { event, fileEntry, fileSession, loss, observed, task } from '../support/documents.ts';
import { fuzzing, fuzzTimeoutMs } from '../support/fuzzing.ts';

let folder: string;
let directory: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'godo-damaged-spool-'));
  directory = join(folder, 'spool');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Batches of every kind of document, of which each id is there once. */
const batches: readonly (readonly RawEntry[])[] = Array.from({ length: 12 }, (_, n) => [
  fileEntry(fileSession({ _id: `f${n}`, path: `/srv/gdsp/${'é'.repeat(n * 9)}` })),
  { collection: 'events', document: event({ _id: `e${n}`, data: { text: 'x'.repeat(n * 300), list: [n, 'gdsp'] } }) },
  { collection: 'losses', document: loss({ _id: `l${n}` }) },
  { collection: 'pids', observation: observed(task({ _id: `t${n}`, argv: ['a', String(n)] })) },
]);
const records = batches.map(spoolRecord);
const textOf = (entries: readonly RawEntry[]) =>
  entries.map((entry) => [entry.collection, rawDocumentOf(entry)] as const);
const texts = batches.map(textOf);

type Damage =
  | { readonly how: 'flip'; readonly at: number; readonly by: number }
  | { readonly how: 'length' | 'documents'; readonly value: number }
  | { readonly how: 'cut-begin' | 'cut-end'; readonly bytes: number };

const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ how: fc.constant('flip' as const), at: fc.nat(), by: fc.integer({ min: 1, max: 255 }) }),
  fc.record({
    how: fc.constantFrom('length' as const, 'documents' as const),
    value: fc.oneof(fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1), fc.nat({ max: 4000 })),
  }),
  fc.record({ how: fc.constantFrom('cut-begin' as const, 'cut-end' as const), bytes: fc.nat() }),
);

function damaged(record: Buffer, how: Damage): Buffer {
  const bytes = Buffer.from(record);
  switch (how.how) {
    case 'flip':
      bytes[how.at % bytes.length] = (bytes[how.at % bytes.length] as number) ^ how.by;
      return bytes;
    case 'length':
    case 'documents': {
      const at = how.how === 'length' ? 8 : 4;
      if (bytes.readUInt32LE(at) === how.value) return bytes.subarray(1);
      bytes.writeUInt32LE(how.value, at);
      return bytes;
    }
    case 'cut-begin':
      return bytes.subarray(1 + (how.bytes % (bytes.length - 1)));
    default:
      return bytes.subarray(0, bytes.length - 1 - (how.bytes % (bytes.length - 1)));
  }
}

const which = fc.nat({ max: batches.length - 1 });
const piece: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 5, arbitrary: which.map((batch) => records[batch] as Buffer) },
  {
    weight: 3,
    arbitrary: fc.tuple(which, damage).map(([batch, how]) => damaged(records[batch] as Buffer, how)),
  },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 90 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom('gdsp', 'gdspgdsp', 'g', '\0'.repeat(4096)).map((text) => Buffer.from(text)),
      // A head that promises what follows, and more.
      fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((length) => {
        const head = Buffer.alloc(44);
        head.write('gdsp');
        head.writeUInt32LE(length, 8);
        return head;
      }),
    ),
  },
);
const segment = fc.array(piece, { minLength: 1, maxLength: 14 }).map((pieces) => Buffer.concat(pieces));

/**
 * What is to be told of a segment: the batches whose bytes stand in it, in their order, and how long what is between them is.
 * A piece may make a record whole again that was cut.
 */
function expectedOf(bytes: Buffer) {
  const places: { at: number; batch: number }[] = [];
  for (const [batch, record] of records.entries()) {
    for (let at = bytes.indexOf(record); at >= 0; at = bytes.indexOf(record, at + 1)) places.push({ at, batch });
  }
  places.sort((left, right) => left.at - right.at);
  const broken: number[] = [];
  let end = 0;
  for (const { at, batch } of places) {
    if (at > end) broken.push(at - end);
    end = at + (records[batch] as Buffer).length;
  }
  if (bytes.length > end) broken.push(bytes.length - end);
  return { given: places.map(({ batch }) => batch), broken };
}

const nameOf = (kind: string, number: number) => join(directory, `${kind}-${String(number).padStart(12, '0')}.spool`);

interface Told {
  readonly given: (readonly RawEntry[])[];
  readonly broken: number[];
  readonly unread: string[];
}

function drain(): Told {
  const told: Told = { given: [], broken: [], unread: [] };
  const spool = new Spool({
    directory,
    mostBytes: 1e9,
    dropped: () => expect.unreachable('nothing had to go'),
    damaged: (_, bytes) => told.broken.push(bytes),
    unreadable: (path) => told.unread.push(path),
  });
  for (let batch = spool.oldest(); batch !== null; batch = spool.oldest()) {
    expect(batch.unusable).toBe(0);
    told.given.push(batch.entries);
    spool.taken(batch);
  }
  expect([spool.isEmpty, spool.bytes]).toEqual([true, 0]);
  spool.close();
  return told;
}

it(
  'of segments of which records were changed, cut, repeated, put elsewhere or lengthened',
  () => {
    const segments = fc.array(fc.record({ kind: fc.constantFrom('main', 'read'), bytes: segment }), { maxLength: 4 });
    fc.assert(
      fc.property(segments, (all) => {
        rmSync(directory, { recursive: true, force: true });
        mkdirSync(directory);
        for (const [index, { kind, bytes }] of all.entries()) writeFileSync(nameOf(kind, 1 + index), bytes);
        const inOrder = ['main', 'read'].flatMap((kind) => all.filter((one) => one.kind === kind));
        const expected = inOrder.map(({ bytes }) => expectedOf(bytes));

        const { given, broken, unread } = drain();
        expect(given.map(textOf)).toEqual(expected.flatMap((one) => one.given.map((batch) => texts[batch])));
        expect(broken).toEqual(expected.flatMap((one) => one.broken));
        expect([unread, readdirSync(directory)]).toEqual([[], []]);
      }),
      fuzzing(150),
    );
  },
  fuzzTimeoutMs,
);

it(
  'of any bytes at all',
  () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), fc.array(damage, { maxLength: 6 }), (pieces, damages) => {
        let bytes: Buffer = Buffer.concat(pieces);
        for (const how of damages) if (bytes.length > 44) bytes = damaged(bytes, how);
        let end = 0;
        for (let found = readSpool(bytes, 0); found !== null; found = readSpool(bytes, found.end)) {
          expect(found.end).toBeGreaterThan(end);
          end = found.end;
          if (found.kind === 'batch') expect(texts).toContainEqual(textOf(found.entries));
        }
        expect(end).toBe(bytes.length);
      }),
      fuzzing(300),
    );
  },
  fuzzTimeoutMs,
);

it('in which something is no segment, or cannot be read: it is told of, left, and all others are given', () => {
  mkdirSync(directory);
  const [first, second] = [records[1] as Buffer, records[2] as Buffer];
  writeFileSync(nameOf('main', 1), first);
  execFileSync('mkfifo', [nameOf('main', 2)]);
  symlinkSync(nameOf('main', 1), nameOf('main', 3));
  symlinkSync('/nowhere', nameOf('main', 4));
  mkdirSync(nameOf('main', 5));
  writeFileSync(nameOf('main', 6), second);
  writeFileSync(nameOf('read', 7), '');

  const odd = [2, 3, 4, 5].map((number) => nameOf('main', number));
  for (let round = 0; round < 2; round += 1) {
    const { given, broken, unread } = drain();
    expect(given.map(textOf)).toEqual(round === 0 ? [texts[1], texts[2]] : []);
    expect([broken, unread.toSorted()]).toEqual([[], odd]);
    expect(readdirSync(directory).map((name) => join(directory, name))).toEqual(odd);
  }
});

it('that has a segment of a terabyte: no more of it is read than a segment can have', () => {
  mkdirSync(directory);
  writeFileSync(nameOf('main', 1), records[1] as Buffer);
  truncateSync(nameOf('main', 1), 2 ** 40);
  writeFileSync(nameOf('main', 2), records[2] as Buffer);
  const { given, broken, unread } = drain();
  expect(given.map(textOf)).toEqual([texts[1], texts[2]]);
  expect([broken.reduce((sum, bytes) => sum + bytes, 0), unread]).toEqual([
    2 ** 40 - (records[1] as Buffer).length,
    [],
  ]);
});

it('that begins new records everywhere, each as long as what is left: it comes to its end', () => {
  const heads = Buffer.alloc(8 * 1024 * 1024);
  for (let at = 0; at + 44 <= heads.length; at += 44) {
    heads.write('gdsp', at, 'latin1');
    heads.writeUInt32LE(heads.length - at - 44, at + 8);
  }
  mkdirSync(directory);
  writeFileSync(nameOf('main', 1), Buffer.concat([records[1] as Buffer, heads]));
  const startMs = performance.now();
  expect(drain()).toMatchObject({ broken: [heads.length] });
  // Hashing all that they promise would take hours.
  expect(performance.now() - startMs).toBeLessThan(60_000);
}, 120_000);

it('whose segments have the highest numbers there are: new ones come after them, also for the next run', () => {
  mkdirSync(directory);
  writeFileSync(nameOf('main', 999_999_999_999), records[1] as Buffer);
  const spool = () =>
    new Spool({
      directory,
      mostBytes: 1e9,
      dropped: () => undefined,
      damaged: () => undefined,
      unreadable: () => undefined,
    });
  const first = spool();
  first.append(batches[2] as readonly RawEntry[]);
  first.close();
  const second = spool();
  second.append(batches[3] as readonly RawEntry[]);
  second.close();
  expect(drain().given.map(textOf)).toEqual([texts[1], texts[2], texts[3]]);
});

it('of which nothing may be removed, and a segment not be read', () => {
  mkdirSync(directory);
  for (const number of [1, 2]) writeFileSync(nameOf('main', number), records[number] as Buffer);
  chmodSync(nameOf('main', 2), 0);
  chmodSync(folder, 0o755);
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65534);
  else chmodSync(directory, 0o500);
  try {
    for (let round = 0; round < 2; round += 1) {
      const { given, unread } = drain();
      expect([given.map(textOf), unread]).toEqual([[texts[1]], [nameOf('main', 2)]]);
    }
  } finally {
    if (isRoot) process.seteuid?.(0);
    else chmodSync(directory, 0o700);
  }
});
