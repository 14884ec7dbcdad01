import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { displayWidth } from '../../src/render/fit.ts';
import { container, execution, keyOf, processOf } from '../support/documents.ts';
import { expectGolden } from '../support/golden.ts';
import { broken, hostile } from '../support/hostile.ts';
import { view } from '../support/run-view.ts';
import { dockerRun, nothing } from '../support/story.ts';

const widths = [80, 120, 200];
const views = ['tree', 'processes', 'sessions', 'operations', 'containers', 'events', 'losses', 'stats', 'files'];

describe('docker run, as seen from an engine that ran before', () => {
  test.each(widths)('tree, processes, changed files and what is missing at %i columns', async (width) => {
    const { code, out, err } = await view([], { width });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    await expectGolden(out, `overview-${width}`);
  });

  test.each(widths)('the other views at %i columns', async (width) => {
    const printed = [];
    for (const name of views.slice(3)) printed.push((await view([name], { width })).out);
    await expectGolden(printed.join('\n'), `others-${width}`);
  });

  test('without a UTF-8 locale there is only ASCII', async () => {
    const { out } = await view([], { width: 100, environment: { LANG: 'C' } });
    expect(out).toMatch(/^[\n\x20-\x7e]*$/);
    await expectGolden(out, 'overview-ascii');
  });

  test('with --all, files that were only read are there too', async () => {
    await expectGolden((await view(['sessions', '--all'], { width: 80 })).out, 'files-all');
  });
});

describe('hostile names', () => {
  test.each(widths)('are made visible in every view at %i columns', async (width) => {
    const printed = [];
    for (const name of views) printed.push((await view([name], { width, evidence: hostile })).out);
    const out = printed.join('\n');
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(Math.max(...out.split('\n').map(displayWidth))).toBeLessThanOrEqual(width);
    await expectGolden(out, `hostile-${width}`);
  });

  test('with colours, no other escape sequence than SGR is printed', async () => {
    for (const name of views) {
      const { out } = await view([name], { evidence: hostile, environment: { FORCE_COLOR: '1' } });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
      const rest = out.replace(/\u001b\[[0-9;]*m/g, '');
      expect(rest.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(Math.max(...rest.split('\n').map(displayWidth))).toBeLessThanOrEqual(120);
    }
  });
});

test('a script, a deleted program and an inner pid are told', async () => {
  const via = { viaScripts: ['/srv/b'], argv: ['/bin/sh', '/srv/b', './a'] };
  const [script, deleted] = [
    execution(0, '/usr/bin/dash', via.argv, { script: '/srv/a', viaScripts: via.viaScripts }),
    execution(1, '/tmp/x', ['x'], { exeDeleted: true }),
  ];
  const process = processOf(0, { tgid: 100, executions: [script, deleted], innerPid: 7, exeDeleted: true });
  const evidence = { ...nothing, processes: [process] };
  const shown = async (name: string, width: number) => (await view([name], { width, evidence })).out;

  for (const width of [80, 200]) {
    const out = (await shown('processes', width)).replace(/\s+/g, ' ');
    expect(out).toContain('script /srv/a by /srv/b');
    expect(out).toContain('/tmp/x [deleted]');
    expect(out).toContain('pid 7 in its own namespace');
  }
  expect(await shown('tree', 80)).toContain('100 /tmp/x [deleted]');
});

test('colours say nothing that is not there without them', async () => {
  const colourful = await view([], { terminal: true, width: 100, environment: { TERM: 'xterm' } });
  const sober = await view([], { terminal: true, width: 100, environment: { NO_COLOR: '1' } });
  expect(colourful.out).toContain('\u001b[');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is taken out
  expect(colourful.out.replace(/\u001b\[[0-9;]*m/g, '')).toBe(sober.out);
});

test('fields that are missing or of another type do not end the viewer', async () => {
  const names = Object.keys({
    ...{ ...dockerRun.processes[0], ...dockerRun.files[0], ...dockerRun.containers[0], ...dockerRun.events[0] },
    ...{
      operation: 0,
      success: 0,
      errno: 0,
      toPath: 0,
      names: 0,
      directories: 0,
      target: 0,
      mode: 0,
      size: 0,
      timeNs: 0,
    },
    ...{ ...dockerRun.losses[0], ...dockerRun.runs[0], argvHex: 0, exeHex: 0, pathHex: 0, dirfd: 0, warnings: 0 },
  });
  const value = fc.oneof(
    fc.anything({ withBigInt: true }),
    fc.bigInt(),
    fc.constant(undefined),
    fc.array(fc.anything()),
  );
  const junk = fc.dictionary(fc.constantFrom(...names), value, { noNullPrototype: true });
  await fc.assert(
    fc.asyncProperty(junk, async (fields) => {
      for (const name of [...views.slice(0, -1), '--all', 'tree --json', 'sessions --json', 'operations --json']) {
        const { code, err } = await view(name.split(' '), { evidence: broken(fields) });
        expect({ name, code, err }).toEqual({ name, code: 0, err: '' });
      }
      for (const name of ['file /a', 'file /a --json', 'files --all', 'files --json']) {
        const { code, err } = await view(name.split(' '), { evidence: broken(fields) });
        expect({ name, code, fault: err.includes('fault') }).toEqual({ name, code: 0, fault: false });
      }
    }),
    { numRuns: 150 },
  );
});

test('an empty database is said to be empty, and nothing is missing in it', async () => {
  expect(await view([], { evidence: nothing })).toEqual({
    code: 0,
    out: [
      ...['Process tree', 'No such process in the evidence.', '', 'Processes', 'No such process in the evidence.', ''],
      ...[
        'Changed files',
        'No such changed file in the evidence; --all shows also files that were opened for writing and not changed.',
        '',
      ],
    ].join('\n'),
    err: '',
  });
  expect(await view(['losses'], { evidence: nothing })).toEqual({
    code: 0,
    out: '',
    err: 'viewer: No known gap in the evidence.\n',
  });
  expect(await view(['tree'], { evidence: nothing })).toEqual({
    code: 0,
    out: '',
    err: 'viewer: No such process in the evidence.\n',
  });
});

test('a table of more rows than one group has one header', async () => {
  const processes = Array.from({ length: 1201 }, (_, n) =>
    processOf(n, { tgid: n + 1, executions: [execution(n, '/bin/x', ['x'])] }),
  );
  const { out } = await view(['processes'], { evidence: { ...nothing, processes }, width: 200 });
  const lines = out.trimEnd().split('\n');
  expect(lines.length).toBe(2 + 1201);
  expect(lines.filter((line) => line.includes('CONTAINER'))).toHaveLength(1);
});

test('several hosts stand apart in the tree', async () => {
  const processes = [
    processOf(0, { tgid: 1, star: true, executions: [execution(0, '/bin/a', ['a'])] }),
    processOf(1, {
      tgid: 2,
      host: 'web-2',
      bootId: 'other',
      key: 'other:2:2',
      _id: 'other:2:2',
      star: true,
      exe: '/bin/b',
    }),
    processOf(2, {
      tgid: 3,
      parentKey: 'other:2:2',
      host: 'web-2',
      bootId: 'other',
      containerId: container,
      exe: '/bin/c',
      executions: [],
    }),
    processOf(3, { tgid: 4, parentTgid: 1, executions: [execution(3, '/bin/d', ['d'])] }),
  ];
  expect((await view(['tree'], { evidence: { ...nothing, processes } })).out).toBe(`\
host web-1, boot 6f1c1f0e-8a3c-4c53-9d0a-5a1f0c2b7e11
★ 1 /bin/a
└─ 4 /bin/d

host web-2, boot other
★ 2 /bin/b
└─ 3 [3f2a9c1b7d4e] /bin/c (forked)
`);
});

test('a very deep tree stays on the screen', async () => {
  const processes = Array.from({ length: 60 }, (_, n) =>
    processOf(n, {
      tgid: n + 1,
      ...(n ? { parentTgid: n } : {}),
      executions: [execution(n, '/bin/sh', ['sh', '-c', 'x'.repeat(99)])],
    }),
  );
  const { out } = await view(['tree'], { evidence: { ...nothing, processes }, width: 80 });
  const lines = out.trimEnd().split('\n');
  expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(80);
  expect(lines.at(-1)).toBe(`⋯49 ${'   '.repeat(9)}└─ 60 /bin/sh -c ${'x'.repeat(31)}…`);
});

test('a process that left its container is marked as on the host', async () => {
  const processes = [
    processOf(0, { tgid: 1, containerId: container, exe: '/bin/a' }),
    processOf(1, { tgid: 2, parentTgid: 1, parentKey: keyOf(1), executions: [execution(1, '/bin/b', ['b'])] }),
  ];
  expect((await view(['tree'], { evidence: { ...nothing, processes } })).out).toBe(
    '1 [3f2a9c1b7d4e] /bin/a (forked)\n└─ 2 [host] /bin/b\n',
  );
});
