import { StoreError } from '@godo/evidence';
import { expect, test } from 'vitest';
import { Interrupted, runCommand, type World } from '../src/command.ts';
import { memoryReader, memoryWriter, type Raw } from './support/memory-store.ts';
import { task } from './support/raw.ts';

const raw: Raw = { pids: [task('snapshot', 1, 0, { star: true })] };

function fakeWorld(changes: Partial<World> = {}) {
  const said: string[] = [];
  const printed: string[] = [];
  const targets: unknown[] = [];
  const closed: string[] = [];
  const writer = memoryWriter();
  const world: World = {
    target: (options) => {
      targets.push(options);
      return { kind: 'sqlite', directory: '/evidence' };
    },
    openVerifier: () => Promise.reject(new StoreError('DATABASE_NOT_FOUND', 'There is none.')),
    openReader: async () => ({
      ...memoryReader(raw),
      close: async () => {
        closed.push('reader');
      },
    }),
    openWriter: async () => writer,
    print: (text) => printed.push(text),
    say: (text) => said.push(text),
    terminal: false,
    nowMs: () => 0,
    signal: new AbortController().signal,
    ...changes,
  };
  return { world, said, printed, targets, closed, calls: writer.calls };
}

const run = (args: string[], world: World) => runCommand(args, world, '1.2.3');

test('without options: the summary goes to standard error, nothing to standard output', async () => {
  const { world, said, printed, closed, calls } = fakeWorld();
  expect(await run([], world)).toBe(0);
  expect({ said, printed, closed, calls }).toEqual({
    said: [
      '1 process, 1 thread, 0 containers, 0 of 0 file sessions, 0 operations, 0 losses and warnings in 0.0 s -> memory\n',
    ],
    printed: [],
    closed: ['reader'],
    calls: ['commit'],
  });
});

test('--json prints the summary as one line', async () => {
  const { world, said, printed } = fakeWorld();
  expect(await run(['--json'], world)).toBe(0);
  expect([said, printed]).toEqual([
    [],
    [
      '{"processes":1,"containers":0,"runs":0,"threads":1,"filesKept":0,"filesSeen":0,"operations":0,"events":0,"losses":0,"unusable":0,"seconds":0,"raw":"memory","cooked":"memory"}\n',
    ],
  ]);
});

test('--quiet says nothing, on a terminal too', async () => {
  const { world, said, printed } = fakeWorld({ terminal: true });
  expect(await run(['--quiet'], world)).toBe(0);
  expect([said, printed]).toEqual([[], []]);
});

test('on a terminal the progress is shown, wiped and followed by the summary', async () => {
  const { world, said } = fakeWorld({ terminal: true });
  await run([], world);
  expect(said.slice(0, 2)).toEqual(['\r\x1b[Kruns: 0 documents', '\r\x1b[Kreading tasks: 0 documents']);
  expect(said.slice(-2)).toEqual([
    '\r\x1b[K',
    '1 process, 1 thread, 0 containers, 0 of 0 file sessions, 0 operations, 0 losses and warnings in 0.0 s -> memory\n',
  ]);
});

test('the options of the original are taken in its way of writing', async () => {
  const { world, targets } = fakeWorld();
  expect(await run(['-mongo=10.0.0.1:27017', '-raw-db', 'a', '--cooked-db=b', '-quiet'], world)).toBe(0);
  expect(targets).toEqual([{ mongo: '10.0.0.1:27017', rawDb: 'a', cookedDb: 'b' }]);
});

test('help and version are data and no failure', async () => {
  const { world, printed } = fakeWorld();
  expect([await run(['--version'], world), await run(['-help'], world)]).toEqual([0, 0]);
  expect(printed[0]).toBe('1.2.3\n');
  expect(printed[1]).toContain('--cooked-db <name>');
});

test('wrong arguments: exit code 2 and what is wrong', async () => {
  const { world, said, calls } = fakeWorld();
  expect([await run(['--jsn'], world), await run(['more'], world)]).toEqual([2, 2]);
  expect(said[0]).toBe("error: unknown option '--jsn'\n(Did you mean --json?)\n");
  expect(calls).toEqual([]);
});

test('evidence that cannot be read: exit code 1 and one sentence, and nothing is opened for writing', async () => {
  let opened = false;
  const { world, said } = fakeWorld({
    openReader: () => Promise.reject(new StoreError('DATABASE_NOT_FOUND', 'There is none.')),
    openWriter: async () => {
      opened = true;
      return memoryWriter();
    },
  });
  expect([await run([], world), said, opened]).toEqual([1, ['filter: There is none.\n'], false]);
});

test('evidence that cannot be written: exit code 1, and the raw evidence is closed', async () => {
  const { world, said, closed } = fakeWorld({
    openWriter: () => Promise.reject(new StoreError('DATABASE_FULL', 'No room.')),
  });
  expect([await run([], world), said, closed]).toEqual([1, ['filter: No room.\n'], ['reader']]);
});

test('an interrupt: exit code 1, the new evidence is given up', async () => {
  const controller = new AbortController();
  controller.abort(new Interrupted());
  const { world, said, calls } = fakeWorld({ signal: controller.signal });
  expect([await run([], world), said, calls]).toEqual([
    1,
    ['filter: interrupted; the cooked evidence is as it was before.\n'],
    ['abort'],
  ]);
});
