import { expect, test } from 'vitest';
import { buildProcess } from '../src/process-builder.ts';
import { ProcessGrouping } from '../src/process-grouping.ts';
import { auditExec, exit, fork, task } from './support/raw.ts';

const ofTen = [fork(1, 10, 1), auditExec(10, 2, '/bin/a'), exit(10, 3)] as const;
const ofEleven = [fork(1, 11, 2), exit(11, 5)] as const;

test('however the observations are cut into batches, the processes are the same', () => {
  const all = [...ofTen, ...ofEleven];
  for (let cut = 0; cut <= all.length; cut += 1) {
    const grouping = new ProcessGrouping();
    const processes = [...grouping.add(all.slice(0, cut)), ...grouping.add(all.slice(cut)), ...grouping.finish()];
    expect(processes).toEqual([buildProcess(ofTen), buildProcess(ofEleven)]);
  }
});

test('what cannot be used is counted and passed over', () => {
  const grouping = new ProcessGrouping();
  const broken = { ...task('fork', 10, 2), key: '' };
  const processes = [...grouping.add([ofTen[0], broken, ofTen[1], ofTen[2]]), ...grouping.finish()];
  expect([processes, grouping.unusable]).toEqual([[buildProcess(ofTen)], 1]);
});

test('without observations there is no process', () => {
  const grouping = new ProcessGrouping();
  expect([...grouping.add([]), ...grouping.finish()]).toEqual([]);
});
