import { expect, it } from 'vitest';
import type { LookAnswer } from '../../src/files/file-look.ts';
import { FileWatch } from '../../src/files/file-watch.ts';
import type { FileQuestion } from '../../src/recorder/mapped-sessions.ts';

const question = (fileSessionId: string): FileQuestion => ({
  ...{ fileSessionId, path: '/x', dev: 'fe:00', inode: '1', tgids: [], roots: [] },
});
const because = (reason: string): LookAnswer => ({ found: null, reason });

/** A look ends when its turn is given. */
function watching() {
  const answers: [string, string | null][] = [];
  const turns: ((answer: LookAnswer) => void)[] = [];
  const watch = new FileWatch({
    look: () => new Promise((resolve) => turns.push(resolve)),
    answer: (id, { reason }) => answers.push([id, reason]),
  });
  return { watch, answers, turns };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

it('looks at one file after the other', async () => {
  const { watch, answers, turns } = watching();
  watch.add(question('a'));
  watch.add(question('b'));
  expect(turns).toHaveLength(1);
  turns[0]?.(because('1'));
  await settled();
  expect([turns.length, answers]).toEqual([2, [['a', '1']]]);
  turns[1]?.(because('2'));
  await watch.drain(Date.now() + 10_000);
  expect(answers).toEqual([
    ['a', '1'],
    ['b', '2'],
  ]);
});

it('answers without looking what comes too fast', async () => {
  const { watch, answers } = watching();
  for (let number = 0; number < 1_026; number += 1) watch.add(question(String(number)));
  expect(answers).toEqual([]);
  await settled();
  expect(answers).toEqual([['1025', 'more files were to be looked at than there was time for']]);
});

it('answers all at its end, also what does not come back', async () => {
  const { watch, answers, turns } = watching();
  watch.add(question('a'));
  watch.add(question('b'));
  await watch.drain(Date.now() + 20);
  watch.add(question('c'));
  await settled();
  turns[0]?.(because('late'));
  await settled();
  expect(answers).toEqual(['a', 'b', 'c'].map((id) => [id, 'the listener was stopped']));
});

it('goes on after a look that failed', async () => {
  const answers: (string | null)[] = [];
  const look = () => Promise.reject(new Error('no such thing'));
  const watch = new FileWatch({ look, answer: (_, { reason }) => answers.push(reason) });
  watch.add(question('a'));
  watch.add(question('b'));
  await watch.drain(Date.now() + 10_000);
  expect(answers).toEqual(['no such thing', 'no such thing']);
});
