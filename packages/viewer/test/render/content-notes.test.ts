import { describe, expect, it } from 'vitest';
import { changedWithoutWriting, contentDetails, contentNotes, usersOf } from '../../src/render/content-notes.ts';

const processes = new Map<string, unknown>([['b:7:1', { key: 'b:7:1', tgid: 7, exe: '/usr/bin/vim' }]]);
const notes = (file: Record<string, unknown>) =>
  contentNotes(file, processes, 'unicode', 2).map(({ text, role }) => [text, role]);
const mapped = (fields: object) => ({ mapped: { writable: true, keys: ['b:7:1'], written: null, ...fields } });

describe('the notes of a session', () => {
  it('say who changed the file without writing', () => {
    const changes = [
      { key: 'b:7:1', count: 1 },
      { key: 'b:9:2', count: 3 },
    ];

    expect(notes({ changes })).toEqual([
      ['changed without writing by pid 7 /usr/bin/vim: 1 call', 'warning'],
      ['changed without writing by pid 9: 3 calls', 'warning'],
    ]);
    expect(notes({ changes: Array.from({ length: 10 }, () => changes[0]) }).at(-1)).toEqual([
      'and by 2 more (see --json)',
      'warning',
    ]);
  });

  it('say who mapped it, and what came of that', () => {
    const of = (fields: object) => notes(mapped(fields))[0];

    expect([of({ written: true }), of({ written: false }), of({}), of({ unknownBecause: 'it is\u001b gone' })]).toEqual(
      [
        ['mapped for writing by pid 7 /usr/bin/vim: it was written so', 'warning'],
        ['mapped for writing by pid 7 /usr/bin/vim: it was not written so', 'faint'],
        ['mapped for writing by pid 7 /usr/bin/vim: it may have been written so', 'warning'],
        [
          'mapped for writing by pid 7 /usr/bin/vim: it may have been written so (not known: it is\\x1b gone)',
          'warning',
        ],
      ],
    );
    expect(of({ writable: false, keys: ['b:7:1', 'b:8:1', 5], written: true })).toEqual([
      'mapped shared, at first for reading, by pid 7 /usr/bin/vim and 2 more: it was written so',
      'warning',
    ]);
  });

  it('are none where there is nothing, or nothing of ours', () => {
    const broken = [{}, { changes: 5, mapped: 'x' }, { changes: null, mapped: { keys: 5 } }];

    expect(broken.flatMap(notes)).toEqual([]);
  });
});

it('the users of a file are its opener, writers, changers and mappers', () => {
  const file = { key: 'a', writers: [{ key: 'b' }], changes: [{ key: 'c' }], mapped: { keys: ['d', 'a'] } };

  expect(usersOf(file)).toEqual(['a', 'b', 'c', 'd', 'a']);
  expect(usersOf({ key: 'a', writers: 5, changes: [null], mapped: null })).toEqual(['a', undefined]);
});

it('a session changed its file without writing where that is certain', () => {
  const sessions = [{ changes: [{}] }, mapped({ written: true }), mapped({ written: false }), mapped({}), {}];

  expect(sessions.map(changedWithoutWriting)).toEqual([true, true, false, false, false]);
});

it('the details of an operation on content are what is known of it', () => {
  const details = (operation: object) => contentDetails(operation as Record<string, unknown>, 'unicode');

  expect(details({ allocation: 'punch-hole', offset: 4096, length: 8192, keepSize: true })).toEqual([
    'punch-hole',
    '8192 bytes from 4096',
    'size kept',
  ]);
  expect(details({ allocation: 'allocate', offset: 0 })).toEqual(['allocate', '? bytes from 0']);
  expect(details({ fromFd: 5 })).toEqual(['from fd 5']);
  expect(details({ fromFd: 5, fromPath: '/a\nb' })).toEqual(['from /a\\nb']);
  expect(details({})).toEqual([]);
});
