import { expect, test } from 'vitest';
import { container, containerOf, keyOf } from '../support/documents.ts';
import { hostile } from '../support/hostile.ts';
import { view } from '../support/run-view.ts';
import { dockerRun, nothing } from '../support/story.ts';

function parse(out: string): Record<string, unknown>[] {
  return out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('without a view: processes, then changed files, told apart by their collection; what is missing beside them', async () => {
  const { code, out, err } = await view(['--json']);
  expect(code).toBe(0);
  expect(parse(out).map(({ collection, tgid, path }) => [collection, path ?? tgid])).toEqual([
    ...[812, 2001, 2010, 2011, 2012, 2013, 2020].map((tgid) => ['processes', tgid]),
    ...['/tmp/x', '/root/y', 'state.json'].map((path) => ['files', path]),
  ]);
  expect(err).toBe(
    'viewer: 2 gaps in the evidence (audit-kernel 1, connector 1; at least 120 records missing) and 1 warning about it: see "viewer losses".\n',
  );
});

test('a document is a line with every field, bigints as decimal digits', async () => {
  const { out } = await view(['events', '--json'], {
    evidence: { ...nothing, events: dockerRun.events.map((event) => ({ ...event, data: { port: 443, sinceNs: 1n } })) },
  });
  expect(out).toBe(
    `{"collection":"events","_id":"event-1.5","host":"web-1","machineId":null,"bootId":"6f1c1f0e-8a3c-4c53-9d0a-5a1f0c2b7e11",` +
      `"sessionId":"run-1","timeNs":"1763816701500000000","time":"2025-11-22T13:05:01.500000000Z","kind":"connect",` +
      `"key":"${keyOf(2012)}","tgid":2012,"containerId":"${container}","data":{"port":443,"sinceNs":"1"}}\n`,
  );
});

test('the text is exact, and yet a terminal cannot act on it', async () => {
  const { out } = await view(['sessions', '--json'], { evidence: hostile });
  expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069\u2028\u2029]/u);
  expect(parse(out).map(({ path, pathHex }) => [path, pathHex])).toEqual(
    hostile.files.map(({ path, pathHex }) => [path, pathHex]),
  );
});

test('a field of the document cannot pass for its collection', async () => {
  const document = { ...containerOf(0, {}), collection: 'files' };
  const { out } = await view(['containers', '--json'], { evidence: { ...nothing, containers: [document] } });
  expect(out.match(/"collection":"[a-z]*"/g)).toEqual(['"collection":"containers"']);
});

test('stats: the summary, then the runs', async () => {
  expect(parse((await view(['stats', '--json'])).out)).toEqual([
    {
      collection: 'stats',
      location: 'memory',
      counts: { processes: 7, files: 4, operations: 4, containers: 1, events: 1, losses: 3, runs: 1 },
      hosts: ['web-1'],
      boots: ['6f1c1f0e-8a3c-4c53-9d0a-5a1f0c2b7e11'],
      firstNs: '1763816700000000000',
      lastNs: '1763906700000000000',
    },
    expect.objectContaining({ collection: 'runs', _id: 'run-1' }),
  ]);
});
