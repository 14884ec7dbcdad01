/** What `viewer --json` shows, read as a script of a user would read it. Only the fields that tests ask for are typed. */

import { type ProgramName, parseJsonLines, runGodoProgram } from './programs.ts';
import { said } from './run-program.ts';

export interface ShownProgram {
  readonly exe: string | null;
  readonly exeDeleted?: true | null;
  readonly script?: string;
  readonly viaScripts?: readonly string[];
  readonly envNames?: readonly string[];
}

export interface ShownExecution extends ShownProgram {
  readonly time: string;
  readonly argv: readonly string[] | null;
  readonly argvUnknown?: string;
  readonly argvHex?: readonly (string | null)[];
  readonly cwd: string | null;
  readonly success: boolean;
  readonly errno?: number;
}

export interface ShownProcess extends ShownProgram {
  readonly key: string;
  readonly tgid: number;
  readonly star: boolean;
  readonly startedBefore: boolean;
  readonly parentKey: string | null;
  readonly parentSource: string | null;
  readonly children: readonly string[];
  readonly depth: number;
  readonly executions: readonly ShownExecution[];
  readonly innerPid?: number;
  readonly pids?: readonly number[];
  readonly namespaces?: Readonly<Record<string, number>> | null;
  readonly argv: readonly string[] | null;
  readonly cwd: string | null;
  readonly rootfs: string | null;
  readonly containerId: string | null;
  readonly start: string | null;
  readonly exit: string | null;
  readonly exitCode: number | null;
  readonly exitSignal: number | null;
  readonly coreDumped: boolean;
  readonly cpuUs?: number;
  readonly maxRssKb?: number;
  readonly usagePartial?: true;
  readonly warnings: readonly string[];
}

export interface ShownWrites {
  readonly count: number;
  readonly bytes: number;
  readonly first: string | null;
  readonly last: string | null;
}

export interface ShownFile {
  readonly path: string | null;
  readonly pathResolved: boolean;
  readonly key: string;
  readonly exe: string | null;
  readonly containerId: string | null;
  readonly created: boolean;
  readonly openedBefore: boolean;
  readonly opened: string;
  readonly closed: string | null;
  readonly closedBy: string | null;
  readonly closeInferred: boolean;
  readonly writes: ShownWrites;
  readonly writers: readonly (ShownWrites & { readonly key: string })[];
}

/** What became of a path. */
export interface ShownChange {
  readonly containerId: string | null;
  readonly change: 'A' | 'C' | 'D';
  readonly path: string;
  readonly fileType: string;
  readonly ranBefore?: true;
  readonly firstWriter: ShownChanger | null;
  readonly lastWriter: ShownChanger | null;
}

export interface ShownChanger {
  readonly tgid: number;
  readonly exe: string | null;
  readonly argv: readonly string[] | null;
  readonly action: string;
}

export interface ShownContainer {
  readonly containerId: string;
  readonly runtime: string | null;
  readonly outermostContainerId: string | null;
  readonly engine: string | null;
  readonly name: string | null;
  readonly image: string | null;
  readonly labels: Readonly<Record<string, string>> | null;
  readonly created: string | null;
  readonly first: string | null;
  readonly mounts: readonly unknown[] | null;
  readonly rootfs: string | null;
  readonly engineKey: string | null;
  readonly rootKeys: readonly string[];
}

export interface ShownLoss {
  readonly from: string | null;
  readonly to: string | null;
  readonly severity: 'loss' | 'warning';
  readonly source: string;
  readonly count: number | null;
  readonly reason: string;
}

export interface ShownEvidence {
  readonly processes: readonly ShownProcess[];
  readonly files: readonly ShownFile[];
  readonly changes: readonly ShownChange[];
  readonly containers: readonly ShownContainer[];
  readonly losses: readonly ShownLoss[];
}

/** Runs a program of godo's; its stdout. @throws Error with all that it said when its exit code is not 0. */
export async function succeed(name: ProgramName, args: readonly string[]): Promise<string> {
  const outcome = await runGodoProgram(name, args, { timeoutMs: 120_000 });
  if (outcome.code !== 0) throw new Error(`${name} ${args.join(' ')} failed (${outcome.code}).\n${said(outcome)}`);
  return outcome.stdout;
}

/** `where` are the options that name the database. */
export async function showEvidence(where: readonly string[]): Promise<ShownEvidence> {
  const show = async <T>(what: string) => parseJsonLines<T>(await succeed('viewer', [...where, what, '--json']));
  return {
    processes: await show<ShownProcess>('processes'),
    files: await show<ShownFile>('sessions'),
    changes: await show<ShownChange>('files'),
    containers: await show<ShownContainer>('containers'),
    losses: await show<ShownLoss>('losses'),
  };
}

/** The process and its ancestors, up to the one without a parent. @throws Error where a parent is not shown. */
export function ancestry(processes: readonly ShownProcess[], from: ShownProcess): ShownProcess[] {
  const byKey = new Map(processes.map((process) => [process.key, process]));
  const chain = [from];
  for (let at = from; at.parentKey !== null; ) {
    const parent = byKey.get(at.parentKey);
    if (parent === undefined) throw new Error(`The parent ${at.parentKey} of ${at.key} is not shown.`);
    if (chain.includes(parent)) throw new Error(`${parent.key} is its own ancestor.`);
    chain.push(parent);
    at = parent;
  }
  return chain;
}
