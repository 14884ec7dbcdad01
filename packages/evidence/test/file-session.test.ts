import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareInstants,
  cookedFileDocument,
  type FileSessionDocument,
  fileSessionDocument,
  fileSessionId,
  fileSessionOf,
  instantOfNs,
  isoTime,
  nsOfInstant,
} from '../src/index.ts';
import { anyFileSession } from './support/arbitrary.ts';
import { bootId, checkpoint, fileSession, keyOf, sessionOf, someNs } from './support/documents.ts';

const span = { firstNs: someNs, first: isoTime(someNs), lastNs: someNs + 1n, last: isoTime(someNs + 1n) };

test('a document and its session say the same', () => {
  const documents = [
    fileSession({ _id: 'closed' }),
    checkpoint('open', someNs + 5n),
    fileSession({
      _id: 'rare',
      path: '/tmp/\ufffd',
      pathHex: '2f746d702fff',
      pathResolved: false,
      dirfd: 7,
      fileType: 'fifo',
      inode: null,
      writers: [...fileSession({ _id: 'any' }).writers, { ...fileSession({ _id: 'any' }).writes, key: keyOf(11) }],
      changes: [{ key: keyOf(12), count: 2, ...span }],
      mapped: { count: 1, ...span, writable: true, keys: [keyOf(10)], written: null, unknownBecause: 'it is gone' },
      warnings: ['one'],
    }),
  ];
  expect(documents.map((document) => fileSessionDocument(sessionOf(document)))).toStrictEqual(documents);
});

test('every session comes back from its document', () => {
  fc.assert(
    fc.property(anyFileSession, (session) => {
      expect(fileSessionOf(fileSessionDocument(session))).toStrictEqual(session);
    }),
  );
});

test('the id of an audit session is made of boot, time and serial', () => {
  const document = fileSession({ _id: `${bootId}:audit:1763792240123.77`, openedNs: 1763792240123000000n });
  const session = sessionOf(document);
  expect([session.id, fileSessionId(session)]).toStrictEqual([77, document._id]);
});

test('an id that only looks like one of audit stays as it is', () => {
  const openedNs = 1763792240123000000n;
  const ids = ['123.077', '123.4294967296', '123.-1', '123.', '123.1e3', '124.77'].map(
    (end) => `${bootId}:audit:1763792240${end}`,
  );
  expect(ids.map((_id) => sessionOf(fileSession({ _id, openedNs })).id)).toStrictEqual(ids);
});

test('the opener as the only writer is not told twice', () => {
  const { writes, writers } = sessionOf(fileSession({ _id: 'a' }));
  expect([writes.count, writers]).toStrictEqual([1, null]);
});

test('the cooked document has the id of the session, not of its checkpoint', () => {
  const document = cookedFileDocument({ ...sessionOf(checkpoint('open', 9n)), closeInferred: true });
  expect(document).toStrictEqual({ ...checkpoint('open', 9n), _id: 'open', closeInferred: true });
});

test('the runs of documents can be shared', () => {
  const shared = { host: 'h', machineId: null, bootId, sessionId: 's' };
  expect(fileSessionOf(fileSession({ _id: 'a' }), () => shared)?.origin).toBe(shared);
});

describe('what is no file session of ours', () => {
  const wrong: Record<string, unknown> = {
    _id: 5,
    fileSessionId: null,
    kind: 'rename',
    host: undefined,
    machineId: 1,
    bootId: {},
    sessionId: null,
    path: 5,
    pathHex: null,
    pathResolved: 'yes',
    dirfd: 'x',
    dev: 5,
    inode: 5,
    fileType: null,
    flags: '0',
    access: null,
    created: undefined,
    key: null,
    pid: 1.5,
    tgid: '10',
    fd: undefined,
    comm: 1,
    exe: [],
    containerId: undefined,
    openedBefore: 0,
    openedNs: 5,
    closedNs: -1n,
    closedBy: 1,
    checkpointNs: 'x',
    writes: null,
    writers: {},
    changes: [null],
    mapped: [],
    warnings: [5],
  };

  for (const [name, value] of Object.entries(wrong)) {
    test(`is refused: ${name}`, () => {
      expect(fileSessionOf({ ...fileSession({ _id: 'a' }), [name]: value } as FileSessionDocument)).toBeNull();
    });
  }

  test('is refused: times and counts within', () => {
    const { writes, writers } = fileSession({ _id: 'a' });
    const documents = [
      { writes: { ...writes, count: '1' } },
      { writes: { ...writes, firstNs: 5 } },
      { writes: { ...writes, lastNs: 2n ** 63n } },
      { writers: [null] },
      { writers: [{ ...writers[0], key: 5 }] },
      { openedNs: 2n ** 63n },
      { changes: [{ key: 5, count: 1, ...span }] },
      { changes: [{ key: 'k', count: 1, ...span, lastNs: null }] },
      { mapped: { count: 1, ...span, writable: true, keys: [5], written: null } },
      { mapped: { count: 1, ...span, writable: true, keys: [], written: 'yes' } },
      { mapped: { count: 1, ...span, writable: true, keys: [], written: null, unknownBecause: 5 } },
    ];
    expect(
      documents.map((fields) => fileSessionOf({ ...fileSession({ _id: 'a' }), ...fields } as FileSessionDocument)),
    ).toStrictEqual(documents.map(() => null));
  });
});

test('an instant is the ns since the epoch, in two numbers', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (timeNs) => {
      const instant = instantOfNs(timeNs);
      expect(nsOfInstant(instant)).toBe(timeNs);
      expect([instant.ns >= 0, instant.ns < 1_000_000]).toStrictEqual([true, true]);
    }),
  );
});

test('instants are ordered as their times', () => {
  const time = fc.bigInt({ min: 0n, max: 5_000_000n });
  fc.assert(
    fc.property(time, time, (left, right) => {
      const order = left < right ? -1 : left > right ? 1 : 0;
      expect(Math.sign(compareInstants(instantOfNs(left), instantOfNs(right)))).toBe(order);
    }),
  );
});
