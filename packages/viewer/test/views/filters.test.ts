import type { CookedQuery } from '@godo/evidence';
import { expect, test } from 'vitest';
import { at, container } from '../support/documents.ts';
import { view } from '../support/run-view.ts';

/** pids of the processes, paths of the files and kinds of the others that a command prints as JSON. */
async function shown(...argv: string[]): Promise<unknown[]> {
  const { out } = await view([...argv, '--json']);
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const document = JSON.parse(line) as Record<string, unknown>;
      return document.path ?? document.tgid ?? document.reason ?? document.containerId;
    });
}

test.each<[string, unknown[]]>([
  ['processes', [812, 2001, 2010, 2011, 2012, 2013, 2020]],
  ['processes --container 3f2a', [2010, 2011, 2012, 2013, 2020]],
  ['processes --container 3F2A9C', [2010, 2011, 2012, 2013, 2020]],
  ['processes --pid 2012', [2012]],
  ['processes --exe /usr/bin/runc', [2010]],
  ['processes --exe /usr/bin/runc*', [2010]],
  ['processes --exe *runc*', [2001, 2010]],
  ['processes --path /root/*', [2011, 2012]],
  ['processes --path /tmp/x', [2010]],
  ['processes --path /tmp/x --all', [2010, 2012]],
  ['processes --since 2025-11-22T13:05:01.85 --pid 2010', [2010]],
  ['processes --since 2025-11-22T13:05:01.85', [812, 2001, 2010, 2020]],
  ['processes --until 2025-11-22T13:05:01', [812, 2001, 2010]],
  ['processes --session run-2', []],
  ['tree --pid 2012', [812, 2001, 2010, 2011, 2012]],
  ['tree', [812, 2001, 2010, 2011, 2012, 2013, 2020]],
  ['files', ['/root/new', '/root/old', '/root/y', '/tmp/x']],
  ['files --path /root/**', ['/root/new', '/root/old', '/root/y']],
  ['files --pid 2011', ['/root/new', '/root/old', '/root/y']],
  ['files --exe d?sh --until 2025-11-22T13:05:01.3', ['/tmp/x']],
  ['files --container ff', []],
  ['sessions', ['/tmp/x', '/root/y', 'state.json']],
  ['sessions --all', ['/tmp/x', '/root/y', '/tmp/x', 'state.json']],
  ['sessions --reads', ['/tmp/x', '/root/y', '/tmp/x', 'state.json']],
  ['sessions --access read', ['/tmp/x']],
  ['sessions --access write', ['/tmp/x', '/root/y', 'state.json']],
  ['sessions --access write --all', ['/tmp/x', '/root/y', 'state.json']],
  ['processes --path /tmp/x --reads', [2010, 2012]],
  ['sessions --path /root/**', ['/root/y']],
  ['sessions --path state.json', ['state.json']],
  ['sessions --path *.json', ['state.json']],
  ['sessions --exe /usr/bin/d?sh --until 2025-11-22T13:05:01.3', ['/tmp/x']],
  ['sessions --container 3f --pid 2011', ['/root/y']],
  ['sessions --session run-1 --path y', ['/root/y']],
  ['operations', ['/root/old', 2012, 2011, 'state.lock']],
  ['operations --path /root/new', ['/root/old']],
  ['operations --path /root/*', ['/root/old']],
  ['operations --path state.lock', ['state.lock']],
  ['operations --exe cat', [2012]],
  ['operations --exe *at', [2012]],
  ['operations --container ff', []],
  ['operations --pid 2012', [2012]],
  ['operations --since 2025-11-22T13:05:01.65', ['state.lock']],
  ['processes --path /root/new', [2011]],
  ['events --pid 2012', [2012]],
  ['events --exe *cat', [2012]],
  ['events --exe /bin/none*', []],
  ['events --path /tmp/x', []],
  ['events --path /tmp/x --all', [2012]],
  ['containers --path /root/y', [container]],
  ['containers --path /nowhere', []],
  ['containers --exe *sh', [container]],
  ['containers --container ff', []],
  ['losses --since 2025-11-22T13:05:06', ['Tasks older than audit produce no records.']],
])('%s', async (command, expected) => {
  expect(await shown(...command.split(' '))).toEqual(expected);
});

test('options stand before or behind the view, in our form or in Go’s', async () => {
  const forms = [
    ['sessions', '--pid', '2010', '--json'],
    ['--pid=2010', 'sessions', '--json'],
    ['-json', '-pid=2010', 'sessions'],
    ['--json', 'sessions', '-pid', '2010'],
  ];
  const printed = await Promise.all(forms.map((argv) => view(argv)));
  expect(new Set(printed.map(({ out }) => out)).size).toBe(1);
  expect(printed[0]?.out).toContain('"path":"/tmp/x"');
});

test('the store is asked for what it can answer: a glob it cannot', async () => {
  const queries: CookedQuery[] = [];
  await view(['sessions', '--exe', '/bin/sh', '--since', '30m', '--container', '3F', '--pid', '7', '--session', 's'], {
    queries,
  });
  await view(['sessions', '--exe', '/bin/*', '--path', '/x'], { queries });
  expect(queries).toEqual([{ exe: '/bin/sh', sinceNs: at(1800), container: '3f', pid: 7, sessionId: 's' }, {}]);
});

test('a filtered tree shows the ancestors, faint', async () => {
  const { out } = await view(['tree', '--exe', 'cat']);
  expect(out).toBe(`\
★ 812 /usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock
└─ 2001 /usr/bin/containerd-shim-runc-v2 -namespace moby -id 3f2a9c1b7d4e8f6051a2b3c4d5e6f708192a3b4c5d6e7f80…  (engine)
   └─ 2010 [3f2a9c1b7d4e] /usr/bin/dash (sh) -c 'echo hi > /tmp/x; sh -c "cat /tmp/x > /root/y"; /bin/true arg'  exit 0
      └─ 2011 /usr/bin/dash (sh) -c 'cat /tmp/x > /root/y'  exit 0
         └─ 2012 /usr/bin/cat /tmp/x  exit 0
`);
  const colourful = await view(['tree', '--exe', 'cat'], { environment: { FORCE_COLOR: '1' } });
  const lines = colourful.out.split('\n');
  expect(lines[3]).toContain('\u001b[2m2011 \u001b[0m\u001b[2m/usr/bin/dash (sh)');
  expect(lines[4]).toContain('2012 \u001b[1m/usr/bin/cat\u001b[0m /tmp/x');
});

test('a filter that says nothing about a view is not left out silently', async () => {
  expect((await view(['losses', '--pid', '3', '--exe', 'sh', '--json'])).err).toBe(
    'viewer: --pid, --exe cannot be applied to losses and is ignored there.\n',
  );
  expect((await view(['stats', '--since', '1h', '--json'])).err).toBe(
    'viewer: stats counts everything; --since is ignored.\n',
  );
});
