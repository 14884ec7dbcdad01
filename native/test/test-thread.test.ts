import { expect, it } from 'vitest';
import { TestThread } from './support/test-thread.ts';

/** A thread that runs this text, with `say` for what it tells us and `flag` for memory that we share. */
function threadOf(text: string, flag = new Int32Array(new SharedArrayBuffer(4))): TestThread {
  const source = `
    import { parentPort, workerData as flag } from 'node:worker_threads';
    const say = (message) => parentPort.postMessage(message);
    ${text}`;
  return new TestThread(new URL(`data:text/javascript,${encodeURIComponent(source)}`), flag);
}

it('a thread that ended before we looked has said all it said', async () => {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const thread = threadOf("say('first'); say('second'); Atomics.store(flag, 0, 1); Atomics.notify(flag, 0)", flag);
  // As on a slow machine: nothing of ours runs until it has come to its end, and had the time to go.
  Atomics.wait(flag, 0, 0, 30_000);
  Atomics.wait(flag, 0, 1, 300);

  const said = [await thread.message(), await thread.message()];
  expect({ said, code: await thread.ended() }).toEqual({ said: ['first', 'second'], code: 0 });
});

it('who waits for a thread that fails is told why, before and after', async () => {
  const thread = threadOf("say('first'); setTimeout(() => { throw new Error('out of luck'); }, 50)");

  expect(await thread.message()).toBe('first');
  await expect(thread.message()).rejects.toThrow('the thread failed: out of luck');
  await expect(thread.ended()).rejects.toThrow('the thread failed: out of luck');
});

it('who waits for a thread that ends in silence or hangs is told so', async () => {
  await expect(threadOf('process.exit(3)').message()).rejects.toThrow(
    'the thread ended with 3 and did not say anything',
  );

  const hanging = threadOf("say('first'); for (;;);");
  expect(await hanging.message()).toBe('first');
  await expect(hanging.message(100)).rejects.toThrow('the thread did not say anything within 100 ms');
  await expect(hanging.ended(100)).rejects.toThrow('the thread did not end within 100 ms');
  expect(await hanging.terminate()).toBe(1);
});
