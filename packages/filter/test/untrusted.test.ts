/** A database is open to others: whatever is in it, the filter ends with cooked evidence that can be read. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CookedQuery, cookedCollections, openCookedReader, openCookedWriter } from '@godo/evidence';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fuzzing, fuzzTimeoutMs } from '../../evidence/test/support/fuzzing.ts';
import { runFilter } from '../src/run-filter.ts';
import { memoryReader, type Raw } from './support/memory-store.ts';
import {
  at,
  auditExec,
  containerId,
  event,
  exit,
  file,
  fork,
  keyOf,
  loss,
  operation,
  session,
  task,
} from './support/raw.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'godo-untrusted-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const raw = {
  pids: [
    task('snapshot', 100, 0, {
      star: true,
      exe: '/usr/bin/dockerd',
      argv: ['dockerd'],
      containerId: null,
      rootfs: '/',
    }),
    fork(100, 200, 10, { containerId: containerId('a') }),
    auditExec(200, 24, '/bin/sh', { argv: ['sh', '-c', 'x'], uid: 0, warnings: ['w'] }),
    exit(200, 50),
  ],
  files: [file(200, '/tmp/x', 32, { closedNs: at(34) })],
  operations: [operation(200, 33)],
  events: [event(200, 20, { kind: 'container', containerId: containerId('a') }), event(200, 21)],
  losses: [loss(22)],
  sessions: [session('start', 0), session('end', 60)],
} satisfies Raw;

const depth = (levels: number) => {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = { inner: value };
  return value;
};

/** What BSON has beside what JSON has comes as objects of classes, and as bigints. */
const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withTypedArray: true, maxDepth: 3 }),
  fc.constantFrom(-1, 1e308, Number.NaN, -1n, 2n ** 63n, 2n ** 80n, '', '\ud800', 'x'.repeat(70_000), undefined),
  fc.constantFrom(depth(99), depth(20_000), new Date(Number.NaN), /x/, Buffer.from('x')),
  fc.constantFrom(JSON.parse('{"__proto__": {"exe": "/bin/evil"}, "constructor": 1}'), { toString: null }),
  fc.constantFrom(keyOf(100), keyOf(200), 'no key', containerId('a')),
);
const collections = Object.keys(raw) as (keyof typeof raw)[];
const damage = fc.record({
  collection: fc.constantFrom(...collections),
  row: fc.nat({ max: 3 }),
  field: fc.nat({ max: 60 }),
  further: fc.constantFrom('data', 'extra', 'namesHex', '__proto__', 'envNames', 'namespaces', 'errno', 'parentKey'),
  value: junk,
});

function damaged(damages: readonly (typeof damage extends fc.Arbitrary<infer D> ? D : never)[]): Raw {
  const copy: Record<string, Record<string, unknown>[]> = {};
  for (const name of collections) copy[name] = raw[name].map((document) => ({ ...document }));
  for (const { collection, row, field, further, value } of damages) {
    const document = copy[collection]?.[row % raw[collection].length] ?? {};
    const names = [...Object.keys(document), further];
    const name = names[field % names.length] ?? further;
    Object.defineProperty(document, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return copy as Raw;
}

const queries: readonly CookedQuery[] = [
  {},
  { container: 'a', pid: 200, exe: '/bin/sh', sinceNs: at(1), untilNs: at(100), sessionId: 'run-1' },
];

test(
  'whatever a document holds, it is used, or counted and left out',
  async () => {
    const target = { kind: 'sqlite', directory } as const;
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 4 }), async (damages) => {
        const writer = await openCookedWriter(target);
        const summary = await runFilter({ reader: memoryReader(damaged(damages)), writer });
        expect(summary.unusable).toBeLessThanOrEqual(damages.length);
        const reader = await openCookedReader(target);
        try {
          for (const query of queries) {
            for (const collection of cookedCollections) for await (const _ of reader.find(collection, query));
          }
        } finally {
          await reader.close();
        }
        expect(({} as { exe?: unknown }).exe).toBeUndefined();
      }),
      fuzzing(150),
    );
  },
  fuzzTimeoutMs,
);
