/** Every way to execute a program: what is told of each, on the real kernel. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { useAuditScene } from './support/audit-scene.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built } from './support/programs.ts';
import { runOrThrow } from './support/run-program.ts';
import { type ShownProcess, type ShownProgram, showEvidence, succeed } from './support/shown-evidence.ts';

interface Expected {
  /** The file that runs, if it is not the program itself; `FOLDER` stands for the case's own. */
  readonly exe?: string;
  /** That file had no name any more. */
  readonly deleted?: true;
  /** What was executed where that is not what runs, and the scripts in between. */
  readonly script?: string;
  readonly via?: readonly string[];
  /** Its number in a pid namespace of its own. */
  readonly innerPid?: number;
  readonly argv?: readonly string[];
  /** Exact bytes of arguments that are no UTF-8, by their places. */
  readonly hex?: Readonly<Record<number, string>>;
  readonly cwd?: string;
  /** What was executed, or tried, before. */
  readonly before?: readonly Attempt[];
  /** Ancestors between it and the case's process that executed nothing. */
  readonly between?: number;
  readonly exit?: { readonly code: number | null; readonly signal: number | null; readonly core: boolean };
}

interface Attempt {
  readonly exe: string;
  /** null: the kernel tells no arguments of a call that failed. */
  readonly argv: readonly string[] | null;
  readonly errno?: number;
}

const numbers = Array.from({ length: 100_000 }, (_, index) => `${index}`);
const longText = Array.from({ length: 131_071 }, (_, index) => '0123456789abcdef'[Math.floor(index / 7) % 16]).join('');
const odd = ['two\nlines', 'a b\t"\'\\', '\ufffd\ufffd invalid', '\x1b[31mred', 'a1="b"'];

const cases: Readonly<Record<string, Expected>> = {
  execve: {},
  vfork: {},
  posix_spawn: {},
  clone3: {},
  fexecve: {},
  execveat: { exe: 'FOLDER/below' },
  memfd: { exe: '/memfd:hidden', deleted: true },
  // The interpreter is what runs; the script is its argument.
  script: { argv: ['SELF', 'leaf', 'FOLDER/script', 'script'], script: 'FOLDER/script' },
  script_chain: {
    argv: ['SELF', 'leaf', 'FOLDER/inner', 'two', 'FOLDER/outer', 'script_chain'],
    script: 'FOLDER/outer',
    via: ['FOLDER/inner'],
  },
  script_relative: {
    argv: ['SELF', 'leaf', './script', 'script_relative'],
    script: 'FOLDER/script',
    cwd: 'FOLDER',
  },
  // The kernel does not tell the path of a descriptor.
  script_descriptor: {
    argv: ['SELF', 'leaf', '/dev/fd/100', 'script_descriptor'],
    script: '/dev/fd/100',
    cwd: 'FOLDER',
  },
  failed: { before: [{ exe: '/no/such/program', argv: null, errno: -2 }] },
  relative_failed: { before: [{ exe: 'FOLDER/nothing', argv: null, errno: -2 }], cwd: 'FOLDER' },
  denied: { before: [{ exe: 'FOLDER/denied', argv: null, errno: -13 }] },
  thread: {},
  twice: { before: [{ exe: 'SELF', argv: ['SELF', 'again', 'twice'] }] },
  // CLONE_PARENT makes a sibling of the caller.
  clone_parent: {},
  // Whoever adopts it later, it was made by this one.
  double_fork: { between: 1 },
  subreaper: { between: 1 },
  pid_namespace: { between: 1, innerPid: 2 },
  deleted: { exe: 'FOLDER/deleted', deleted: true },
  like_deleted: { exe: 'FOLDER/x (deleted)' },
  like_deleted_by_descriptor: { exe: 'FOLDER/x (deleted)' },
  like_deleted_and_deleted: { exe: 'FOLDER/x (deleted)', deleted: true },
  relative: { exe: 'FOLDER/relative', argv: ['./relative', 'leaf', 'relative'], cwd: 'FOLDER' },
  link: { argv: ['link', 'leaf', 'link'] },
  empty_arguments: { argv: ['', 'leaf', 'empty_arguments', '', ''] },
  // The kernel gives a program that is started without any an empty one.
  no_arguments: { argv: [''] },
  odd_arguments: { argv: ['SELF', 'leaf', 'odd_arguments', ...odd], hex: { 5: 'fffe20696e76616c6964' } },
  many_arguments: { argv: ['SELF', 'leaf', 'many_arguments', ...numbers] },
  long_argument: { argv: ['SELF', 'leaf', 'long_argument', longText] },
  killed: { argv: ['SELF', 'kill', 'killed'], exit: { code: null, signal: 10, core: false } },
  core: { argv: ['SELF', 'abort', 'core'], cwd: 'FOLDER', exit: { code: null, signal: 6, core: true } },
};

describeWith('what is told of an exec', [root, built, program('auditctl', 'auditd'), program('gcc', 'gcc')], () => {
  const scene = useAuditScene('godo-execs-', 'once');
  let folder: string;
  let processes: readonly ShownProcess[];
  const self = () => join(folder, 'execs');

  beforeAll(async () => {
    folder = scene().folder;
    const source = fileURLToPath(new URL('./programs/execs.c', import.meta.url));
    await runOrThrow('gcc', ['-static', '-pthread', '-O1', '-o', self(), source]);
    for (const name of Object.keys(cases)) await mkdir(join(folder, name));
    const lines = Object.keys(cases).map((name) => `${self()} ${name} ${folder}/${name} || exit`);
    await writeFile(join(folder, 'all.sh'), `${lines.join('\n')}\n`);
    const db = join(folder, 'db');
    await succeed('godo', ['record', '--db', db, '--', 'sh', join(folder, 'all.sh')]);
    ({ processes } = await showEvidence(['--db', db]));
  });

  it.each(Object.entries(cases))('%s', (name, expected) => {
    const own = join(folder, name);
    const put = (text: string) => text.replaceAll('FOLDER', own).replaceAll('SELF', self());
    const argv = (expected.argv ?? ['SELF', 'leaf', name]).map(put);
    const starter = processes.find((process) => process.argv?.[1] === name && process.argv[2] === own);
    const parentOf = (process: ShownProcess) => processes.find(({ key }) => key === process.parentKey);
    /** All that this case has made, but the process of the case itself. */
    const made = processes.filter((process) => {
      for (let at = parentOf(process); at !== undefined; at = parentOf(at)) if (at === starter) return true;
      return false;
    });
    const executed = made.filter((process) => process.executions.length > 0);
    const hex = argv.map((_, place) => expected.hex?.[place] ?? null);
    const plain = { exeDeleted: false, script: null, viaScripts: null };
    const attempts = (expected.before ?? []).map((attempt) => ({
      exe: put(attempt.exe),
      ...plain,
      argv: attempt.argv?.map(put) ?? null,
      argvUnknown: attempt.argv === null ? 'failed call' : null,
      hex: null,
      success: attempt.errno === undefined,
      errno: attempt.errno ?? null,
    }));
    const exe = put(expected.exe ?? 'SELF');
    const program = {
      exeDeleted: expected.deleted ?? false,
      script: expected.script === undefined ? null : put(expected.script),
      viaScripts: expected.via?.map(put) ?? null,
    };
    const known = { argv, argvUnknown: null, hex: expected.hex === undefined ? null : hex };
    const last = { exe, ...program, ...known, success: true, errno: null };

    expect(
      executed.map((process) => ({
        executions: process.executions.map(({ argv, argvUnknown, argvHex, success, errno, ...execution }) => ({
          ...{ exe: execution.exe, ...programOf(execution) },
          ...{ argv, argvUnknown: argvUnknown ?? null, hex: argvHex ?? null },
          ...{ success, errno: errno ?? null },
        })),
        exe: process.exe,
        ...programOf(process),
        innerPid: process.innerPid ?? null,
        argv: process.argv,
        cwd: process.cwd,
        between: process.depth - (starter?.depth ?? 0) - 1,
        parentSource: process.parentSource,
        exit: { code: process.exitCode, signal: process.exitSignal, core: process.coreDumped },
        warnings: process.warnings,
      })),
    ).toEqual([
      {
        executions: [...attempts, last],
        exe,
        ...program,
        innerPid: expected.innerPid ?? null,
        argv,
        cwd: put(expected.cwd ?? process.cwd()),
        between: expected.between ?? 0,
        parentSource: 'kernel',
        exit: expected.exit ?? { code: 7, signal: null, core: false },
        warnings: [],
      },
    ]);
  });
});

/** Absent: no. null: not to be told. */
function programOf({ exeDeleted, script, viaScripts }: ShownProgram) {
  return {
    exeDeleted: exeDeleted === undefined ? false : exeDeleted,
    script: script ?? null,
    viaScripts: viaScripts ?? null,
  };
}
