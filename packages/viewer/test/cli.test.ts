import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { container, fileOf, keyOf } from './support/documents.ts';
import { runCli, writeEvidence } from './support/run-cli.ts';
import { view } from './support/run-view.ts';
import { dockerRun, nothing } from './support/story.ts';

const top = mkdtempSync(join(tmpdir(), 'godo-viewer-'));
const story = join(top, 'story');
const large = join(top, 'large');
const largeCount = 40_000;

beforeAll(async () => {
  await writeEvidence(story, dockerRun);
  const files = Array.from({ length: largeCount }, (_, n) =>
    fileOf(n, { tgid: 2010, path: `/tmp/${n}`, wrote: [1, n] }),
  );
  await writeEvidence(large, { ...nothing, processes: dockerRun.processes, files });
});
afterAll(() => rmSync(top, { recursive: true }));

function hashes(directory: string): Record<string, string> {
  const names = readdirSync(directory).sort();
  return Object.fromEntries(
    names.map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(directory, name)))
        .digest('hex'),
    ]),
  );
}

describe('a real cooked.db', () => {
  test.each([
    [[]],
    [['--json']],
    [['tree', '--pid', '2012']],
    [['processes', '--exe', 'runc']],
    [['files', '--path', '/root/**', '--json']],
    [['sessions', '--path', '/root/**', '--json']],
  ])('shows what evidence in memory shows: %j', async (argv) => {
    const { code, out, err } = await view(argv);
    expect(await runCli(['--db', story, ...argv])).toEqual({ code, out, err });
  });

  test('finds events and containers by their processes', async () => {
    const event = await runCli(['--db', story, 'events', '--exe', 'cat', '--json']);
    const one = await runCli(['--db', story, 'containers', '--pid', '2012', '--json']);
    const none = await runCli(['--db', story, 'containers', '--pid', '812', '--json']);
    expect(JSON.parse(event.out)).toMatchObject({ collection: 'events', tgid: 2012 });
    expect(JSON.parse(one.out)).toMatchObject({ collection: 'containers', containerId: container });
    expect(none).toEqual({ code: 0, out: '', err: '' });
  });

  test('is not changed by being read', async () => {
    const before = hashes(story);
    await runCli(['--db', story]);
    await runCli(['--db', story, 'stats']);
    expect(hashes(story)).toEqual(before);
  });

  test('$GODO_DB names it, and the terminal-less width is COLUMNS', async () => {
    const { out } = await view(['sessions'], { width: 80 });
    expect(await runCli(['sessions'], { environment: { GODO_DB: story, COLUMNS: '80' } })).toEqual({
      code: 0,
      out,
      err: '',
    });
  });

  test('many files are printed in order, all of them', async () => {
    const { code, out } = await runCli(['sessions', '--json', '--db', large]);
    const paths = out
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { path: string }).path);
    expect(code).toBe(0);
    expect(paths).toEqual(Array.from({ length: largeCount }, (_, n) => `/tmp/${n}`));
  });

  test.each([[['sessions', '--json']], [['sessions']], [['files', '--json']], [['files']]])(
    'a reader that goes away ends it quietly: %j',
    async (argv) => {
      const { code, out, err } = await runCli([...argv, '--db', large], { take: 1000 });
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out.length).toBeLessThan(1_000_000);
    },
  );

  test('a writer that is not the opener is found by its pid', async () => {
    const { out } = await runCli(['sessions', '--pid', '2012', '--json', '--db', story]);
    expect(JSON.parse(out)).toMatchObject({ path: '/root/y', tgid: 2011, writers: [{ key: keyOf(2012) }] });
  });
});

describe('arguments that are wrong end with 2 and one sentence', () => {
  const timeAdvice =
    'A time is "2025-11-22 13:05:09.250" (UTC unless a zone follows), epoch seconds, or how long ago: 30s, 10m, 2h, 3d, 1w.';
  test.each([
    [['filess'], 'error: there is no view "filess". Did you mean "files"?'],
    [
      ['frobnicate'],
      'error: there is no view "frobnicate". There are tree, processes, files, sessions, operations, file, containers, events, losses, stats, verify.',
    ],
    [
      ['\u001b[2J'],
      'error: there is no view "\\x1b[2J". There are tree, processes, files, sessions, operations, file, containers, events, losses, stats, verify.',
    ],
    [['--pid', 'x'], "error: option '--pid <n>' argument 'x' is invalid. A process id is a whole number above 0."],
    [['files', '--since', 'soon'], `error: option '--since <time>' argument 'soon' is invalid. ${timeAdvice}`],
    [
      ['--container', 'web/1'],
      "error: option '--container <id>' argument 'web/1' is invalid. A container is named by the beginning of its id.",
    ],
    [['--path='], "error: option '--path <glob>' argument '' is invalid. An empty pattern matches nothing."],
    [['--since', '1h', '--until', '2h'], 'error: --since is later than --until, so that nothing can be between them.'],
    [['--jsn'], "error: unknown option '--jsn'\n(Did you mean --json?)"],
    [['files', 'more'], "error: too many arguments for 'files'. Expected 0 arguments but got 1."],
  ])('%j', async (argv, sentence) => {
    expect(await runCli(argv)).toEqual({ code: 2, out: '', err: `${sentence}\n` });
  });
});

test('evidence that is not there ends with 1 and one sentence', async () => {
  const { code, out, err } = await runCli(['--db', join(top, 'nowhere')]);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toMatch(/^viewer: [^\n]*nowhere[^\n]*\.\n$/);
});

test('--help and --version are data, and end well', async () => {
  const help = await runCli(['--help']);
  const version = await runCli(['--version']);
  expect([help.code, help.err, version]).toEqual([0, '', { code: 0, out: '0.1.0\n', err: '' }]);
  expect(help.out).toMatch(/^Usage: viewer \[view\] \[options\]/);
  expect((await runCli(['help', 'files'])).out).toContain('--container <id>');
});
