import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RawEntry, rawDocumentOf, readSpool, Spool, spoolRecord } from '../../src/index.ts';
import { event, fileEntry, fileSession, loss, observed, operation, session, task } from '../support/documents.ts';

const someOfEach: readonly RawEntry[] = [
  { collection: 'pids', observation: observed(task({ _id: 't' })) },
  fileEntry(fileSession({ _id: 'f', path: 'name\n"with"\ttabs \u2028', pathHex: '6e' })),
  { collection: 'operations', document: operation({ _id: 'o' }) },
  { collection: 'events', document: event({ _id: 'e' }) },
  { collection: 'losses', document: loss({ _id: 'l' }) },
  { collection: 'sessions', document: session({ _id: 's' }) },
];
const written = (id: string) => fileEntry(fileSession({ _id: id }));
const read = (id: string) => fileEntry(fileSession({ _id: id, access: 'read' }));
const idsOf = (entries: readonly RawEntry[]) => entries.map((entry) => rawDocumentOf(entry)._id);

describe('a record of the spool', () => {
  it('gives back what it was made of', () => {
    const found = readSpool(spoolRecord(someOfEach), 0);

    expect(found).toMatchObject({ kind: 'batch', unusable: 0 });
    if (found?.kind !== 'batch') return;
    expect(found.entries.map(rawDocumentOf)).toEqual(someOfEach.map(rawDocumentOf));
    expect(found.entries.map(({ collection }) => collection)).toEqual(someOfEach.map(({ collection }) => collection));
  });

  it('that is damaged anywhere is noticed, and the next one is found', () => {
    const [first, second] = [spoolRecord([written('a')]), spoolRecord([written('b')])];
    fc.assert(
      fc.property(fc.nat(first.length - 1), fc.integer({ min: 1, max: 255 }), (place, change) => {
        const bytes = Buffer.concat([first, second]);
        bytes[place] = (bytes[place] as number) ^ change;

        expect(readSpool(bytes, 0)).toEqual({ kind: 'damage', end: first.length });
        expect(readSpool(bytes, first.length)).toMatchObject({ kind: 'batch', end: bytes.length });
      }),
      { numRuns: 300 },
    );
  });

  it('that was cut off anywhere is noticed', () => {
    const bytes = spoolRecord(someOfEach);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: bytes.length - 1 }), (length) => {
        expect(readSpool(bytes.subarray(0, length), 0)).toEqual({ kind: 'damage', end: length });
      }),
    );
  });

  it('is looked for in any bytes, and that comes to an end', () => {
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.constantFrom('gdsp', 'gd', '\0\0\0\0'),
      fc.constant('x'),
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const bytes = Buffer.concat(parts.map((one) => Buffer.from(one as string)));
        let end = 0;
        for (let found = readSpool(bytes, 0); found !== null; found = readSpool(bytes, found.end)) {
          expect(found.end).toBeGreaterThan(end);
          end = found.end;
        }
        expect(end).toBe(bytes.length);
      }),
    );
  });
});

describe('a spool', () => {
  let directory: string;
  let dropped: (number | null)[];
  let damaged: number[];

  beforeEach(() => {
    directory = join(mkdtempSync(join(tmpdir(), 'godo-spool-')), 'spool');
    [dropped, damaged] = [[], []];
  });

  afterEach(() => rmSync(join(directory, '..'), { recursive: true }));

  const open = (mostBytes = 1e9) =>
    new Spool({
      directory,
      mostBytes,
      dropped: (documents) => dropped.push(documents),
      damaged: (_, bytes) => damaged.push(bytes),
      unreadable: (path) => expect.unreachable(path),
    });

  /** Takes everything out. */
  function drain(spool: Spool): string[] {
    const ids: string[] = [];
    for (let batch = spool.oldest(); batch !== null; batch = spool.oldest()) {
      ids.push(...idsOf(batch.entries));
      spool.taken(batch);
    }
    return ids;
  }

  it('gives batches back in their order, and is empty then', () => {
    const spool = open();
    for (const id of ['a', 'b', 'c']) spool.append([written(id)]);

    expect([spool.isEmpty, spool.bytes > 0]).toEqual([false, true]);
    expect(drain(spool)).toEqual(['a', 'b', 'c']);
    expect([spool.isEmpty, spool.bytes, readdirSync(directory)]).toEqual([true, 0, []]);
    spool.close();
  });

  it('gives the same batch until it is taken, also while more comes', () => {
    const spool = open();
    spool.append([written('a')]);
    const first = spool.oldest();
    spool.append([written('b')]);

    expect(spool.oldest()).toEqual(first);
    expect(drain(spool)).toEqual(['a', 'b']);
  });

  it('takes nothing for delivered of another segment than the one that a batch was in', () => {
    const big = 'x'.repeat(200_000);
    const one = open();
    one.append([written('a'), written('b')]);
    one.close();
    const spool = open();
    const underWay = spool.oldest();
    // There is room for one of them alone: the segment of what is being delivered goes.
    const small = open(spool.bytes + 100);
    const given = small.oldest();
    expect(given).toEqual(underWay);
    small.append([written(`c${big}`)]);
    expect(dropped).toEqual([null]);
    small.append([written('d')]);
    const next = small.oldest();
    if (given !== null) small.taken(given);

    expect(small.oldest()).toEqual(next);
  });

  it('is there for the next run, whatever became of this one', () => {
    const spool = open();
    spool.append([written('a')]);
    spool.append([written('b')]);
    const [first] = [spool.oldest()];
    if (first !== null && first !== undefined) spool.taken(first);
    // Killed here: a batch that was taken may be given again.
    const next = open();
    next.append([written('c')]);

    expect(drain(next)).toEqual(['a', 'b', 'c']);
  });

  it('is private', () => {
    open().append([written('a')]);
    const [name = ''] = readdirSync(directory);

    expect([statSync(directory).mode & 0o777, statSync(join(directory, name)).mode & 0o777]).toEqual([0o700, 0o600]);
  });

  it('gives what stands around damage, and tells how much that was', () => {
    const spool = open();
    spool.append([written('a')]);
    spool.append([written('b')]);
    spool.close();
    const [name = ''] = readdirSync(directory);
    const path = join(directory, name);
    const bytes = readFileSync(path);
    bytes[60] = (bytes[60] as number) ^ 1;
    writeFileSync(path, bytes);
    appendFileSync(path, 'gdsp and a tail');

    expect(drain(open())).toEqual(['b']);
    expect(damaged).toEqual([spoolRecord([written('a')]).length, 15]);
  });

  it('lets evidence of reading go first where it is full, then the oldest', () => {
    const text = 'x'.repeat(3000);
    const noise = Array.from({ length: 400 }, (_, index) => `${index * 7919}${text.slice(0, index * 7)}`);
    const batch = (id: string, make: (id: string) => RawEntry) => noise.map((_, index) => make(`${id}${index}`));
    const size = spoolRecord(batch('a', written)).length;
    const spool = open(size * 3.5);
    spool.append(batch('a', written));
    spool.append(batch('r', read));
    spool.append(batch('b', written));
    expect(dropped).toEqual([]);

    spool.append(batch('c', written));
    expect(dropped).toEqual([400]);
    expect(drain(spool).map((id) => id[0])).not.toContain('r');
  });

  it('without room even so takes nothing of a batch', () => {
    const spool = open(1);
    spool.append([written('a')]);

    // One batch is kept whatever the bound: it is the only one.
    expect(drain(spool)).toEqual(['a']);
  });
});
