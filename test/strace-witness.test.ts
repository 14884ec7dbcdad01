/** File sessions and strace tell the same of the same execution: which process wrote how much to which file. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { useAuditScene } from './support/audit-scene.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built, parseJsonLines } from './support/programs.ts';
import { type ShownFile, succeed } from './support/shown-evidence.ts';
import { straceCommand, type Witnessed, witnessed } from './support/strace.ts';
import { makeInputs } from './support/workloads.ts';

/** Each in a folder of its own, which is its working directory and holds its temporary files. */
const programs: Readonly<Record<string, string>> = {
  'tar extract': 'tar -xf IN/tree.tar && tar -xf IN/tree.tar tree/b && tar -cf again.tar tree',
  'gcc build': 'cp IN/project/* . && make -s && ./hello > said && strip hello',
  'sqlite3 with WAL': `
    sqlite3 a.db 'pragma journal_mode=wal; create table t(a); insert into t values (1);'
    sqlite3 a.db 'insert into t select a + 1 from t; insert into t select a + 2 from t; vacuum;'
    sqlite3 b.db 'pragma journal_mode=persist; create table t(a); insert into t values (1); delete from t;'`,
};
const names = Object.keys(programs);

const needs = [
  ...[root, built, program('auditctl', 'auditd'), program('strace', 'strace'), program('sqlite3', 'sqlite3')],
  ...[program('gcc', 'gcc'), program('make', 'make'), program('git', 'git'), program('cpio', 'cpio')],
  program('dpkg-deb', 'dpkg'),
];

describeWith('file sessions and strace', needs, () => {
  const scene = useAuditScene('godo-strace-', 'once');
  let folder: string;
  let files: readonly ShownFile[];
  const said = new Map<string, Witnessed>();
  const place = (name: string) => join(folder, `run-${names.indexOf(name)}`);

  beforeAll(async () => {
    folder = scene().folder;
    await makeInputs(join(folder, 'in'));
    const lines: string[] = [];
    for (const name of names) {
      await mkdir(place(name));
      const script = (programs[name] as string).replaceAll('IN', join(folder, 'in'));
      const traced = [...straceCommand(`${place(name)}.trace`), 'sh', '-ec', script].map(quoted);
      lines.push(`cd ${place(name)} && TMPDIR=${place(name)} ${traced.join(' ')}`);
    }
    const db = join(folder, 'db');
    await succeed('godo', ['record', '--db', db, '--', 'sh', '-ec', lines.join('\n')]);
    files = parseJsonLines<ShownFile>(await succeed('viewer', ['--db', db, 'sessions', '--all', '--json']));
    for (const name of names) {
      said.set(name, await witnessed(folder, `run-${names.indexOf(name)}.trace`, place(name)));
    }
  });

  it.each(names)('agree about %s: path, writer and bytes', (name) => {
    const bytes = new Map<string, number>();
    for (const { path, writers } of files) {
      if (!path?.startsWith(`${place(name)}/`)) continue;
      for (const writer of writers) {
        const key = `${path} ${writer.key.split(':')[1]}`;
        bytes.set(key, (bytes.get(key) ?? 0) + writer.bytes);
      }
    }
    const witness = said.get(name)?.bytes ?? new Map();

    expect(sorted(bytes)).toEqual(sorted(witness));
    expect(bytes.size).toBeGreaterThan(3);
  });

  it.each(names)('agree about %s: which process opened what for writing, and how often', (name) => {
    const opened = new Map<string, number>();
    for (const { path, key } of files) {
      if (!path?.startsWith(`${place(name)}/`)) continue;
      const opener = `${path} ${key.split(':')[1]}`;
      opened.set(opener, (opened.get(opener) ?? 0) + 1);
    }

    expect(sorted(opened)).toEqual(sorted(said.get(name)?.opened ?? new Map()));
  });
});

function sorted(counts: ReadonlyMap<string, number>): string[] {
  return [...counts].map(([key, count]) => `${key} ${count}`).sort();
}

function quoted(argument: string): string {
  return `'${argument.replaceAll("'", "'\\''")}'`;
}
