import type { FileSessionDocument, TaskDocument } from '@godo/evidence';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mergeExecutions } from '../src/executions.ts';
import { noFacts } from '../src/facts.ts';
import { compareIds } from '../src/order.ts';
import { bytes, cook, type Raw } from './support/memory-store.ts';
import { at, containerId, file, keyOf, openFile, session, task, writes } from './support/raw.ts';

const pid = fc.integer({ min: 1, max: 8 });
const ms = fc.integer({ min: 0, max: 40 });
const bootId = fc.constantFrom('boot-a', 'boot-b');

/** Any observation of few processes: cycles, several parents, coarse stamps and contradictions all come up. */
const observation: fc.Arbitrary<TaskDocument> = fc
  .record({
    observation: fc.constantFrom('snapshot', 'fork', 'exec', 'exit', 'root', 'star'),
    source: fc.constantFrom('proc', 'connector', 'audit', 'listener'),
    tgid: pid,
    thread: fc.option(fc.integer({ min: 20, max: 22 }), { nil: undefined }),
    ms,
    parent: fc.option(pid, { nil: undefined }),
    keyless: fc.boolean(),
    star: fc.boolean(),
    bootId,
    exe: fc.option(fc.constantFrom('/bin/a', '/usr/bin/dockerd', '/usr/bin/containerd-shim-runc-v2'), { nil: null }),
    container: fc.constantFrom(undefined, null, containerId('a'), containerId('b')),
    rootfs: fc.constantFrom(undefined, '/', '/merged-1', '/merged-2'),
    serial: fc.integer({ min: 1, max: 1000 }),
  })
  .map(({ thread, ms: time, parent, keyless, container, rootfs, serial, tgid, ...rest }) =>
    task(rest.observation, tgid, time, {
      ...rest,
      _id: `${rest.bootId}:${rest.source}:${serial}`,
      pid: thread ?? tgid,
      argv: rest.exe === null ? null : [rest.exe, '-namespace', 'moby', '-address', '/run/containerd/containerd.sock'],
      ...(parent !== undefined && {
        ppid: parent,
        parentTgid: parent,
        parentKey: keyless ? null : keyOf(parent, rest.bootId),
      }),
      ...(container !== undefined && { containerId: container }),
      ...(rootfs !== undefined && { rootfs }),
      sessionId: `run-${(serial % 3) + 1}`,
    }),
  );

const fileSession: fc.Arbitrary<FileSessionDocument> = fc
  .record({ tgid: pid, writer: fc.option(pid), opened: ms, closed: fc.boolean(), path: fc.constantFrom('/x', '/y') })
  .map(({ tgid, writer, opened, closed, path }) =>
    (closed ? file : openFile)(tgid, path, opened, {
      closedNs: closed ? at(opened + 1) : null,
      writers: writer === null ? [] : [{ key: keyOf(writer), ...writes(1, 1, opened) }],
      writes: writer === null ? writes(0, 0, null) : writes(1, 1, opened),
    }),
  );

const unique = <T extends { readonly _id: string }>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.uniqueArray(one, { maxLength: 40, selector: ({ _id }) => _id });

const raw = fc
  .record({ pids: unique(observation), all: unique(fileSession) })
  .map(({ pids, all }): Raw & { readonly pids: TaskDocument[] } => ({
    pids,
    files: all.filter((one) => one.closedNs !== null),
    fds: all.filter((one) => one.closedNs === null),
    sessions: [session('start', 0), session('start', 20, { sessionId: 'run-2' })],
  }));

test('the order in which raw evidence was inserted does not change a byte of cooked evidence', async () => {
  await fc.assert(
    fc.asyncProperty(
      raw.chain((one) =>
        fc.tuple(
          fc.constant(one),
          fc.shuffledSubarray(one.pids, { minLength: one.pids.length }),
          fc.shuffledSubarray([...(one.files ?? [])], { minLength: one.files?.length ?? 0 }),
        ),
      ),
      async ([one, pids, files]) => {
        expect(bytes(await cook({ ...one, pids, files }))).toBe(bytes(await cook(one)));
      },
    ),
    { numRuns: 300 },
  );
});

test('whatever edges the evidence claims, the result is a forest of the processes below stars, each once', async () => {
  await fc.assert(
    fc.asyncProperty(raw, async (one) => {
      const { processes, containers, files } = await cook(one);
      const byKey = new Map(processes.map((process) => [process.key, process]));
      expect(byKey.size).toBe(processes.length);
      const stars = new Set(
        one.pids.filter((seen) => seen.star || seen.observation === 'star').map((seen) => seen.key),
      );
      for (const key of stars) expect(byKey.get(key)?.star).toBe(true);
      for (const process of processes) {
        if (process.parentKey === null) {
          expect([process.star, process.depth, process.parentSource]).toEqual([true, 0, null]);
          continue;
        }
        const parent = byKey.get(process.parentKey);
        expect([parent?.depth, parent?.bootId, parent?.children.filter((key) => key === process.key)]).toEqual([
          process.depth - 1,
          process.bootId,
          [process.key],
        ]);
      }
      expect(processes.reduce((sum, process) => sum + process.children.length, 0)).toBe(
        processes.filter((process) => process.parentKey !== null).length,
      );
      for (const process of processes) {
        const container = containers.find((other) => other._id === `${process.bootId}:${process.containerId}`);
        expect(container === undefined).toBe(process.containerId === null);
        if (container !== undefined) expect(process.rootfs).toBe(container.rootfs);
      }
      for (const kept of files) {
        expect(byKey.has(kept.key) || kept.writers.some((writer) => byKey.has(writer.key))).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

test('no field of any type makes the filter fail', async () => {
  const anything = fc.anything({ withBigInt: true, withNullPrototype: true, maxDepth: 2 });
  const names = [
    '_id',
    'host',
    'bootId',
    'sessionId',
    'timeNs',
    'observation',
    'source',
    'key',
    'pid',
    'tgid',
    'startTicks',
    'startNs',
    'ppid',
    'parentTgid',
    'parentKey',
    'exitCode',
    'argv',
    'argvHex',
    'exe',
    'rootfs',
    'containerId',
    'uid',
    'warnings',
  ];
  const damaged = fc
    .tuple(observation, fc.constantFrom(...names), anything)
    .map(([good, name, value]) => ({ ...good, [name]: value }) as unknown as TaskDocument);
  const lines = fc.array(fc.oneof(observation, damaged), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(lines, async (pids) => {
      // The store orders by key and time; what has no comparable key or time it would put anywhere.
      const sortable = pids.filter((one) => typeof one.key === 'string' && typeof one.timeNs === 'bigint');
      const rest = pids.filter((one) => !sortable.includes(one)).slice(0, 1);
      const { processes } = await cook({ pids: rest.length > 0 && sortable.length === 0 ? rest : sortable });
      expect(new Set(processes.map(({ key }) => key)).size).toBe(processes.length);
    }),
    { numRuns: 500 },
  );
});

test('merging executions loses none: every audit exec comes once, every connector exec alone or within one', () => {
  const side = (source: 'audit' | 'connector') =>
    fc
      .array(fc.record({ ms: fc.integer({ min: 0, max: 5000 }), success: fc.boolean() }), { maxLength: 12 })
      .map((list) =>
        list.map(({ ms: time, success }, index) => ({
          id: `${source}:${index}`,
          timeNs: at(time),
          source,
          success: source === 'connector' || success,
          facts: {
            ...noFacts,
            comm: source === 'audit' ? `a${index}` : null,
            cwd: source === 'connector' ? `c${index}` : null,
          },
        })),
      );
  fc.assert(
    fc.property(side('audit'), side('connector'), (audit, connector) => {
      const merged = mergeExecutions([...connector, ...audit]);
      const comms = merged.map(({ facts }) => facts.comm).filter((comm) => comm !== null);
      const cwds = merged.map(({ facts }) => facts.cwd).filter((cwd) => cwd !== null);
      expect(comms.toSorted()).toEqual(audit.map(({ facts }) => facts.comm).toSorted());
      expect(cwds.toSorted()).toEqual(connector.map(({ facts }) => facts.cwd).toSorted());
      const byTime = (list: typeof audit) =>
        list.toSorted((a, b) => Number(a.timeNs - b.timeNs) || compareIds(a.id, b.id));
      expect(comms).toEqual(byTime(audit).map(({ facts }) => facts.comm));
      expect(cwds).toEqual(byTime(connector).map(({ facts }) => facts.cwd));
    }),
    { numRuns: 500 },
  );
});

test('ids are in a total order', () => {
  const id = fc.stringMatching(/^[ab]{0,2}[0-9]{0,3}[.:]?[0-9]{0,3}$/);
  fc.assert(
    fc.property(id, id, id, (a, b, c) => {
      expect(Math.sign(compareIds(a, b)) + Math.sign(compareIds(b, a))).toBe(0);
      expect(compareIds(a, b) === 0).toBe(a === b);
      if (compareIds(a, b) <= 0 && compareIds(b, c) <= 0) expect(compareIds(a, c)).toBeLessThanOrEqual(0);
    }),
  );
});
