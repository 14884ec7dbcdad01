import { expect, test } from 'vitest';
import {
  openRawReader,
  openRawStore,
  type RawCollection,
  type RawEntry,
  type RawReader,
  rawCollections,
  StoreError,
  type StoreTarget,
} from '../../src/index.ts';
import { missedMoments } from '../../src/missed-calls.ts';
import { isoTime } from '../../src/moment.ts';
import { collect, collectFiles, collectTasks, describeForEachDatabase } from '../support/databases.ts';
import {
  checkpoint,
  event,
  fileEntry,
  fileSession,
  keyOf,
  loss,
  observed,
  operation,
  session,
  someNs,
  task,
} from '../support/documents.ts';

async function write(target: StoreTarget, ...batches: (readonly RawEntry[])[]) {
  const store = await openRawStore(target);
  try {
    const results = [];
    for (const batch of batches) results.push(await store.insert(batch));
    return results;
  } finally {
    await store.close();
  }
}

async function read<T>(target: StoreTarget, use: (reader: RawReader) => Promise<T>): Promise<T> {
  const reader = await openRawReader(target);
  try {
    return await use(reader);
  } finally {
    await reader.close();
  }
}

async function counts(reader: RawReader): Promise<Record<RawCollection, number>> {
  const all = await Promise.all(rawCollections.map(async (name) => [name, await reader.count(name)] as const));
  return Object.fromEntries(all) as Record<RawCollection, number>;
}

const none = { pids: 0, fds: 0, files: 0, operations: 0, events: 0, losses: 0, sessions: 0, chain: 0 };

const calls = { count: 2, firstNs: 5n, first: isoTime(5n), lastNs: someNs, last: isoTime(someNs) };

describeForEachDatabase('raw evidence', (newTarget) => {
  test('a document comes back as it was given', async () => {
    const target = newTarget();
    const given = {
      task: task({
        _id: 'task',
        argv: ['sh', '-c', 'echo "ü\u{1f600}\u2028"', ''],
        argvHex: [null, null, null, 'ff'],
        startNs: 1763792240123456789n,
        auid: 4294967295,
        errno: -2,
        exe: null,
        exeDeleted: null,
        script: '/srv/\ufffd',
        scriptHex: '2f7372762fff',
        viaScripts: ['/srv/a', '/srv/\ufffd'],
        viaScriptsHex: [null, '2f7372762ffe'],
        argvUnknown: 'failed call',
        envNames: ['PATH', 'BASH_FUNC_f%%'],
        envNamesCut: true,
        innerPid: 7,
        pids: [4711, 12, 7],
        namespaces: { mnt: 4026532222, pid: 4026532223 },
        containerId: 'ab'.repeat(32),
        warnings: [],
      }),
      file: fileSession({
        _id: 'file',
        path: '/tmp/\ufffd\n\t\\"\u007f',
        pathHex: '2f746d702fff',
        changes: [{ key: keyOf(10), ...calls }],
        mapped: { ...calls, writable: false, keys: [keyOf(10), keyOf(11)], written: null, unknownBecause: '\u0000 é' },
      }),
      operation: operation({
        _id: 'operation',
        operation: 'rename',
        success: false,
        errno: -17,
        path: 'sub/\ufffd',
        pathHex: '7375622fff',
        pathResolved: false,
        dirfd: 5,
        fd: 7,
        toPath: null,
        toPathResolved: false,
        toDirfd: -1,
        exchange: true,
        target: '',
        targetHex: 'ff',
        directories: ['/a', '/\ufffd'],
        directoriesHex: [null, '2ffe'],
        names: ['x'],
        namesHex: [null],
        dev: null,
        inode: null,
        fileType: 'unknown',
        replacedInode: '18446744073709551615',
        exchangedInode: '1',
        mode: 0o7777,
        modeBefore: 0,
        ownerUid: 4294967294,
        ownerGid: 0,
        ownerUidBefore: 1,
        ownerGidBefore: 2,
        size: 2 ** 52 + 1,
        allocation: 'punch-hole',
        keepSize: true,
        offset: 2 ** 52 + 2,
        length: 0,
        fromFd: 5,
        fromPath: '/srv/\ufffd',
        fromPathHex: '2f7372762fff',
        comm: null,
        exe: null,
        containerId: 'ab'.repeat(32),
        warnings: ['one'],
      }),
      event: event({
        _id: 'event',
        data: { port: 65535, ratio: 0.5, none: null, seenNs: -1n, deep: [{ a: [] }, 'x'] },
      }),
      loss: loss({ _id: 'loss', count: null, missed: missedMoments({ sinceNs: 1n, untilNs: 2n }) }),
      session: session({ _id: 'session', rules: ['-a always,exit'], counters: { 'audit.records': 3 } }),
    };
    await write(target, [
      { collection: 'pids', document: given.task },
      fileEntry(given.file),
      { collection: 'operations', document: given.operation },
      { collection: 'events', document: given.event },
      { collection: 'losses', document: given.loss },
      { collection: 'sessions', document: given.session },
    ]);
    const found = await read(target, async (reader) => ({
      tasks: await collectTasks(reader.tasks()),
      files: await collectFiles(reader.closedFiles()),
      operations: await collect(reader.operations()),
      events: await collect(reader.events()),
      losses: await collect(reader.losses()),
      sessions: await collect(reader.sessions()),
    }));
    expect(found).toStrictEqual({
      tasks: [observed(given.task)],
      files: [given.file],
      operations: [given.operation],
      events: [given.event],
      losses: [given.loss],
      sessions: [given.session],
    });
  });

  test('64-bit times keep every bit, and counts stay numbers', async () => {
    const target = newTarget();
    const times = [0n, 1n, -1n, 2n ** 31n, 2n ** 53n + 1n, someNs, 2n ** 63n - 1n, -(2n ** 63n)];
    await write(
      target,
      times.map((timeNs, index) => ({
        collection: 'events',
        document: event({ _id: `${index}`, timeNs, data: { count: 2 ** 40 + index } }),
      })),
    );
    const found = await read(target, (reader) => collect(reader.events()));
    const sorted = times
      .map((timeNs, index) => [timeNs, 2 ** 40 + index] as const)
      .sort(([left], [right]) => (left < right ? -1 : 1));
    expect(found.map(({ timeNs, data }) => [timeNs, data.count])).toStrictEqual(sorted);
  });

  test('a field without a value is not there when it is read', async () => {
    const target = newTarget();
    const document = { ...event({ _id: 'a' }), other: undefined };
    await write(target, [{ collection: 'events', document } as unknown as RawEntry]);
    const [found] = await read(target, (reader) => collect(reader.events()));
    expect(found).toStrictEqual(event({ _id: 'a' }));
  });

  test('U+0000 in text is kept', async () => {
    const target = newTarget();
    await write(target, [{ collection: 'pids', document: task({ _id: 'nul', argv: ['a\0b', '\0'] }) }]);
    const [found] = await read(target, (reader) => collectTasks(reader.tasks()));
    expect(found?.argv).toStrictEqual(['a\0b', '\0']);
  });

  test('any field name is kept in data and counters', async () => {
    const target = newTarget();
    const data = { 'a.b': 1, $set: { '%2E': 2, 'x%': [{ '.': 3 }] } };
    await write(target, [
      { collection: 'events', document: event({ _id: 'e', data }) },
      { collection: 'sessions', document: session({ _id: 's', counters: { 'ring.audit.$': 7 } }) },
    ]);
    const found = await read(target, async (reader) => [
      (await collect(reader.events()))[0]?.data,
      (await collect(reader.sessions()))[0]?.counters,
    ]);
    expect(found).toStrictEqual([data, { 'ring.audit.$': 7 }]);
  });

  test('writing the same again changes nothing, even with another content', async () => {
    const target = newTarget();
    const entry = (path: string): RawEntry => fileEntry(fileSession({ _id: 'f', path }));
    const results = await write(target, [entry('/first')], [entry('/first')], [entry('/second')]);
    expect(results).toStrictEqual([
      { inserted: 1, duplicates: 0 },
      { inserted: 0, duplicates: 1 },
      { inserted: 0, duplicates: 1 },
    ]);
    const found = await read(target, (reader) => collectFiles(reader.closedFiles()));
    expect(found.map(({ path }) => path)).toStrictEqual(['/first']);
  });

  test('a batch may hold all collections, new and known documents, and the same one twice', async () => {
    const target = newTarget();
    const first: RawEntry[] = [
      { collection: 'pids', document: task({ _id: 'a' }) },
      { collection: 'events', document: event({ _id: 'a' }) },
      { collection: 'events', document: event({ _id: 'b' }) },
    ];
    const second: RawEntry[] = [
      ...first,
      { collection: 'pids', document: task({ _id: 'b' }) },
      { collection: 'pids', document: task({ _id: 'b' }) },
      fileEntry(checkpoint('a', 1n)),
      { collection: 'losses', document: loss({ _id: 'a' }) },
    ];
    const results = await write(target, first, second, []);
    expect(results).toStrictEqual([
      { inserted: 3, duplicates: 0 },
      { inserted: 3, duplicates: 4 },
      { inserted: 0, duplicates: 0 },
    ]);
    expect(await read(target, counts)).toStrictEqual({ ...none, pids: 2, fds: 1, events: 2, losses: 1 });
  });

  test('a batch of 5,000 documents is taken whole, and read in order', async () => {
    const target = newTarget();
    const entries = Array.from({ length: 5000 }, (_, index): RawEntry => {
      const timeNs = someNs + BigInt((index * 7919) % 5000);
      return { collection: 'events', document: event({ _id: `e${index}`, timeNs, data: { filler: 'x'.repeat(300) } }) };
    });
    expect(await write(target, entries, entries)).toStrictEqual([
      { inserted: 5000, duplicates: 0 },
      { inserted: 0, duplicates: 5000 },
    ]);
    const times = await read(target, async (reader) => (await collect(reader.events())).map(({ timeNs }) => timeNs));
    expect(times).toStrictEqual(Array.from({ length: 5000 }, (_, index) => someNs + BigInt(index)));
  });

  test('a store that is opened again goes on', async () => {
    const target = newTarget();
    await write(target, [{ collection: 'pids', document: task({ _id: 'a' }) }]);
    await write(target, [{ collection: 'pids', document: task({ _id: 'b' }) }]);
    expect(await read(target, counts)).toStrictEqual({ ...none, pids: 2 });
  });

  test('a reader of a store without documents finds none', async () => {
    const target = newTarget();
    await write(target);
    const found = await read(target, async (reader) => ({
      counts: await counts(reader),
      open: await collectFiles(reader.openFiles()),
      tasks: await collectTasks(reader.tasks()),
    }));
    expect(found).toStrictEqual({ counts: none, open: [], tasks: [] });
  });

  test('tasks come by key, time, id', async () => {
    const target = newTarget();
    const order = [
      task({ _id: 'z', key: keyOf(1), timeNs: 5n }),
      task({ _id: 'a', key: keyOf(1), timeNs: 20n }),
      task({ _id: 'A', key: keyOf(2), timeNs: 3n }),
      task({ _id: 'a1', key: keyOf(2), timeNs: 3n }),
    ];
    await write(
      target,
      [3, 1, 0, 2].map((index) => ({ collection: 'pids', document: order[index] }) as RawEntry),
    );
    const found = await read(target, (reader) => collectTasks(reader.tasks()));
    expect(found.map(({ _id }) => _id)).toStrictEqual(['z', 'a', 'A', 'a1']);
  });

  test('closed files come by opening time and id; operations, events, losses and sessions by time and id', async () => {
    const target = newTarget();
    const given = [
      { _id: 'é', at: 2n },
      { _id: 'z', at: 2n },
      { _id: 'b', at: 2n },
      { _id: 'c', at: 1n },
      { _id: 'a', at: 10n },
    ];
    await write(
      target,
      given.flatMap(({ _id, at }): RawEntry[] => [
        fileEntry(fileSession({ _id, openedNs: at })),
        { collection: 'operations', document: operation({ _id, timeNs: at }) },
        { collection: 'events', document: event({ _id, timeNs: at }) },
        { collection: 'losses', document: loss({ _id, timeNs: at }) },
        { collection: 'sessions', document: session({ _id, timeNs: at }) },
      ]),
    );
    const ids = await read(target, async (reader) => {
      const others = [reader.operations(), reader.events(), reader.losses(), reader.sessions()];
      const all: { _id: string }[][] = [await collectFiles(reader.closedFiles())];
      for (const documents of others) all.push(await collect<{ _id: string }>(documents));
      return all.map((documents) => documents.map(({ _id }) => _id));
    });
    const order = ['c', 'b', 'z', 'é', 'a'];
    expect(ids).toStrictEqual([order, order, order, order, order]);
  });

  test('of an open file the latest checkpoint counts, and none once it is closed', async () => {
    const target = newTarget();
    const one = checkpoint('one', 9n, { openedNs: 7n });
    const only = checkpoint('only', 3n, { openedNs: 5n });
    // 10 is later than 9, though its text sorts before.
    const three = checkpoint('three', 10n, { openedNs: 5n });
    await write(target, [
      fileEntry(checkpoint('one', 8n, { openedNs: 7n })),
      fileEntry(three),
      fileEntry(checkpoint('three', 9n, { openedNs: 5n })),
      fileEntry(one),
      fileEntry(only),
      fileEntry(checkpoint('closed', 8n, { openedNs: 1n })),
      fileEntry(fileSession({ _id: 'closed', openedNs: 1n })),
      fileEntry(fileSession({ _id: 'never-checkpointed', openedNs: 1n })),
    ]);
    const found = await read(target, (reader) => collectFiles(reader.openFiles()));
    expect(found).toStrictEqual([only, three, one]);
  });

  test('iterators may run beside each other and be left early', async () => {
    const target = newTarget();
    const entries = Array.from({ length: 1500 }, (_, index): RawEntry[] => [
      { collection: 'events', document: event({ _id: `${index}`, timeNs: BigInt(index) }) },
      { collection: 'losses', document: loss({ _id: `${index}`, timeNs: BigInt(index) }) },
    ]);
    await write(target, entries.flat());
    const seen = await read(target, async (reader) => {
      for await (const _ of reader.events()) break;
      const losses = reader.losses()[Symbol.asyncIterator]();
      let same = 0;
      for await (const { timeNs } of reader.events()) {
        const other = await losses.next();
        if (!other.done && other.value.timeNs === timeNs) same += 1;
      }
      return same;
    });
    expect(seen).toBe(1500);
  });

  test('a reader that is closed under an iterator makes an error of it', async () => {
    const target = newTarget();
    const entries = Array.from({ length: 3000 }, (_, index): RawEntry => {
      return { collection: 'events', document: event({ _id: `${index}`, timeNs: BigInt(index) }) };
    });
    await write(target, entries);
    const reader = await openRawReader(target);
    const rest = async () => {
      let first = true;
      for await (const _ of reader.events()) {
        if (first) await reader.close();
        first = false;
      }
    };
    await expect(rest()).rejects.toBeInstanceOf(StoreError);
    await reader.close();
  });

  test('a reader of nothing says what makes it', async () => {
    const error = await openRawReader(newTarget()).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ code: 'DATABASE_NOT_FOUND', temporary: false });
    expect(error.message).toMatch(/run godo first\.$/);
  });

  test('a store that is closed takes nothing more', async () => {
    const store = await openRawStore(newTarget());
    await store.close();
    await store.close();
    await expect(store.insert([{ collection: 'pids', document: task({ _id: 'a' }) }])).rejects.toBeInstanceOf(
      StoreError,
    );
  });
});
