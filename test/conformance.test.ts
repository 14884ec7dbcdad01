/** Every situation of docs/file-conformance.md on the real kernel: what is true against what is told. */

import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { useAuditScene } from './support/audit-scene.ts';
import { abis, type ConformanceRun, runConformance } from './support/conformance/run.ts';
import { areas, conformanceTable, situations } from './support/conformance/table.ts';
import { describeWith, type Need, program, root } from './support/needs.ts';
import { built } from './support/programs.ts';
import { succeed } from './support/shown-evidence.ts';
import { readRawEvidence } from './support/stored-evidence.ts';

const documentFile = fileURLToPath(new URL('../docs/file-conformance.md', import.meta.url));

describe('docs/file-conformance.md', () => {
  it('says what is true of each situation (UPDATE_DOCS=1 writes it)', async () => {
    const table = conformanceTable();
    if (process.env.UPDATE_DOCS === '1') {
      await mkdir(dirname(documentFile), { recursive: true });
      await writeFile(documentFile, table);
    }

    expect(await readFile(documentFile, 'utf8')).toBe(table);
    expect(new Set(situations.map(({ name }) => name)).size).toBe(situations.length);
  });
});

const x64: Need = () => (process.arch === 'x64' ? null : 'Programs of 32 bits run on x86-64 alone.');
const narrowLibrary: Need = () =>
  existsSync('/usr/lib32/libc.a') ? null : 'There is no C library of 32 bits (Debian package gcc-multilib).';
const programs = [program('auditctl', 'auditd'), program('gcc', 'gcc'), program('mkfs.btrfs', 'btrfs-progs')];

describeWith('what is told on the real kernel', [root, built, x64, narrowLibrary, ...programs], () => {
  const scene = useAuditScene('godo-conformance-', 'once');
  let run: ConformanceRun;

  beforeAll(async () => {
    run = await runConformance(scene().folder);
  }, 180_000);

  const rows = areas.flatMap((area) => abis.map((abi) => ({ ...area, abi })));

  it.each(rows)('$title, $abi: is what is true', ({ situations, abi }) => {
    const own = situations.filter(({ only }) => only === undefined || only === abi);
    const unable = 77;
    const able = own.filter(({ name }) => run[abi][name]?.code !== unable);
    const pairs = (told: (name: string) => unknown) => Object.fromEntries(able.map(({ name }) => [name, told(name)]));
    const killed = (name: string) => (name === 'kill' ? 137 : 0);

    expect(pairs((name) => run[abi][name]?.code)).toEqual(pairs(killed));
    const told = new Map(own.map((one) => [one.name, (abi === 'i386' ? one.told32 : undefined) ?? one.told]));
    expect(pairs((name) => run[abi][name]?.told)).toEqual(pairs((name) => told.get(name)));
  });

  it('is all that was run', () => {
    for (const abi of abis) {
      const own = situations.filter(({ only }) => only === undefined || only === abi);
      expect(Object.keys(run[abi]).sort()).toEqual(own.map(({ name }) => name).sort());
    }
  });

  it('is told again from the diagnosis file', async () => {
    const [db, again] = [join(scene().folder, 'db'), join(scene().folder, 'again')];
    await succeed('godo', ['replay', join(scene().folder, 'diag.log'), '--db', again]);
    const [live, replayed] = [await readRawEvidence(db), await readRawEvidence(again)];

    expect(live.files.length).toBeGreaterThan(situations.length);
    expect(replayed.files).toEqual(live.files);
    expect(replayed.openFiles).toEqual(live.openFiles);
    expect(replayed.operations).toEqual(live.operations);
  });
});
