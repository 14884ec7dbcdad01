import { expect, test } from 'vitest';
import { cookedDocumentOf } from '../../src/entry-documents.ts';
import {
  type CookedCollection,
  type CookedEntry,
  type CookedQuery,
  type CookedReader,
  cookedCollections,
  openCookedReader,
  openCookedWriter,
  StoreError,
  type StoreTarget,
} from '../../src/index.ts';
import { missedMoments } from '../../src/missed-calls.ts';
import { isoTime } from '../../src/moment.ts';
import { collect, describeForEachDatabase } from '../support/databases.ts';
import {
  container,
  cookedFile,
  cookedFileEntry,
  event,
  fileSession,
  keyOf,
  listenerRun,
  loss,
  operation,
  process,
  someNs,
} from '../support/documents.ts';

async function commit(target: StoreTarget, entries: readonly CookedEntry[]): Promise<void> {
  const writer = await openCookedWriter(target);
  await writer.insert(entries);
  await writer.commit();
}

async function read<T>(target: StoreTarget, use: (reader: CookedReader) => Promise<T>): Promise<T> {
  const reader = await openCookedReader(target);
  try {
    return await use(reader);
  } finally {
    await reader.close();
  }
}

async function idsOf(reader: CookedReader, collection: CookedCollection, query: CookedQuery = {}): Promise<string[]> {
  return (await collect<{ _id: string }>(reader.find(collection, query))).map(({ _id }) => _id);
}

const web = 'ab12'.padEnd(64, '0');
const database = 'ab99'.padEnd(64, '1');

const { writers } = fileSession({ _id: 'any' });
const execution = {
  timeNs: 1n,
  time: '',
  exe: '/usr/bin/curl',
  argv: ['curl'],
  cwd: '/',
  comm: 'curl',
  success: true,
} as const;

/** Two containers and the host; known and unknown moments; a failed and an applied execution. */
const scene: readonly CookedEntry[] = [
  {
    collection: 'processes',
    document: process({ _id: keyOf(1), tgid: 1, startNs: null, start: null, exe: '/sbin/init' }),
  },
  {
    collection: 'processes',
    document: process({
      _id: keyOf(20),
      tgid: 20,
      startNs: 20n,
      exitNs: 29n,
      containerId: web,
      executions: [
        {
          ...execution,
          ...{ exeDeleted: true, script: '/srv/\ufffd', scriptHex: '2f7372762fff', viaScripts: ['/srv/a'] },
          ...{ envNames: ['PATH'], envNamesCut: true },
        },
      ],
      ...{ exeDeleted: null, script: '/srv/b', innerPid: 7, pids: [20, 7], namespaces: { mnt: 4026532222 } },
    }),
  },
  {
    collection: 'processes',
    document: process({
      _id: keyOf(30),
      tgid: 30,
      startNs: 30n,
      containerId: database,
      exe: '/usr/bin/postgres',
      script: '/srv/start-database',
      viaScripts: ['/opt/runner'],
      sessionIds: ['session-1', 'session-2'],
      executions: [{ ...execution, success: false, errno: -2 }],
    }),
  },
  cookedFileEntry(cookedFile({ _id: 'f1', tgid: 20, key: keyOf(20), containerId: web, openedNs: 21n, closedNs: 22n })),
  cookedFileEntry(
    cookedFile({
      _id: 'f2',
      tgid: 1,
      key: keyOf(1),
      exe: '/sbin/init',
      openedNs: 21n,
      closedNs: null,
      writers: writers.map((writer) => ({ ...writer, key: keyOf(30) })),
      sessionId: 'session-2',
    }),
  ),
  {
    collection: 'operations',
    document: operation({ _id: 'o1', timeNs: 24n, tgid: 20, key: keyOf(20), containerId: web, toPath: '/tmp/\ufffd' }),
  },
  {
    collection: 'operations',
    document: operation({
      _id: 'o2',
      timeNs: 36n,
      tgid: 30,
      key: keyOf(30),
      exe: '/usr/bin/postgres',
      containerId: database,
      sessionId: 'session-2',
    }),
  },
  {
    collection: 'containers',
    document: container(web, {
      firstNs: 20n,
      lastNs: 29n,
      runtime: 'docker',
      engine: 'docker',
      name: 'web',
      image: 'nginx:1.27',
      imageId: 'sha256:6f',
      labels: { 'com.docker.compose.project': 'shop', $price: '%2E' },
      createdNs: 19n,
      created: isoTime(19n),
      mounts: [{ source: '/srv/www', destination: '/www', type: 'bind', rw: false }],
    }),
  },
  {
    collection: 'containers',
    document: container(database, { firstNs: 30n, lastNs: null, sessionIds: ['session-1', 'session-2'] }),
  },
  { collection: 'events', document: event({ _id: 'e1', timeNs: 25n, tgid: 20, key: keyOf(20), containerId: web }) },
  {
    collection: 'events',
    document: event({ _id: 'e2', timeNs: 35n, tgid: null, key: null, sessionId: 'session-2', data: { 'a.b': 1 } }),
  },
  {
    collection: 'losses',
    document: loss({ _id: 'l1', timeNs: 25n, missed: missedMoments({ sinceNs: 20n, untilNs: 22n }) }),
  },
  { collection: 'losses', document: loss({ _id: 'l2', timeNs: 35n, sessionId: 'session-2' }) },
  { collection: 'runs', document: listenerRun({ _id: 'session-1', startNs: 10n, endNs: 27n }) },
  { collection: 'runs', document: listenerRun({ _id: 'session-2', startNs: 28n, counters: { 'audit.lost': 0 } }) },
];

describeForEachDatabase('cooked evidence', (newTarget) => {
  test('what was committed comes back as it was given, in the order it is shown in', async () => {
    const target = newTarget();
    await commit(target, [...scene].reverse());
    const found = await read(target, async (reader) => {
      const all: unknown[] = [];
      for (const name of cookedCollections) all.push(...(await collect<object>(reader.find(name, {}))));
      return { all, counts: await Promise.all(cookedCollections.map((name) => reader.count(name))) };
    });
    expect(found).toStrictEqual({
      all: scene.map(cookedDocumentOf),
      counts: [3, 2, 2, 2, 2, 2, 2],
    });
  });

  test('ids decide where the moments are the same', async () => {
    const target = newTarget();
    await commit(
      target,
      ['é', 'b', 'B'].map((_id): CookedEntry => cookedFileEntry(cookedFile({ _id, openedNs: someNs }))),
    );
    expect(await read(target, (reader) => idsOf(reader, 'files'))).toStrictEqual(['B', 'b', 'é']);
  });

  test('a pid finds the files that it changed without writing, and those that it had mapped', async () => {
    const target = newTarget();
    const calls = { count: 1, firstNs: someNs, first: isoTime(someNs), lastNs: someNs, last: isoTime(someNs) };
    const mapped = {
      ...calls,
      writable: true,
      keys: [keyOf(10), keyOf(30)],
      written: null,
      unknownBecause: 'it is gone',
    };
    const files = [
      cookedFile({ _id: 'changed', openedNs: 1n, changes: [{ key: keyOf(30), ...calls }] }),
      cookedFile({ _id: 'mapped', openedNs: 2n, mapped }),
      cookedFile({ _id: 'neither', openedNs: 3n }),
    ];
    await commit(target, files.map(cookedFileEntry));
    const found = await read(target, (reader) => collect(reader.find('files', { pid: 30 })));
    expect(found).toStrictEqual(files.slice(0, 2));
  });

  test('each condition means for each collection what it says', async () => {
    const target = newTarget();
    await commit(target, scene);
    const queries: Record<string, CookedQuery> = {
      everything: {},
      'a container': { container: 'AB12' },
      'both containers': { container: 'ab' },
      'a pid': { pid: 20 },
      'the pid of a writer': { pid: 30 },
      'a program by its name': { exe: 'curl' },
      'a program by its path': { exe: '/usr/bin/postgres' },
      'a script by its name': { exe: 'start-database' },
      'what a script is run by': { exe: '/opt/runner' },
      'half a name': { exe: 'gres' },
      since: { sinceNs: 28n },
      until: { untilNs: 20n },
      'a span': { sinceNs: 23n, untilNs: 29n },
      'a run': { sessionId: 'session-2' },
      'what cannot be together': { container: web, pid: 30 },
    };
    const found = await read(target, async (reader) => {
      const answers: Record<string, Record<string, string[]>> = {};
      for (const [name, query] of Object.entries(queries)) {
        const answer: Record<string, string[]> = {};
        for (const collection of cookedCollections) answer[collection] = await idsOf(reader, collection, query);
        answers[name] = answer;
      }
      return answers;
    });
    const [init, sh, postgres] = [keyOf(1), keyOf(20), keyOf(30)];
    const [webId, databaseId] = [container(web)._id, container(database)._id];
    const losses = ['l1', 'l2'];
    const runs = ['session-1', 'session-2'];
    expect(found).toStrictEqual({
      everything: {
        processes: [init, sh, postgres],
        files: ['f1', 'f2'],
        operations: ['o1', 'o2'],
        containers: [webId, databaseId],
        events: ['e1', 'e2'],
        losses,
        runs,
      },
      'a container': {
        processes: [sh],
        files: ['f1'],
        operations: ['o1'],
        containers: [webId],
        events: ['e1'],
        losses,
        runs,
      },
      'both containers': {
        processes: [sh, postgres],
        files: ['f1'],
        operations: ['o1', 'o2'],
        containers: [webId, databaseId],
        events: ['e1'],
        losses,
        runs,
      },
      'a pid': {
        processes: [sh],
        files: ['f1'],
        operations: ['o1'],
        containers: [webId],
        events: ['e1'],
        losses,
        runs,
      },
      'the pid of a writer': {
        processes: [postgres],
        files: ['f2'],
        operations: ['o2'],
        containers: [databaseId],
        events: [],
        losses,
        runs,
      },
      'a program by its name': {
        processes: [sh],
        files: [],
        operations: [],
        containers: [webId],
        events: ['e1'],
        losses,
        runs,
      },
      'a program by its path': {
        processes: [postgres],
        files: [],
        operations: ['o2'],
        containers: [databaseId],
        events: [],
        losses,
        runs,
      },
      ...Object.fromEntries(
        ['a script by its name', 'what a script is run by'].map((name) => [
          name,
          { processes: [postgres], files: [], operations: [], containers: [databaseId], events: [], losses, runs },
        ]),
      ),
      'half a name': { processes: [], files: [], operations: [], containers: [], events: [], losses, runs },
      since: {
        processes: [init, sh, postgres],
        files: ['f2'],
        operations: ['o2'],
        containers: [webId, databaseId],
        events: ['e2'],
        losses: ['l2'],
        runs: ['session-2'],
      },
      until: {
        processes: [init, sh],
        files: [],
        operations: [],
        containers: [webId],
        events: [],
        losses: [],
        runs: ['session-1'],
      },
      'a span': {
        processes: [init, sh],
        files: ['f2'],
        operations: ['o1'],
        containers: [webId],
        events: ['e1'],
        losses: ['l1'],
        runs,
      },
      'a run': {
        processes: [postgres],
        files: ['f2'],
        operations: ['o2'],
        containers: [databaseId],
        events: ['e2'],
        losses: ['l2'],
        runs: ['session-2'],
      },
      'what cannot be together': { processes: [], files: [], operations: [], containers: [], events: [], losses, runs },
    });
  });

  test('processes are looked up by key, in the order asked for', async () => {
    const target = newTarget();
    const many = Array.from({ length: 2100 }, (_, index) => process({ _id: keyOf(index), tgid: index }));
    await commit(
      target,
      many.map((document): CookedEntry => ({ collection: 'processes', document })),
    );
    const keys = [keyOf(2099), keyOf(5000), ...many.map(({ _id }) => _id)];
    const found = await read(target, (reader) => reader.processes(keys));
    expect(found.map(({ tgid }) => tgid)).toStrictEqual([2099, ...many.keys()].slice(0, 2100));
  });

  test('a commit replaces the whole set', async () => {
    const target = newTarget();
    await commit(target, scene);
    await commit(target, [cookedFileEntry(cookedFile({ _id: 'new' }))]);
    const found = await read(target, (reader) => Promise.all(cookedCollections.map((name) => idsOf(reader, name))));
    expect(found).toStrictEqual([[], ['new'], [], [], [], [], []]);
  });

  test('an empty set can be committed', async () => {
    const target = newTarget();
    await commit(target, []);
    expect(await read(target, (reader) => reader.count('processes'))).toBe(0);
  });

  test('until the commit, and after an abort, the old set is read', async () => {
    const target = newTarget();
    await commit(target, scene);
    const writer = await openCookedWriter(target);
    await writer.insert([cookedFileEntry(cookedFile({ _id: 'new' }))]);
    const during = await read(target, (reader) => idsOf(reader, 'files'));
    await writer.abort();
    await writer.abort();
    const after = await read(target, (reader) => idsOf(reader, 'files'));
    expect({ during, after }).toStrictEqual({ during: ['f1', 'f2'], after: ['f1', 'f2'] });
  });

  test('before the first commit there is nothing to read', async () => {
    const target = newTarget();
    const writer = await openCookedWriter(target);
    await writer.insert(scene);
    const error = await openCookedReader(target).catch((thrown) => thrown);
    await writer.abort();
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ code: 'DATABASE_NOT_FOUND', temporary: false });
    expect(error.message).toMatch(/run filter first\.$/);
  });

  test('a writer that was left behind does not hinder the next', async () => {
    const target = newTarget();
    const left = await openCookedWriter(target);
    await left.insert([cookedFileEntry(cookedFile({ _id: 'left' }))]);
    await commit(target, [cookedFileEntry(cookedFile({ _id: 'new' }))]);
    expect(await read(target, (reader) => idsOf(reader, 'files'))).toStrictEqual(['new']);
    await left.abort();
    expect(await read(target, (reader) => idsOf(reader, 'files'))).toStrictEqual(['new']);
  });

  test('a document with an _id that is there already is an error: the filter made it twice', async () => {
    const writer = await openCookedWriter(newTarget());
    const entry = cookedFileEntry(cookedFile({ _id: 'twice' }));
    await expect(writer.insert([entry, entry])).rejects.toBeInstanceOf(StoreError);
    await writer.abort();
  });

  test('a writer that has committed takes no second commit', async () => {
    const target = newTarget();
    const writer = await openCookedWriter(target);
    await writer.insert(scene);
    await writer.commit();
    await expect(writer.commit()).rejects.toBeInstanceOf(StoreError);
    await writer.abort();
    expect(await read(target, (reader) => idsOf(reader, 'files'))).toStrictEqual(['f1', 'f2']);
  });
});
