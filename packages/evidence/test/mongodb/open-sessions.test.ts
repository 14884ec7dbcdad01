import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Checkpoint, latestOpen } from '../../src/mongodb/open-sessions.ts';

async function* stream<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

const byBytes = (left: string, right: string) => Buffer.compare(Buffer.from(left), Buffer.from(right));

test('of each session the last checkpoint is kept unless the session has ended', async () => {
  const checkpoints = [
    { _id: 'a@1', fileSessionId: 'a' },
    { _id: 'a@2', fileSessionId: 'a' },
    { _id: 'c@1', fileSessionId: 'c' },
    { _id: 'd@1', fileSessionId: 'd' },
  ];
  const ended = ['aa', 'c', 'cc', 'x'].map((_id) => ({ _id }));
  expect(await latestOpen(stream(checkpoints), stream(ended))).toStrictEqual(new Set(['a@2', 'd@1']));
});

test('documents of other programs, whose ids are no text, are passed over', async () => {
  const checkpoints = [
    { _id: 5, fileSessionId: 7 },
    { _id: 'a@1', fileSessionId: 'a' },
    { _id: 'b@1', fileSessionId: undefined },
  ] as unknown as Checkpoint[];
  const ended = [{ _id: 1 }, { _id: {} }, { _id: 'b' }] as unknown as { _id: string }[];
  expect(await latestOpen(stream(checkpoints), stream(ended))).toStrictEqual(new Set(['a@1']));
});

test('without checkpoints nothing is open', async () => {
  expect(await latestOpen(stream([]), stream([{ _id: 'a' }]))).toStrictEqual(new Set());
});

test('the merge gives what looking up each session gives', async () => {
  const id = fc.string({ unit: fc.constantFrom('a', 'b', '\uffee', '\u{1f600}'), maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(fc.array(id), fc.uniqueArray(id), async (sessions, ended) => {
      const checkpoints = [...sessions]
        .sort(byBytes)
        .map((fileSessionId, index): Checkpoint => ({ _id: `${index}`, fileSessionId }));
      const last = new Map(checkpoints.map(({ _id, fileSessionId }) => [fileSessionId, _id]));
      for (const one of ended) last.delete(one);
      const found = await latestOpen(stream(checkpoints), stream([...ended].sort(byBytes).map((_id) => ({ _id }))));
      expect(found).toStrictEqual(new Set(last.values()));
    }),
  );
});
