import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDatabaseFile } from '../src/database-file.ts';
import { StoreError } from '../src/index.ts';

const uri = 'mongodb://ann:MARKER@db/';
const uid = process.getuid?.() ?? -1;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'godo-db-file-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Buffer, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

/** What it holds, or what is wrong with it. */
function read(path: string, as = uid): string {
  try {
    return readDatabaseFile(path, as, '--db-file');
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'BAD_TARGET') throw error;
    const begin = `The file ${path} of --db-file cannot be used: `;
    expect(error.message.startsWith(begin)).toBe(true);
    return error.message.slice(begin.length);
  }
}

test('the file is one line, of which one line feed is cut', () => {
  expect([uri, `${uri}\n`, `${uri}\r\n`, '/srv/evidence\n'].map((text) => read(file('good', text)))).toStrictEqual([
    uri,
    uri,
    uri,
    '/srv/evidence',
  ]);
});

test('what is no such line is refused, and not quoted', () => {
  const texts = [
    '',
    '\n',
    `${uri}\n\n`,
    `${uri}\n# why\n`,
    `${uri}\0`,
    '\tx',
    Buffer.from([0x4d, 0xff]),
    'x'.repeat(16385),
  ];
  expect(texts.map((text) => read(file('bad', text)))).toStrictEqual([
    'it is empty.',
    'it is empty.',
    ...Array(4).fill('it must hold one line, a mongodb:// URI or a directory, and nothing else.'),
    'it is not UTF-8.',
    'it is longer than 16384 bytes.',
  ]);
});

test('a file that others may read or write is refused', () => {
  const write = 'others may write to it, and so decide where evidence goes (chmod 600).';
  const asFor = (modes: number[]) => modes.map((mode) => read(file('modes', uri, mode)));
  expect(asFor([0o400, 0o600, 0o700, 0o604, 0o644, 0o620, 0o602])).toStrictEqual([
    uri,
    uri,
    uri,
    ...Array(2).fill('others may read the password in it (chmod 600).'),
    write,
    write,
  ]);
});

test.runIf(uid === 0)(
  'a group may read what is of root, as systemd makes its credentials, but nothing that is of a user',
  () => {
    const path = file('group', uri, 0o440);
    expect([read(path), read(path, 1000)]).toStrictEqual([uri, uri]);
    chownSync(path, 1000, 1000);
    expect([read(path, 1000), read(path)]).toStrictEqual([
      'others may read the password in it (chmod 600).',
      'it belongs to another user.',
    ]);
  },
);

test('links, pipes, devices, folders and what is not there are refused, and nothing waits for them', () => {
  const link = join(folder, 'link');
  symlinkSync(file('target', uri), link);
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', ['-m', '600', pipe]);
  expect([link, pipe, folder, '/dev/null', join(folder, 'none')].map((path) => read(path))).toStrictEqual([
    'it is a symbolic link (name the file that it leads to).',
    ...Array(3).fill('it is no regular file.'),
    'there is no such file.',
  ]);
});
