import { expect, test } from 'vitest';
import { mergeRuns } from '../src/runs.ts';
import { at, boot, session } from './support/raw.ts';

test('start and end of a run become one document, runs in order of start', () => {
  const runs = mergeRuns([
    session('start', 50, {
      sessionId: 'run-a',
      kernel: '6.1',
      version: '1',
      intake: 'unicast',
      rules: ['-a x'],
      command: ['sh'],
    }),
    session('start', 0, { sessionId: 'run-b' }),
    session('end', 60, { sessionId: 'run-a', reason: 'signal', counters: { records: 5 } }),
  ]);
  expect(runs.documents).toEqual([
    {
      _id: 'run-b',
      host: 'host-a',
      machineId: null,
      bootId: boot,
      mode: 'live',
      startNs: at(0),
      start: '2024-01-01T00:00:00.000000000Z',
      endNs: null,
      end: null,
      reason: null,
      kernel: null,
      version: null,
      intake: null,
      rules: [],
      command: null,
      counters: {},
    },
    {
      _id: 'run-a',
      host: 'host-a',
      machineId: null,
      bootId: boot,
      mode: 'live',
      startNs: at(50),
      start: '2024-01-01T00:00:00.050000000Z',
      endNs: at(60),
      end: '2024-01-01T00:00:00.060000000Z',
      reason: 'signal',
      kernel: '6.1',
      version: '1',
      intake: 'unicast',
      rules: ['-a x'],
      command: ['sh'],
      counters: { records: 5 },
    },
  ]);
  expect(['unknown', 'run-a', 'run-b'].sort(runs.compareSessions)).toEqual(['run-b', 'run-a', 'unknown']);
  expect([runs.firstStartNs(['run-a', 'run-b']), runs.firstStartNs(['unknown'])]).toEqual([at(0), null]);
});

test('an end without its start is a run all the same', () => {
  expect(mergeRuns([session('end', 9)]).documents.map(({ _id, startNs, endNs }) => [_id, startNs, endNs])).toEqual([
    ['run-1', at(9), at(9)],
  ]);
});
