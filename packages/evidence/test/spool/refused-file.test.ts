import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RawEntry, RefusedFile, rawDocumentOf, readSpool, Spool } from '../../src/index.ts';
import { event, fileEntry, fileSession, observed, task } from '../support/documents.ts';

const some: readonly RawEntry[] = [
  { collection: 'events', document: event({ _id: 'e' }) },
  { collection: 'pids', observation: observed(task({ _id: 't' })) },
  fileEntry(fileSession({ _id: 'f' })),
];
const noise = (_id: string): RawEntry => ({
  collection: 'events',
  document: event({ _id, data: { text: Array.from({ length: 4000 }, () => Math.random().toString(36)).join('') } }),
});

let folder: string;
let directory: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'godo-refused-'));
  directory = join(folder, 'spool');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const fileOf = (mostBytes = 1e9) => new RefusedFile({ directory, mostBytes });

function spooled(): string[] {
  const damage = (path: string) => expect.unreachable(`damaged: ${path}`);
  const spool = new Spool({ directory, mostBytes: 1e9, dropped: () => undefined, damaged: damage, unreadable: damage });
  const ids: string[] = [];
  for (let batch = spool.oldest(); batch !== null; batch = spool.oldest()) {
    ids.push(...batch.entries.map((entry) => rawDocumentOf(entry)._id));
    spool.taken(batch);
  }
  return ids;
}

describe('what the database refuses for good', () => {
  it('is kept for its owner alone, each document as a record of its own', () => {
    const file = fileOf();
    expect([file.keep(some.slice(0, 2)), fileOf().keep(some.slice(2))]).toEqual([2, 1]);

    expect(statSync(file.path).mode & 0o777).toBe(0o600);
    const bytes = readFileSync(file.path);
    const found: unknown[] = [];
    for (let at = 0; at < bytes.length; ) {
      const one = readSpool(bytes, at);
      if (one?.kind !== 'batch') throw new Error('no record');
      found.push(...one.entries.map(rawDocumentOf));
      at = one.end;
    }
    expect(found).toEqual(some.map(rawDocumentOf));
  });

  it('is no segment, and is delivered once more when it is given the name of one', () => {
    const file = fileOf();
    file.keep(some);

    expect([spooled(), existsSync(file.path)]).toEqual([[], true]);
    renameSync(file.path, join(directory, 'main-000000000000.spool'));
    expect(spooled()).toEqual(['e', 't', 'f']);
  });

  it('is kept as long as there is room, and the rest is counted', () => {
    const file = fileOf(100_000);
    const kept = file.keep(['a', 'b', 'c', 'd', 'e', 'f'].map(noise));
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(6);

    expect(file.keep([noise('g')])).toBe(0);
    expect(statSync(file.path).size).toBeLessThanOrEqual(100_000);
    expect(file.keep(some.slice(0, 1))).toBe(1);
  });

  it('is passed over where even the spool cannot write it', () => {
    const unwritable = { collection: 'events', document: { _id: 'x', count: 5n } } as unknown as RawEntry;

    expect(fileOf().keep([unwritable, ...some])).toBe(3);
  });

  it('goes through no link, and into nothing but a file', () => {
    const { path } = fileOf();
    const elsewhere = join(folder, 'elsewhere');
    writeFileSync(elsewhere, 'mine');
    mkdirSync(directory);
    symlinkSync(elsewhere, path);
    expect(fileOf().keep(some)).toBe(0);
    rmSync(path);
    execFileSync('mkfifo', [path]);
    expect(fileOf().keep(some)).toBe(0);
    rmSync(path);
    mkdirSync(path);
    expect(fileOf().keep(some)).toBe(0);

    expect(readFileSync(elsewhere, 'utf8')).toBe('mine');
  });
});
