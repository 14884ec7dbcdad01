/** What an earlier run, a bad disk or somebody left in the spool: the listener starts, delivers what is whole, and tells the rest. */

import { execFileSync } from 'node:child_process';
import { mkdir, readdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openRawReader, spoolRecord } from '@godo/evidence';
import { expect, it } from 'vitest';
import { event } from '../packages/evidence/test/support/documents.ts';
import { useAuditScene } from './support/audit-scene.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built, startGodo } from './support/programs.ts';

describeWith('a damaged spool', [root, built, program('auditctl', 'auditd')], () => {
  const scene = useAuditScene('godo-damaged-spool-', 'each');

  it('is delivered as far as it can be read, and told of', { timeout: 120_000 }, async () => {
    const { folder } = scene();
    const directory = join(folder, 'db');
    const spool = join(directory, 'spool');
    await mkdir(spool, { recursive: true });
    const name = (number: number) => join(spool, `main-${String(number).padStart(12, '0')}.spool`);
    const record = (id: string) => spoolRecord([{ collection: 'events', document: event({ _id: id }) }]);
    execFileSync('mkfifo', [name(1)]);
    await mkdir(name(2));
    await symlink('/dev/zero', name(3));
    await writeFile(name(4), Buffer.concat([record('first'), Buffer.from('gdsp, and no record'), record('second')]));
    await truncate(name(4), 2 ** 40);
    await writeFile(name(5), record('third'));

    const godo = await startGodo(['--db', directory]);
    const { code } = await godo.stop();
    expect(code).toBe(0);

    const reader = await openRawReader({ kind: 'sqlite', directory });
    try {
      const [ids, reasons]: [string[], string[]] = [[], []];
      for await (const { _id } of reader.events()) ids.push(_id);
      for await (const { source, reason } of reader.losses()) if (source === 'spool') reasons.push(reason ?? '');
      expect(ids).toEqual(expect.arrayContaining(['first', 'second', 'third']));
      const left = (number: number) =>
        `${name(number)} could not be read (it is no file): the documents in it, if any, are left there.`;
      expect(reasons).toEqual(expect.arrayContaining([left(1), left(2), left(3)]));
      const broken = reasons.filter((reason) => reason.includes(name(4)));
      const bytes = broken.map((reason) => Number(/^(\d+) bytes of .* could not be read: /.exec(reason)?.[1]));
      expect(bytes.reduce((sum, one) => sum + one, 0)).toBe(2 ** 40 - record('first').length - record('second').length);
      expect(reasons).toHaveLength(3 + broken.length);
    } finally {
      await reader.close();
    }
    expect((await readdir(spool)).length).toBe(3);
  });
});
