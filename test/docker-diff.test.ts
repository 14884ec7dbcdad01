/** What `viewer files` says of a container is what `docker diff` says, for everyday work in a real Debian. */

import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { useAuditScene } from './support/audit-scene.ts';
import { debianArchive, debianImage, importDebianImage } from './support/debian-image.ts';
import { docker, useDockerEngine } from './support/docker-scene.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built, parseJsonLines, startGodo } from './support/programs.ts';
import { said } from './support/run-program.ts';
import { type ShownChange, succeed } from './support/shown-evidence.ts';
import { makeInputs, unseenByDocker, type Workload, workloads } from './support/workloads.ts';

/** One container. Changes as `A /path`; of directories those that were made or removed. */
interface Comparison {
  readonly docker: ReadonlySet<string>;
  readonly viewer: ReadonlySet<string>;
  readonly shown: readonly ShownChange[];
}

const needs = [
  ...[root, built, ...docker, program('auditctl', 'auditd')],
  ...[
    program('debootstrap', 'debootstrap'),
    program('dpkg-deb', 'dpkg'),
    program('git', 'git'),
    program('cpio', 'cpio'),
  ],
];

const preparationMs = 30 * 60_000;

describeWith('viewer files and docker diff', needs, () => {
  let archive: string;
  let folder: string;

  // It can take minutes: others need not wait for it.
  beforeAll(async () => {
    archive = await debianArchive();
  }, preparationMs);

  useAuditScene('godo-diff-', 'once', (scene) => {
    folder = scene.folder;
  });
  const engine = useDockerEngine();
  const found = new Map<string, Comparison>();

  beforeAll(async () => {
    await makeInputs(join(folder, 'in'));
    const driver = await engine().dockerOrThrow(['info', '-f', '{{.Driver}}']);
    if (driver !== 'overlay2') throw new Error(`The engine keeps containers by ${driver}, not by overlay2.`);
    await importDebianImage(engine(), archive);
    const db = join(folder, 'db');
    const ids = new Map<Workload, string>();
    const godo = await startGodo(['--db', db]);
    try {
      for (const workload of [...workloads, unseenByDocker]) ids.set(workload, await run(workload));
    } finally {
      await godo.stop();
    }
    await succeed('filter', ['--db', db]);
    for (const [workload, id] of ids) found.set(workload.name, await compare(id, db));
    const { [unseenByDocker.name]: _, ...compared } = Object.fromEntries(found);
    process.stdout.write(`${tableOf(compared)}\n`);
  }, preparationMs);

  /** Resolves with the id of its container, which is kept. */
  async function run({ name, script, seconds = 60, outside }: Workload): Promise<string> {
    const options = ['--network', 'none', '-v', `${join(folder, 'in')}:/in:ro`];
    const id = await engine().dockerOrThrow(['create', ...options, debianImage, 'bash', '-ec', script]);
    if (outside !== undefined) {
      await engine().dockerOrThrow(['start', id]);
      const own = (argument: string) => argument.replace(/^ID\b/, id).replace(/^\/in\b/, join(folder, 'in'));
      for (const args of outside) await engine().dockerOrThrow(args.map(own));
      return id;
    }
    const outcome = await engine().docker(['start', '-a', id], seconds * 1000);
    if (outcome.code !== 0) throw new Error(`${name} ended with ${outcome.code}.\n${said(outcome)}`);
    return id;
  }

  async function compare(id: string, db: string): Promise<Comparison> {
    const upper = await engine().dockerOrThrow(['inspect', '-f', '{{.GraphDriver.Data.UpperDir}}', id]);
    const docker = new Set<string>();
    for (const line of (await engine().dockerOrThrow(['diff', id])).split('\n')) {
      // It lists each directory that something changed in.
      const isParent = line.startsWith('C ') && (await lstat(join(upper, line.slice(2)))).isDirectory();
      if (!isParent && line !== '') docker.add(line);
    }
    const shown = parseJsonLines<ShownChange>(
      await succeed('viewer', ['--db', db, 'files', '--json', '--container', id]),
    );
    const files = shown.filter(({ change, fileType }) => change !== 'C' || fileType !== 'directory');
    return { docker, viewer: new Set(files.map(({ change, path }) => `${change} ${path}`)), shown };
  }

  it('have more where docker diff does not look', () => {
    const { docker, viewer } = found.get(unseenByDocker.name) as Comparison;

    expect([...viewer].filter((change) => !docker.has(change))).toEqual(unseenByDocker.changes);
    expect([...docker].filter((change) => !viewer.has(change))).toEqual([]);
  });

  describe.each(workloads.map(({ name }) => name))('after %s', (name) => {
    it('have the same files, added, changed and removed', () => {
      const { docker, viewer } = found.get(name) as Comparison;

      expect([...viewer].sort()).toEqual([...docker].sort());
      expect(docker.size).toBeGreaterThan(3);
    });

    it('is told who was the first and who the last to change each', () => {
      const { shown } = found.get(name) as Comparison;

      expect(shown.filter(({ firstWriter, lastWriter }) => !firstWriter?.exe || !lastWriter?.exe)).toEqual([]);
    });
  });
});

function tableOf(found: Readonly<Record<string, Comparison>>): string {
  const rows = Object.entries(found).map(([name, { docker, viewer }]) => {
    const both = [...viewer].filter((change) => docker.has(change)).length;
    const part = (of: number) => (of === 0 ? 1 : both / of).toFixed(2);
    const kinds = ['A', 'C', 'D'].map((kind) => [...docker].filter((change) => change.startsWith(kind)).length);
    return [name, ...kinds, viewer.size, part(viewer.size), part(docker.size)];
  });
  const heads = ['workload', 'A', 'C', 'D', 'viewer', 'precision', 'recall'];
  return [heads, ...rows]
    .map(([name, ...numbers]) => `${String(name).padEnd(32)}${numbers.map((one) => String(one).padStart(10)).join('')}`)
    .join('\n');
}
