import { expect, it } from 'vitest';
import { diagLines } from '../../src/diag/diag-line.ts';
import type { UringFoundEvent } from '../../src/events.ts';
import { sessionStart } from '../support/events.ts';
import { fixtureLines } from '../support/fixtures.ts';
import { enriched } from '../support/log-lines.ts';
import { replayDiag, replayLog } from '../support/replaying.ts';

const lines = fixtureLines('io-uring.log');

it('an audit.log with records of io_uring tells what it did, and by which program', () => {
  const { files, operations, events, losses, counters } = replayLog(lines);

  expect(counters).toMatchObject({ lines: lines.length, badLines: 0 });
  // Serials of two runs stand in it.
  expect(losses.map(({ source }) => source)).toEqual(['audit-serial']);
  expect(files.map(({ tgid, exe, inode, path }) => [tgid, exe, inode, path])).toEqual([
    [200, '/usr/bin/io-uring', '6', null],
    [200, '/usr/bin/io-uring', '4', 'old'],
    [200, '/usr/bin/io-uring', '4', 'old'],
    [200, '/usr/bin/io-uring', '5', 'below/inner'],
    [300, null, '16', 'made'],
    [300, null, '21', null],
  ]);
  expect(operations).toHaveLength(15);
  expect(events.map(({ tgid, data }) => [tgid, data])).toEqual([
    [200, { seen: 'setup' }],
    [200, { operation: 'fallocate' }],
    [200, { operation: 'ftruncate' }],
    [300, { seen: 'operation' }],
  ]);
});

it('an ENRICHED audit.log tells the same of io_uring as a raw one', () => {
  expect(replayLog(enriched(lines)).operations).toEqual(replayLog(lines).operations);
});

it('a --diag file with records of io_uring and what /proc showed is read again', () => {
  const found: UringFoundEvent = {
    ...({ kind: 'uring-found', timeNs: 1n, tgid: 200, startTicks: 5 } as const),
    descriptors: [{ fd: 5, path: '/srv/example/made', flags: 1, dev: 'fe:00', inode: '6' }],
  };
  const own = [sessionStart(), found].flatMap(diagLines);
  const { counters, files } = replayDiag([own[0] ?? '', ...lines.slice(0, 1), own[1] ?? '', ...lines.slice(1, 10)]);

  expect(counters.badLines).toBe(0);
  expect(files).toMatchObject([{ inode: '6' }]);
});
