import { expect, test } from 'vitest';
import { type CookedQuery, openCookedReader, openCookedWriter } from '../../src/index.ts';
import { narrowFiles } from '../../src/sqlite/cooked-narrowing.ts';
import { collect, sqliteTargets } from '../support/databases.ts';
import { bootId, cookedFile, cookedFileEntry, keyOf, process } from '../support/documents.ts';

const newTarget = sqliteTargets();

test('what a query finds by columns is what reading everything finds', async () => {
  const target = newTarget();
  const writer = await openCookedWriter(target);
  const exes = [null, '/usr/bin/cat', '/opt/a_b', '/opt/acb', 'cat', '/bin/CAT', '/x\0/cat'];
  const containers = [null, 'ab12', 'ab99', 'cd', 'ab\0', 'json:'];
  const sessions = ['session-1', `${bootId}:run:1`, 'run:1', ':run:1'];
  const files = Array.from({ length: 400 }, (_, index) =>
    cookedFile({
      _id: `${String(index).padStart(3, '0')}`,
      openedNs: BigInt(index) * 500_000n,
      closedNs: index % 9 === 0 ? null : BigInt(index) * 500_000n + BigInt(index % 5) * 700_001n,
      tgid: index % 4,
      key: keyOf(index % 4),
      exe: exes[index % exes.length] as string | null,
      containerId: containers[index % containers.length] as string | null,
      sessionId: sessions[index % sessions.length] as string,
      ...(index % 7 === 0 && {
        writers: cookedFile({ _id: 'w' }).writers.map((one) => ({ ...one, key: keyOf(99) })),
      }),
    }),
  );
  await writer.insert([
    ...files.map(cookedFileEntry),
    { collection: 'processes', document: process({ _id: keyOf(1) }) },
  ]);
  await writer.commit();
  const expected: Record<string, (file: (typeof files)[number]) => boolean> = {
    '{"exe":"cat"}': ({ exe }) => exe === 'cat' || (exe?.endsWith('/cat') ?? false),
    '{"exe":"a_b"}': ({ exe }) => exe === '/opt/a_b',
    '{"exe":"/bin/CAT"}': ({ exe }) => exe === '/bin/CAT',
    '{"container":"AB"}': ({ containerId }) => containerId?.startsWith('ab') ?? false,
    '{"pid":2}': ({ tgid }) => tgid === 2,
    '{"pid":99}': ({ writers }) => writers.some(({ key }) => key === keyOf(99)),
    [`{"sessionId":"${bootId}:run:1"}`]: ({ sessionId }) => sessionId === `${bootId}:run:1`,
    '{"sessionId":":run:1"}': ({ sessionId }) => sessionId === ':run:1',
  };
  const reader = await openCookedReader(target);
  for (const [query, meets] of Object.entries(expected)) {
    const found = await collect(reader.find('files', JSON.parse(query)));
    expect(
      found.map(({ _id }) => _id),
      query,
    ).toStrictEqual(files.filter(meets).map(({ _id }) => _id));
  }
  const spans: CookedQuery[] = [
    { sinceNs: 99_700_000n },
    { untilNs: 99_700_000n },
    { sinceNs: 50_000_001n, untilNs: 51_000_000n },
  ];
  for (const { sinceNs = -1n, untilNs = 2n ** 62n, ...rest } of spans) {
    const found = await collect(reader.find('files', { ...rest, sinceNs, untilNs }));
    const meeting = files.filter(
      ({ openedNs, closedNs }) => openedNs <= untilNs && (closedNs === null || closedNs >= sinceNs),
    );
    expect(found.map(({ _id }) => _id)).toStrictEqual(meeting.map(({ _id }) => _id));
  }
  await reader.close();
});

test('a container prefix that fits more texts than a statement takes is left to the rows', () => {
  const many = Array.from({ length: 20_000 }, (_, index) => index);
  expect(narrowFiles({ container: 'a' }, () => many).where.length).toBeLessThan(300);
});
