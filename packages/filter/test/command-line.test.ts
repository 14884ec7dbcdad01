import { expect, test } from 'vitest';
import { createProgressLine } from '../src/progress.ts';
import { summaryText } from '../src/summary.ts';

test('the progress line says phase, documents and rate, and is wiped at the end', () => {
  const written: string[] = [];
  let nowMs = 0;
  const line = createProgressLine(
    (text) => written.push(text),
    () => nowMs,
  );
  line.phase('reading tasks');
  for (let documents = 4; documents <= 2048; documents += 4) {
    if (documents === 2048) nowMs = 1000;
    line.step(4);
  }
  line.end();
  expect(written).toEqual([
    '\r\x1b[Kreading tasks: 0 documents',
    '\r\x1b[Kreading tasks: 2048 documents, 2048/s',
    '\r\x1b[K',
  ]);
});

test('the summary for people is one line', () => {
  const summary = {
    processes: 1,
    threads: 2,
    containers: 0,
    filesKept: 3,
    filesSeen: 4,
    operations: 5,
    events: 0,
    losses: 1,
    runs: 1,
    unusable: 2,
  };
  expect(summaryText(summary, 1.26, '/var/lib/godo/cooked.db')).toBe(
    '1 process, 2 threads, 0 containers, 3 of 4 file sessions, 5 operations, 1 loss or warning, 2 unusable documents in 1.3 s -> /var/lib/godo/cooked.db\n',
  );
});
