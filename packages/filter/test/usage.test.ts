import { expect, test } from 'vitest';
import { cook } from './support/memory-store.ts';
import { exit, fork, task } from './support/raw.ts';

test('a process shows what it used as its exit tells; nothing where that says nothing, or nonsense', async () => {
  const { processes } = await cook({
    pids: [
      task('snapshot', 1, 0, { star: true }),
      ...[fork(1, 10, 1), exit(10, 2, { cpuUs: 500, maxRssKb: 900 })],
      ...[fork(1, 11, 3), exit(11, 4, { cpuUs: 0, maxRssKb: 0, usagePartial: true })],
      ...[fork(1, 12, 5), exit(12, 6)],
      ...[fork(1, 13, 7), exit(13, 8, { cpuUs: -1, maxRssKb: 5 })],
      // What a thread of it says is not of the whole.
      ...[fork(1, 14, 9), exit(14, 10, { pid: 15, cpuUs: 3, maxRssKb: 3 })],
    ],
  });
  const shown = processes.map(({ tgid, cpuUs, maxRssKb, usagePartial }) => ({ tgid, cpuUs, maxRssKb, usagePartial }));
  const nothing = { cpuUs: undefined, maxRssKb: undefined, usagePartial: undefined };
  expect(shown).toEqual([
    { tgid: 1, ...nothing },
    { tgid: 10, cpuUs: 500, maxRssKb: 900, usagePartial: undefined },
    { tgid: 11, cpuUs: 0, maxRssKb: 0, usagePartial: true },
    ...[12, 13, 14].map((tgid) => ({ tgid, ...nothing })),
  ]);
});
