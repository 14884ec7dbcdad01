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
  processOf,
  runOf,
} from './documents.ts';

export type Evidence = { readonly [C in keyof CookedDocuments]: readonly CookedDocuments[C][] };

export const nothing: Evidence = { processes: [], files: [], containers: [], events: [], losses: [], runs: [] };

const inside = { containerId: container, rootfs: '/var/lib/docker/overlay2/77aa/merged' };

/** `docker run` of a shell that writes two files, as seen from an engine that ran before the listener. */
export const dockerRun: Evidence = {
  ...nothing,
  processes: [
    processOf(null, {
      tgid: 812,
      star: true,
      startedBefore: true,
      parentSource: null,
      ppid: 1,
      exe: '/usr/bin/dockerd',
      comm: 'dockerd',
      argv: ['/usr/bin/dockerd', '-H', 'fd://', '--containerd=/run/containerd/containerd.sock'],
      cwd: '/',
    }),
    processOf(0.5, {
      tgid: 2001,
      parentTgid: 812,
      parentSource: 'engine',
      executions: [
        execution(0.502, '/usr/bin/containerd-shim-runc-v2', [
          'containerd-shim-runc-v2',
          ...['-namespace', 'moby', '-id', container, '-address', '/run/containerd/containerd.sock'],
        ]),
      ],
    }),
    processOf(1, {
      tgid: 2010,
      parentTgid: 2001,
      ...inside,
      exitNs: at(1.9),
      exitCode: 0,
      executions: [
        execution(1.01, '/usr/bin/runc', ['runc', 'init'], { cwd: '/run/containerd' }),
        execution(1.2, '/usr/bin/dash', ['sh', '-c', 'echo hi > /tmp/x; sh -c "cat /tmp/x > /root/y"; /bin/true arg'], {
          cwd: '/root',
        }),
      ],
    }),
    processOf(1.3, {
      tgid: 2011,
      parentTgid: 2010,
      ...inside,
      exitNs: at(1.6),
      exitCode: 0,
      executions: [execution(1.31, '/usr/bin/dash', ['sh', '-c', 'cat /tmp/x > /root/y'], { cwd: '/root' })],
    }),
    processOf(1.4, {
      tgid: 2012,
      parentTgid: 2011,
      ...inside,
      exitNs: at(1.5),
      exitCode: 0,
      executions: [execution(1.41, '/usr/bin/cat', ['cat', '/tmp/x'], { cwd: '/root' })],
    }),
    processOf(1.7, {
      tgid: 2013,
      parentTgid: 2010,
      ...inside,
      exitNs: at(1.8),
      exitSignal: 11,
      coreDumped: true,
      executions: [execution(1.71, '/usr/bin/true', ['/bin/true', 'arg', ''], { cwd: '/root' })],
    }),
    processOf(2, {
      tgid: 2020,
      parentTgid: 2010,
      ...inside,
      parentSource: 'inferred',
      exitNs: at(86_402),
      exitCode: 127,
      exe: '/usr/bin/dash',
      argv: ['sh', '-c', 'echo hi'],
      cwd: '/root',
      warnings: ['its fork was not seen'],
    }),
  ],
  files: [
    fileOf(1.25, {
      tgid: 2010,
      path: '/tmp/x',
      wrote: [1, 3],
      created: true,
      exe: '/usr/bin/dash',
      containerId: container,
    }),
    fileOf(1.35, {
      tgid: 2011,
      path: '/root/y',
      wrote: [1, 3],
      created: true,
      exe: '/usr/bin/dash',
      containerId: container,
      closedNs: at(1.6),
      closedBy: 'exit',
      closeInferred: true,
      writers: [{ key: keyOf(2012), count: 1, bytes: 3, firstNs: at(1.45), first: null, lastNs: at(1.45), last: null }],
    }),
    fileOf(1.38, { tgid: 2012, path: '/tmp/x', access: 'read', exe: '/usr/bin/cat', containerId: container }),
    fileOf(3, { tgid: 812, path: 'state.json', pathResolved: false, dirfd: 9, wrote: [12, 48_211], closedNs: null }),
  ],
  containers: [
    containerOf(1, {
      rootfs: inside.rootfs,
      runtime: 'docker',
      engine: 'docker',
      name: 'brave_turing',
      image: 'busybox:1.36',
      engineKey: keyOf(812),
      rootKeys: [keyOf(2010)],
      processes: 5,
      filesChanged: 2,
      lastNs: at(86_402),
    }),
  ],
  events: [
    eventOf(1.5, {
      key: keyOf(2012),
      tgid: 2012,
      containerId: container,
      data: { address: '10.0.0.7', port: 443, name: 'two words', list: [1, 2] },
    }),
  ],
  losses: [
    lossOf(4, { count: 120, from: '88101', to: '88220' }),
    lossOf(5, {
      source: 'connector',
      reason: 'The socket ran over: forks and exits may be missing until the next scan of /proc.',
    }),
    lossOf(6, { severity: 'warning', source: 'listener', reason: 'Tasks older than audit produce no records.' }),
  ],
  runs: [
    runOf(0, {
      endNs: at(90_000),
      reason: 'signal',
      counters: { events: 90_211, auditLost: 120, serialGaps: 1, connectorGaps: 0 },
    }),
  ],
};
