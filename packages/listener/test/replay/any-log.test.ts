import fc from 'fast-check';
import { expect, it } from 'vitest';
import { diagLines } from '../../src/diag/diag-line.ts';
import { anyLog } from '../support/any-log.ts';
import { sessionEnd, sessionStart } from '../support/events.ts';
import { loggedClose, loggedOpen, loggedWrite } from '../support/log-lines.ts';
import { replayDiag, replayLog } from '../support/replaying.ts';

const [least, most] = [-(2n ** 63n), 2n ** 63n - 1n];

/** Where a whole number stands that has more than the 64 bits of a database. */
function tooWide(value: unknown, path = ''): string[] {
  if (typeof value === 'bigint') return value < least || value > most ? [`${path}=${value}`] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => tooWide(inner, `${path}.${name}`));
}

it('whatever a log holds becomes documents that can be kept', () => {
  fc.assert(
    fc.property(anyLog, (text) => {
      const { counters, entries, losses, pids, files, fds } = replayLog(text.split('\n'));

      expect(tooWide([pids, files, fds, losses])).toEqual([]);
      const kept = losses.filter(({ source }) => source === 'audit-record').length;
      if (entries.length > 0) expect(kept).toBe(Math.min(counters.badLines, 100));
    }),
    { numRuns: 300 },
  );
});

it('whatever a --diag file holds between its lines is read over, and counted', () => {
  const [start = ''] = diagLines(sessionStart());
  const [end = ''] = diagLines(sessionEnd(90));
  fc.assert(
    fc.property(anyLog, (text) => {
      const { sessions, pids, files, fds } = replayDiag([start, ...text.split('\n'), end]);

      expect(sessions.map(({ phase }) => phase)).toEqual(['start', 'end']);
      expect(tooWide([pids, files, fds])).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

it('one damaged stamp is one line that cannot be read, and no moment in another millennium', () => {
  const story = [
    ...loggedOpen({ ms: 10, pid: 20 }, 3, 'out'),
    ...loggedClose({ ms: 11, pid: 20 }, 3).map((line) => line.replace('audit(1700000000', 'audit(17000000000')),
    ...loggedWrite({ ms: 12, pid: 20 }, 3, 6),
  ];
  const { files, fds, losses, counters } = replayLog(story);

  expect(counters).toEqual({ lines: 5, badLines: 1, events: 2, firstBad: 'line 4: stamp not a number' });
  expect([...files, ...fds].map(({ path, writes }) => [path, writes.bytes])).toEqual([['/srv/out', 6]]);
  expect(losses.map(({ source, count }) => [source, count])).toEqual([
    ['audit-record', 1],
    ['audit-serial', 1],
  ]);
});
