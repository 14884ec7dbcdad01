import { expect, test } from 'vitest';
import { Output, OutputClosed } from '../src/output.ts';

function failing(code: string) {
  return {
    write: (_text: string, done: (error?: Error | null) => void) => done(Object.assign(new Error(code), { code })),
  };
}

test('lines are written in groups, and not before the stream took the last one', async () => {
  const groups: number[] = [];
  let busy = false;
  const output = new Output({
    write: (text, done) => {
      expect(busy).toBe(false);
      busy = true;
      groups.push(text.length);
      setImmediate(() => {
        busy = false;
        done();
      });
    },
  });
  for (let n = 0; n < 3000; n += 1) await output.line('x'.repeat(99));
  await output.flush();
  await output.flush();
  expect(groups).toEqual([65_600, 65_600, 65_600, 65_600, 37_600]);
});

test('a reader that went away is told apart from other errors', async () => {
  const closed = new Output(failing('EPIPE'));
  await closed.line('a');
  await expect(closed.flush()).rejects.toBeInstanceOf(OutputClosed);
  const full = new Output(failing('ENOSPC'));
  await full.line('a');
  await expect(full.flush()).rejects.toThrow('ENOSPC');
});
