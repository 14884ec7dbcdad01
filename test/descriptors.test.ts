/** Descriptors passed on in every way that there is, on the real kernel, by 64-bit and 32-bit calls: who wrote to what. */

import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FileSessionDocument } from '@godo/evidence';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { useAuditScene } from './support/audit-scene.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built } from './support/programs.ts';
import { runOrThrow } from './support/run-program.ts';
import { succeed } from './support/shown-evidence.ts';
import { type RawEvidence, readRawEvidence } from './support/stored-evidence.ts';

const found = 'found in /proc at its first write: received over a socket, or opened in a way audit does not tell';
const unnamed = 'an unnamed file (O_TMPFILE) in FOLDER';
const linked = 'it was written under no name until it was linked under this one';

/** How a session ended, and the bytes of each write of each of its writers, opener first or not at all. */
interface Told {
  readonly closedBy: string;
  /** Bytes by writer, in the order of their first writes; `opener` marks the one that opened it. */
  readonly writers: readonly (readonly [who: 'opener' | 'other', writes: number, bytes: number])[];
  readonly before?: true;
  readonly warnings?: readonly string[];
}

/** By the part of descriptors.c; file names are those in its folder, or whole. */
const expected: Readonly<Record<string, readonly (readonly [path: string | null, told: Told])[]>> = {
  'clone with CLONE_FILES': [
    [
      'clone',
      {
        closedBy: 'close',
        writers: [
          ['other', 1, 5],
          ['opener', 1, 7],
        ],
      },
    ],
    ['clone-second', { closedBy: 'close', writers: [['other', 1, 6]] }],
  ],
  'clone3 with CLONE_FILES': [
    [
      'clone3',
      {
        closedBy: 'close',
        writers: [
          ['other', 1, 5],
          ['opener', 1, 7],
        ],
      },
    ],
    ['clone3-second', { closedBy: 'close', writers: [['other', 1, 6]] }],
  ],
  'unshare and close_range(CLOSE_RANGE_UNSHARE) in a child that shares': [
    ['unshare', { closedBy: 'close', writers: [['opener', 1, 5]] }],
    ['unshare-range', { closedBy: 'close', writers: [['opener', 1, 5]] }],
  ],
  'SCM_RIGHTS, the sender closes': [
    ['scm', { closedBy: 'close', writers: [['opener', 1, 4]] }],
    ['scm', { closedBy: 'close', writers: [['opener', 2, 13]], before: true, warnings: [found] }],
  ],
  'SCM_RIGHTS, the sender has it open too': [
    [
      'scm-kept',
      {
        closedBy: 'close',
        writers: [
          ['opener', 1, 4],
          ['other', 2, 13],
        ],
      },
    ],
  ],
  pidfd_getfd: [
    [
      'pidfd',
      {
        closedBy: 'close',
        writers: [
          ['other', 1, 5],
          ['opener', 1, 3],
        ],
      },
    ],
  ],
  memfd_create: [['/memfd:in memory ABI', { closedBy: 'close', writers: [['opener', 1, 6]] }]],
  'O_TMPFILE and linkat': [
    ['linked', { closedBy: 'close', writers: [['opener', 2, 12]], warnings: [unnamed, linked] }],
    ['linked-empty', { closedBy: 'close', writers: [['opener', 1, 7]], warnings: [unnamed, linked] }],
    [null, { closedBy: 'close', writers: [['opener', 1, 5]], warnings: [unnamed] }],
  ],
  open_by_handle_at: [
    ['handle', { closedBy: 'close', writers: [] }],
    [
      'handle',
      {
        closedBy: 'close',
        writers: [['opener', 1, 7]],
        warnings: ['opened by handle: its path was found in /proc'],
      },
    ],
  ],
  fork: [
    [
      'fork',
      {
        closedBy: 'close',
        writers: [
          ['other', 1, 5],
          ['other', 1, 5],
          ['opener', 1, 7],
        ],
      },
    ],
  ],
  'dup, dup2, F_DUPFD': [['dup', { closedBy: 'close', writers: [['opener', 3, 6]] }]],
  close_range: [
    ['range-1', { closedBy: 'close', writers: [] }],
    ['range-2', { closedBy: 'close', writers: [['opener', 1, 3]] }],
  ],
  'exec, close-on-exec': [
    ['exec-closed', { closedBy: 'exec', writers: [['opener', 1, 6]] }],
    ['exec-kept', { closedBy: 'exit', writers: [['opener', 2, 11]] }],
    ['exec-marked', { closedBy: 'exec', writers: [] }],
    ['exec-ranged', { closedBy: 'exec', writers: [] }],
  ],
};

const abis = process.arch === 'x64' ? ['x86_64', 'i386'] : [];
const needs = [root, built, program('auditctl', 'auditd'), program('gcc', 'gcc')];

describeWith('descriptors that are passed on', needs, () => {
  const scene = useAuditScene('godo-descriptors-', 'once');
  let files: string;
  let binary: string;
  let db: string;
  let evidence: RawEvidence;

  beforeAll(async () => {
    const { folder } = scene();
    files = await mkdtemp('/dev/shm/godo-descriptors-');
    [binary, db] = [join(folder, 'pass'), join(folder, 'db')];
    const source = fileURLToPath(new URL('./programs/descriptors.c', import.meta.url));
    await runOrThrow('gcc', ['-static', '-no-pie', '-mno-red-zone', '-O1', '-o', binary, source]);
    for (const abi of abis) await mkdir(join(files, abi));
    const script = abis.map((abi) => `${binary} ${abi} ${files}/${abi}`).join(' && ');
    await succeed('godo', ['record', '--db', db, '--diag', join(folder, 'diag.log'), '--', 'sh', '-c', script]);
    evidence = await readRawEvidence(db);
  }, 5 * 60_000);

  afterAll(async () => {
    if (files !== undefined) await rm(files, { recursive: true, force: true });
  });

  /** Of what stands in one of our folders, or was made in memory. */
  const ofRun = (abi: string): FileSessionDocument[] => {
    const folder = join(files, abi);
    return evidence.files.filter(({ path, warnings = [] }) => {
      if (path === null) return warnings.some((warning) => warning.endsWith(` in ${folder}`));
      return path.startsWith(`${folder}/`) || (path.startsWith('/memfd:') && path.endsWith(` ${abi}`));
    });
  };
  const toldOf = (session: FileSessionDocument): Told => {
    const { closedBy, writers, key, openedBefore, warnings } = session;
    const byTime = [...writers].sort((a, b) => Number((a.firstNs ?? 0n) - (b.firstNs ?? 0n)));
    return {
      closedBy: closedBy ?? 'open',
      writers: byTime.map((one) => [one.key === key ? 'opener' : 'other', one.count, one.bytes] as const),
      ...(openedBefore && { before: true as const }),
      ...(warnings !== undefined && { warnings }),
    };
  };

  it.each(abis.flatMap((abi) => Object.keys(expected).map((way) => [abi, way] as const)))('by %s: %s', (abi, way) => {
    const folder = join(files, abi);
    const sessions = ofRun(abi);
    const wanted = (expected[way] ?? []).map(([path, told]) => {
      const absolute = path === null || path.startsWith('/') ? (path?.replace('ABI', abi) ?? null) : join(folder, path);
      const warnings = told.warnings?.map((warning) => warning.replace('FOLDER', folder));
      return { path: absolute, ...told, ...(warnings !== undefined && { warnings }) };
    });
    const paths = new Set(wanted.map(({ path }) => path));
    const own = sessions
      .filter(({ path }) => paths.has(path))
      .sort((a, b) => Number(a.openedNs - b.openedNs) || (a.path ?? '').localeCompare(b.path ?? ''))
      .map((session) => ({ path: session.path, ...toldOf(session) }));
    const order = (list: readonly object[]) => list.map((one) => JSON.stringify(one)).sort();

    expect(order(own)).toEqual(order(wanted));
  });

  it('have the device and inode of the file, also of one that had no name', () => {
    const unknown = abis
      .flatMap(ofRun)
      .filter(({ dev, inode, fileType }) => dev === null || inode === null || fileType !== 'regular');

    expect(unknown).toEqual([]);
  });

  it('show what was executed from memory', () => {
    const ran = evidence.pids.filter(
      ({ observation, exe }) => observation === 'exec' && exe?.startsWith('/memfd:program ') === true,
    );
    const written = abis.flatMap(ofRun).filter(({ path }) => path?.startsWith('/memfd:program ') === true);

    // That such a program has no name is for /proc to tell, which may come too late.
    expect(new Set(ran.map(({ key }) => key))).toEqual(new Set(written.map(({ key }) => key)));
    expect(written.map(({ writes, closedBy }) => [writes.bytes > 100_000, closedBy])).toEqual(
      abis.map(() => [true, 'exec']),
    );
  });

  it('are the same from the diagnosis file, with what was looked up in it', async () => {
    const { folder } = scene();
    const again = join(folder, 'replayed');
    await succeed('godo', ['replay', join(folder, 'diag.log'), '--db', again]);
    const replayed = await readRawEvidence(again);
    const diag = await readFile(join(folder, 'diag.log'), 'latin1');

    expect(replayed.files).toEqual(evidence.files);
    expect(replayed.losses).toEqual(evidence.losses);
    expect(diag).toContain('type=GODO_DESCRIPTOR_FOUND ');
    expect(diag).toContain('type=GODO_DESCRIPTORS_SHARED ');
  });

  it('cost one look for each number in its life, and what went to a pipe is counted apart', () => {
    const counters = evidence.sessions.find(({ phase }) => phase === 'end')?.counters ?? {};

    // Six writes to a pipe in each run, and nothing of the run is left unknown.
    expect(counters.writesElsewhere).toBeGreaterThanOrEqual(abis.length * 6);
    expect(counters.descriptorLookUps).toBeGreaterThan(0);
    expect(counters.descriptorLooksRefused).toBe(0);
  });
});
