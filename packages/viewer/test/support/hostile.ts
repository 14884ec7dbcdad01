import type { CookedDocuments } from '@godo/evidence';
import {
  at,
  container,
  containerOf,
  eventOf,
  execution,
  fileOf,
  keyOf,
  lossOf,
  operationOf,
  processOf,
  runOf,
} from './documents.ts';
import type { Evidence } from './story.ts';

const sequence = '\u001b]0;owned\u0007\u001b[2J';
const bidi = 'invoice\u202efdp.sh';
const wide = '/srv/データ/日本語の長い名前のファイル';

/** Names made to break a terminal, a table or a reader's eye. */
export const hostile: Evidence = {
  processes: [
    processOf(0, {
      tgid: 100,
      star: true,
      parentSource: null,
      containerId: container,
      warnings: [`a warning ${sequence}`],
      executions: [
        execution(0.1, `/tmp/${sequence}`, ['sh', '-c', `rm -rf /\n# ${bidi}`, '', ' ', `\u009b31m`, "it's"], {
          cwd: '/tmp/a\tb',
        }),
        execution(0.2, '/tmp/missing', ['missing'], { success: false, errno: -2 }),
        execution(0.3, '/usr/bin/x\ufffd', ['x\ufffd'], {
          exeHex: '2f7573722f62696e2f78ff',
          argvHex: ['78ff'],
          cwd: ' ',
        }),
      ],
    }),
    processOf(1, {
      tgid: 101,
      parentTgid: 100,
      comm: 'kw\nrker',
      executions: [],
      argv: ['/x'.repeat(400), 'y'.repeat(5000)],
    }),
  ],
  files: [
    fileOf(1, { tgid: 100, path: `/tmp/${bidi}`, wrote: [1, 1] }),
    fileOf(2, { tgid: 100, path: '/tmp/line\nbreak\r\u2028', wrote: [1, 1] }),
    fileOf(3, { tgid: 100, path: '/tmp/\ufffd', pathHex: '2f746d702fc3', wrote: [1, 1] }),
    fileOf(4, { tgid: 100, path: '/tmp/back\\slash ', wrote: [1, 1] }),
    fileOf(5, { tgid: 100, path: `${wide}/${wide}`, wrote: [3, 12_345_678_901], created: true, openedBefore: true }),
    fileOf(6, { tgid: 100, path: `/${'deep/'.repeat(800)}end`, wrote: [1, 1] }),
    fileOf(7, {
      tgid: 999,
      path: null,
      pathResolved: false,
      wrote: [1, 1],
      exe: `/bin/${sequence}`,
      containerId: sequence,
    }),
    fileOf(8, {
      tgid: 100,
      path: '/tmp/many',
      wrote: [20, 20],
      writers: Array.from({ length: 12 }, (_, n) => ({
        ...{ key: keyOf(200 + n), count: n, bytes: n, firstNs: null, first: null, lastNs: null, last: null },
      })),
      warnings: [`uncertain ${sequence}`],
    }),
  ],
  operations: [
    operationOf(0.4, {
      operation: 'rename',
      tgid: 100,
      path: `/tmp/${sequence}`,
      toPath: `/srv/${bidi}`,
      toPathResolved: true,
      exe: sequence,
      warnings: [sequence],
    }),
    operationOf(0.5, { operation: 'symlink', tgid: 101, path: wide, target: `a\nb ${sequence}`, comm: bidi }),
    operationOf(0.6, {
      operation: 'link',
      tgid: 102,
      success: false,
      errno: -2,
      path: null,
      toPath: null,
      pathResolved: false,
      names: [sequence, bidi],
      directories: [`/tmp/\u0007`],
    }),
  ],
  containers: [
    containerOf(0, {
      host: sequence,
      rootfs: `/var/${bidi}`,
      engineKey: sequence,
      name: sequence,
      image: bidi,
      outermostContainerId: sequence,
    }),
  ],
  events: [eventOf(0, { kind: sequence, data: { [bidi]: sequence, nested: { deep: [sequence] } } })],
  losses: [lossOf(0, { source: sequence, from: bidi, to: '\n', reason: `${sequence} ${'reason '.repeat(200)}` })],
  runs: [
    runOf(0, {
      _id: sequence,
      host: bidi,
      kernel: sequence,
      counters: { [`lost${sequence}`]: 3 },
      endNs: at(1),
      reason: sequence,
    }),
  ],
};

/** Documents whose fields are not what they should be. */
export function broken(junk: Readonly<Record<string, unknown>>): Evidence {
  const given = junk as never;
  const evidence: { [C in keyof CookedDocuments]: CookedDocuments[C][] } = {
    processes: [
      processOf(0, { tgid: 1, executions: [execution(0, '/a', ['a'])] }),
      { ...processOf(0, { tgid: 2 }), ...(given as object) },
    ],
    files: [{ ...fileOf(0, { tgid: 1, path: '/a', wrote: [1, 1] }), ...(given as object), created: true }],
    operations: [
      { ...operationOf(0, { operation: 'rename', tgid: 1, path: '/a', toPath: '/b' }), ...(given as object) },
    ],
    containers: [{ ...containerOf(0, {}), ...(given as object) }],
    events: [{ ...eventOf(0, {}), ...(given as object) }],
    losses: [{ ...lossOf(0, {}), ...(given as object) }],
    runs: [{ ...runOf(0, {}), ...(given as object) }],
  };
  return evidence;
}
