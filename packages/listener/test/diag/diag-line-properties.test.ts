import fc from 'fast-check';
import { expect, it } from 'vitest';
import { diagLines, parseDiagLine } from '../../src/diag/diag-line.ts';
import type { PipelineEvent, ProcFacts } from '../../src/events.ts';

const bytes = fc.uint8Array({ maxLength: 30 }).map((array) => Buffer.from(array).toString('latin1'));
const ns = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const number = fc.nat({ max: 0xffff_ffff });
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });

const proc: fc.Arbitrary<ProcFacts> = fc.record(
  {
    startTicks: number,
    argv: fc.array(bytes, { maxLength: 4 }),
    comm: bytes,
    exe: bytes,
    cwd: bytes,
    rootfs: bytes,
    containerId: orNull(bytes),
    uid: number,
    ses: number,
  },
  { requiredKeys: ['startTicks'] },
);
const connectorOrigin = { cpu: number, seq: number, monotonicNs: ns, timeNs: ns, pid: number, tgid: number };
const file = fc.record({
  fd: number,
  path: bytes,
  flags: number,
  access: fc.constantFrom('write' as const, 'readwrite' as const),
  closeOnExec: fc.boolean(),
  dev: orNull(fc.constant('fe:00')),
  inode: orNull(ns.map(String)),
  fileType: fc.constantFrom('regular' as const, 'unknown' as const),
});
const held = { tgid: number, startTicks: number, fd: number };
const foundFile = fc.record(
  {
    path: bytes,
    deleted: fc.constantFrom(true as const, null),
    terminal: fc.constant(true as const),
    flags: orNull(number),
    access: fc.constantFrom('read' as const, 'write' as const, 'readwrite' as const, 'unknown' as const),
    closeOnExec: fc.boolean(),
    dev: orNull(fc.constant('fe:00')),
    inode: orNull(ns.map(String)),
    fileType: fc.constantFrom('regular' as const, 'fifo' as const, 'unknown' as const),
  },
  { requiredKeys: ['path', 'flags', 'access', 'closeOnExec', 'dev', 'inode', 'fileType'] },
);

const event: fc.Arbitrary<PipelineEvent> = fc.oneof(
  fc.record({
    kind: fc.constant('fork' as const),
    ...connectorOrigin,
    parentPid: number,
    parentTgid: number,
    ticks: number,
    proc: orNull(proc),
  }),
  fc.record({ kind: fc.constant('became' as const), ...connectorOrigin, proc: orNull(proc) }),
  fc.record(
    {
      kind: fc.constant('exit' as const),
      ...connectorOrigin,
      status: number,
      usage: fc.record({ cpuUs: number, maxRssKb: number }),
    },
    { requiredKeys: ['kind', 'cpu', 'seq', 'monotonicNs', 'timeNs', 'pid', 'tgid', 'status'] },
  ),
  fc.record({
    kind: fc.constant('snapshot' as const),
    timeNs: ns,
    startNs: ns,
    tgid: number,
    parentTgid: number,
    tasks: fc.array(number),
    proc,
    files: fc.array(file, { maxLength: 3 }),
    others: fc.array(fc.record({ fd: number, closeOnExec: fc.boolean() }), { maxLength: 3 }),
  }),
  fc.record(
    {
      kind: fc.constant('descriptor-found' as const),
      timeNs: ns,
      ...held,
      file: orNull(foundFile),
      sameAs: fc.record(held),
    },
    { requiredKeys: ['kind', 'timeNs', 'tgid', 'startTicks', 'fd', 'file'] },
  ),
  fc.record({
    kind: fc.constant('descriptors-shared' as const),
    timeNs: ns,
    tgid: number,
    startTicks: number,
    parentTgid: number,
  }),
  fc.record({ kind: fc.constant('star' as const), timeNs: ns, tgid: number }),
  fc.record({
    kind: fc.constant('file-look' as const),
    timeNs: ns,
    fileSessionId: fc.string(),
    found: orNull(
      fc.record({
        size: number,
        mtimeNs: ns,
        ctimeNs: ns,
        birthNs: orNull(ns),
        fileSystem: bytes,
        tellsStores: fc.boolean(),
      }),
    ),
    reason: orNull(fc.string()),
  }),
  fc.record({ kind: fc.constant('checkpoint' as const), timeNs: ns }),
  fc.record({
    kind: fc.constant('loss' as const),
    timeNs: ns,
    severity: fc.constantFrom('loss' as const, 'warning' as const),
    source: bytes,
    from: orNull(bytes),
    to: orNull(bytes),
    count: orNull(number),
    reason: fc.string(),
  }),
  fc.record({
    kind: fc.constant('session-end' as const),
    timeNs: ns,
    reason: fc.string(),
    counters: fc.dictionary(fc.stringMatching(/^[a-z]+$/), number),
  }),
);

it('any event that is no audit event is the same after it was written as one line of bytes and read again', () => {
  fc.assert(
    fc.property(event, (given) => {
      const [line = '', ...more] = diagLines(given);
      const onDisk = Buffer.from(line, 'latin1').toString('latin1');

      expect(more).toEqual([]);
      expect(onDisk).not.toMatch(/[\n\r\0]/);
      expect(parseDiagLine(onDisk)).toEqual({ kind: 'event', event: given });
    }),
  );
});
