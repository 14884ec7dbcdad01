import { type FileSessionDocument, missedCallsWarning, missedMoments, unendedRunWarning } from '@godo/evidence';
import { expect, test } from 'vitest';
import { cook } from './support/memory-store.ts';
import { at, calls, containerId, exit, file, fork, loss, openFile, session, task, writes } from './support/raw.ts';

const star = task('snapshot', 10, 0, { star: true });
const outsider = task('snapshot', 90, 0);

const outline = (files: readonly FileSessionDocument[]) =>
  files.map(({ path, closedNs, closedBy }) => [path, closedNs, closedBy]);

test('closed and open sessions of the tree are kept alike, without the time of a checkpoint; those of others are not', async () => {
  const { files } = await cook({
    pids: [star, outsider, fork(10, 11, 1)],
    files: [file(11, '/closed', 2, { closedNs: at(3) }), file(90, '/other', 2, { closedNs: at(3) })],
    fds: [openFile(11, '/open', 4), openFile(90, '/other-open', 4)],
  });
  expect(files).toEqual([
    { ...file(11, '/closed', 2, { closedNs: at(3) }), closeInferred: false },
    { ...file(11, '/open', 4), closeInferred: false },
  ]);
});

test('a session that was not closed ends with its process', async () => {
  const { files } = await cook({ pids: [star, fork(10, 11, 1), exit(11, 9)], fds: [openFile(11, '/open', 4)] });
  const [document] = files;
  expect([document?.closedNs, document?.closed, document?.closedBy, document?.closeInferred]).toEqual([
    at(9),
    '2024-01-01T00:00:00.009000000Z',
    'exit',
    true,
  ]);
});

test('a session that had ended when it was learnt that calls were missed in its time says so, unless it does already', async () => {
  const missed = missedMoments({ sinceNs: at(5), untilNs: at(6) });
  const told = missedCallsWarning(at(4));
  const { files } = await cook({
    pids: [star, fork(10, 11, 1)],
    files: [
      file(11, '/open-then', 2, { closedNs: at(8), warnings: ['another'] }),
      file(11, '/told-before', 2, { closedNs: at(8), warnings: [told], fileSessionId: 'b', _id: 'b' }),
      file(11, '/opened-later', 7, { closedNs: at(8) }),
      file(11, '/went-on', 2, { closedNs: at(3_000), fileSessionId: 'd', _id: 'd' }),
    ],
    losses: [{ ...loss(20), missed }],
  });
  expect(files.map(({ path, warnings }) => [path, warnings]).sort()).toEqual([
    ['/open-then', ['another', missedCallsWarning(at(5))]],
    ['/opened-later', undefined],
    ['/told-before', [told]],
    ['/went-on', undefined],
  ]);
});

test('a session that a run without an end left open says until when it is known, beside what it says already', async () => {
  const { files } = await cook({
    pids: [star, fork(10, 11, 1), exit(11, 9_000)],
    files: [file(11, '/closed', 2, { closedNs: at(8) })],
    // Written down a second after they were opened.
    fds: [
      openFile(11, '/unchanged', 3),
      openFile(11, '/first-at-the-last-but-one', 5_000),
      openFile(11, '/first-at-the-last', 7_000, { warnings: ['another'] }),
      openFile(11, '/of-a-run-that-ended', 4, { sessionId: 'run-2' }),
      openFile(11, '/of-a-replay', 4, { sessionId: 'run-3' }),
    ],
    sessions: [
      session('start', 0),
      session('start', 0, { sessionId: 'run-2' }),
      session('end', 9_000, { sessionId: 'run-2' }),
      session('start', 0, { sessionId: 'run-3', mode: 'replay' }),
    ],
  });
  const [lastButOne, last] = [at(6_000), at(8_000)].map(unendedRunWarning);
  expect(files.map(({ path, closeInferred, warnings }) => [path, closeInferred, warnings])).toEqual([
    ['/closed', false, undefined],
    ['/unchanged', true, [lastButOne]],
    ['/of-a-replay', true, undefined],
    ['/of-a-run-that-ended', true, undefined],
    ['/first-at-the-last-but-one', true, [lastButOne]],
    ['/first-at-the-last', true, ['another', last]],
  ]);
  expect(last).toBe(
    'its end was not recorded, the listener was cut off or still runs: what was done through it after 2024-01-01T00:00:06.000000000Z is not known, or not all of it',
  );
});

test('the last checkpoint of a run without an end may not all be stored: it says nothing of sessions that it does not have', async () => {
  const { files } = await cook({
    pids: [star, fork(10, 11, 1)],
    fds: [openFile(11, '/a', 3), openFile(11, '/b', 5_000), openFile(11, '/elsewhere', 4_000, { sessionId: 'run-2' })],
    sessions: [session('start', 0), session('start', 0, { sessionId: 'run-2' })],
  });
  expect(files.map(({ path, warnings }) => [path, warnings])).toEqual([
    ['/a', [unendedRunWarning(at(1_003))]],
    ['/elsewhere', [unendedRunWarning(at(5_000))]],
    ['/b', [unendedRunWarning(at(6_000))]],
  ]);
});

test('a writer that inherited the descriptor holds the file open after its opener is gone', async () => {
  const writers = (...tgids: number[]) =>
    tgids.map((tgid) => ({ key: `boot-a:${tgid}:${tgid * 10}`, ...writes(1, 1, 5) }));
  const pids = [star, fork(10, 11, 1), fork(11, 12, 2), fork(11, 13, 3), exit(11, 9), exit(12, 20)];
  const { files } = await cook({
    pids,
    fds: [
      openFile(11, '/by-12', 4, { writers: writers(12), writes: writes(1, 1, 5) }),
      openFile(11, '/by-13', 4, { writers: writers(12, 13), writes: writes(1, 1, 5) }),
    ],
  });
  expect(outline(files)).toEqual([
    ['/by-12', at(20), 'exit'],
    ['/by-13', null, null],
  ]);
});

test('nothing is closed before its last write, though the clocks differ', async () => {
  const { files } = await cook({
    pids: [star, fork(10, 11, 1), exit(11, 9)],
    fds: [openFile(11, '/late', 4, { writes: writes(1, 1, 11) })],
  });
  expect(outline(files)).toEqual([['/late', at(11), 'exit']]);
});

test('a file that a process of the tree wrote is kept, whoever opened it', async () => {
  const writer = { key: 'boot-a:11:110', ...writes(1, 1, 5) };
  const { files } = await cook({
    pids: [star, outsider, fork(10, 11, 1)],
    files: [file(90, '/handed-down', 2, { closedNs: at(8), writers: [writer], writes: writes(1, 1, 5) })],
  });
  expect(outline(files)).toEqual([['/handed-down', at(8), 'close']]);
});

test('a file that a process of the tree changed without writing, or mapped, is kept, whoever opened it', async () => {
  const key = 'boot-a:11:110';
  const mapped = { ...calls(1, 5), writable: true, keys: [key], written: null };
  const { files } = await cook({
    pids: [star, outsider, fork(10, 11, 1), fork(90, 91, 1)],
    files: [
      file(90, '/truncated', 2, { closedNs: at(8), changes: [{ key, ...calls(1, 5) }] }),
      file(90, '/mapped', 3, { closedNs: at(8), mapped }),
      file(90, '/elsewhere', 4, { closedNs: at(8), changes: [{ key: 'boot-a:91:110', ...calls(1, 5) }] }),
    ],
  });
  expect(outline(files)).toEqual([
    ['/truncated', at(8), 'close'],
    ['/mapped', at(8), 'close'],
  ]);
});

test('a session takes the container of its process where its own was not known', async () => {
  const inside = containerId('a');
  const { files } = await cook({
    pids: [star, fork(10, 11, 1, { containerId: inside })],
    files: [file(11, '/a', 2), file(11, '/b', 2, { containerId: containerId('b') })],
  });
  expect(files.map((one) => one.containerId)).toEqual([inside, containerId('b')]);
});

test('a broken session is passed over and counted; the others are kept', async () => {
  const broken = [{ key: 5 }, { openedNs: null }, { writes: null }, { writers: [null] }, { closedNs: 3 }].map(
    (change, index) => ({ ...file(11, `/broken-${index}`, 2), ...change }) as unknown as FileSessionDocument,
  );
  const { files } = await cook({ pids: [star, fork(10, 11, 1)], files: [...broken, file(11, '/good', 2)] });
  expect(outline(files)).toEqual([['/good', null, null]]);
});
