import type { Credentials, EnvironmentNames, ProcessKey } from '@godo/evidence';
import { ByteColumn, NumberColumn, none, ReferenceColumn, TimeColumn } from './columns.ts';
import { type ContainerProgram, containerProgramOf } from './container-programs.ts';
import { nameOfCredentials } from './credentials.ts';
import { noFacts } from './facts.ts';
import type { ObservedInside } from './inside.ts';
import { KeptExecutions } from './kept-executions.ts';
import { KeptRoots } from './kept-roots.ts';
import { KeptTasks } from './kept-tasks.ts';
import { addWarning, type KnownUsage, type ObservedProcess } from './observed-process.ts';
import type { ParentClaim } from './parent-claim.ts';
import { ProcessKeys } from './process-keys.ts';
import { noFactsNumber, SharedFacts } from './shared-facts.ts';
import { SharedValues } from './shared-values.ts';
import { TreePlaces } from './tree-places.ts';

/** What all processes of one boot of one host have in common. */
export interface ProcessOrigin {
  readonly host: string;
  readonly machineId: string | null;
  readonly bootId: string;
}

export type ExitStatus = Pick<ObservedProcess, 'exitCode' | 'exitSignal' | 'coreDumped'>;

/** A process whose number of threads or executions goes beyond a document. */
export type LeftOut = Pick<ObservedProcess, 'tasksLeftOut' | 'executionsLeftOut'>;

const claimSources: readonly (ParentClaim['source'] | null)[] = [null, 'kernel', 'proc', 'inferred'];
const programs: readonly (ContainerProgram | null)[] = [
  null,
  ...(['dockerd', 'containerd', 'crio', 'podman', 'runc', 'shim', 'conmon'] as const),
];
const flag = {
  ...{ observed: 1, birthCoarse: 2, forked: 4, snapshot: 8, star: 16, credentialsConstant: 32 },
  usageKnown: 64,
  usagePartial: 128,
} as const;

/**
 * All processes of the database, by their row. Rows are handed out to keys as they are first named; one that was only
 * named, as a parent, has no process. What most processes have in common is kept once or not at all, so that one costs
 * about 200 bytes, and its command lines.
 */
export class ProcessTable {
  readonly keys = new ProcessKeys();
  readonly #flags = new ByteColumn();
  readonly #rows = new ReferenceColumn();
  #size = 0;

  readonly #origins = new SharedValues<ProcessOrigin>(JSON.stringify);
  readonly #origin = new ReferenceColumn();
  #lastOrigin = none;
  readonly #sessions = new SharedValues<readonly string[]>(nameOfList);
  readonly #sessionIds = new ReferenceColumn();
  /** Where they are not those of the key. */
  readonly #tgids = new Map<number, number>();
  readonly #startTicks = new Map<number, number | null>();

  readonly startNs = new TimeColumn();
  /** Where it is not the start. */
  readonly #birthNs = new TimeColumn();
  readonly exitNs = new TimeColumn();
  readonly #exits = new SharedValues<ExitStatus>(nameOfExit);
  readonly #exit = new ReferenceColumn();

  readonly #cpuUs = new NumberColumn();
  readonly #maxRssKb = new NumberColumn();

  readonly #claimSource = new ByteColumn();
  /** Row of the key that it is said to descend from. */
  readonly claimedParent = new ReferenceColumn();
  /** Where its key does not say the same: one more than the process id of the parent that is claimed. */
  readonly #claimedTgid = new NumberColumn();
  /** Where it is not the process id of the parent. */
  readonly #claimedPpid = new Map<number, number>();

  readonly facts = new SharedFacts();
  readonly #initialFacts = new ReferenceColumn();
  readonly #latestFacts = new ReferenceColumn();
  readonly executions = new KeptExecutions(this.facts);
  readonly #program = new ByteColumn();
  readonly allCredentials = new SharedValues<Credentials>(nameOfCredentials);
  readonly credentials = new ReferenceColumn();
  /** Container ids, and null for "in none". */
  readonly containerIds = new SharedValues<string | null>((id) => id ?? '');
  /** Unset: never read. */
  readonly readContainer = new ReferenceColumn();
  readonly rootChanges = new KeptRoots();
  readonly #environment = new Map<number, EnvironmentNames>();
  /** Of processes that are not on the host, but for what they have from their parents. */
  readonly #inside = new Map<number, ObservedInside>();
  readonly tasks = new KeptTasks();
  readonly #leftOut = new Map<number, LeftOut>();
  readonly #warnings = new Map<number, string[]>();

  readonly places = new TreePlaces();
  /** What it got from its parent, once that is known (inheritance.ts): numbers in the values above. */
  readonly inherited = {
    /** Its state at its birth, with what was read of it. */
    facts: new ReferenceColumn(),
    container: new ReferenceColumn(),
    root: new ReferenceColumn(),
    /** What its children get of it. */
    credentials: new ReferenceColumn(),
  } as const;

  /** Number of processes. */
  get size(): number {
    return this.#size;
  }

  /** @throws Error where the process was added before: its observations did not come together. */
  add(process: ObservedProcess): void {
    const row = this.keys.numberOf(process.key);
    if (this.#flags.at(row) !== 0) {
      throw new Error(`observations of ${process.key} do not come together: not ordered by key`);
    }
    this.#rows.set(this.#size, row);
    this.#size += 1;
    this.#flags.set(row, flagsOf(process));
    this.#addIdentity(row, process);
    this.#addClaim(row, process.claim);
    const { startNs, exitNs } = process;
    this.startNs.set(row, startNs);
    if (process.birthNs !== startNs) this.#birthNs.set(row, process.birthNs);
    this.exitNs.set(row, exitNs);
    this.#exit.set(row, this.#exits.numberOf(exitStatusOf(process)));
    if (process.usage !== null) {
      this.#cpuUs.set(row, process.usage.cpuUs);
      this.#maxRssKb.set(row, process.usage.maxRssKb);
    }
    if (process.initial !== noFacts) this.#initialFacts.set(row, this.facts.add(process.initial));
    this.executions.add(row, process.executions);
    if (process.latest !== noFacts) this.#latestFacts.set(row, this.facts.add(process.latest));
    this.#program.set(row, programs.indexOf(containerProgramOf(process)));
    this.credentials.set(row, this.allCredentials.numberOf(process.credentials));
    const { containerId, tasksLeftOut, executionsLeftOut } = process;
    if (containerId !== undefined) this.readContainer.set(row, this.containerIds.numberOf(containerId));
    this.rootChanges.add(row, process.roots);
    if (process.environment !== undefined) this.#environment.set(row, process.environment);
    if (process.inside !== null) this.#inside.set(row, process.inside);
    this.tasks.add(row, process.tasks, { pid: process.tgid, startNs, exitNs });
    if (tasksLeftOut > 0 || executionsLeftOut > 0) this.#leftOut.set(row, { tasksLeftOut, executionsLeftOut });
    for (const warning of process.warnings) this.warn(row, warning);
  }

  /** Row of the process with a key, or {@link none} where the database has no observation of it. */
  find(key: ProcessKey): number {
    const row = this.keys.find(key);
    return this.has(row) ? row : none;
  }

  /** Whether there is a process in a row. */
  has(row: number): boolean {
    return row !== none && this.#flags.at(row) !== 0;
  }

  /** Rows of all processes, in the order in which they were added. */
  *rows(): Generator<number> {
    for (let index = 0; index < this.#size; index += 1) yield this.#rows.at(index);
  }

  keyOf(row: number): ProcessKey {
    return this.keys.keyOf(row);
  }

  /** Its key names it only by when it was first noticed. */
  hasProvisionalKey(row: number): boolean {
    return this.keys.isProvisional(row);
  }

  originOf(row: number): ProcessOrigin {
    return this.#origins.get(this.#origin.at(row));
  }

  areOfOneBoot(a: number, b: number): boolean {
    return this.#origin.at(a) === this.#origin.at(b) || this.originOf(a).bootId === this.originOf(b).bootId;
  }

  tgidOf(row: number): number {
    return this.#tgids.get(row) ?? this.keys.tgidOf(row) ?? 0;
  }

  startTicksOf(row: number): number | null {
    const own = this.#startTicks.get(row);
    return own === undefined ? this.keys.startTicksOf(row) : own;
  }

  sessionIdsOf(row: number): readonly string[] {
    return this.#sessions.get(this.#sessionIds.at(row));
  }

  /** The moment from which it went its own way: its fork, else its start, else the first that was seen of it. */
  birthNsOf(row: number): bigint {
    return this.#birthNs.at(row) ?? this.startNs.at(row) ?? 0n;
  }

  isForked(row: number): boolean {
    return (this.#flags.at(row) & flag.forked) !== 0;
  }

  isSnapshot(row: number): boolean {
    return (this.#flags.at(row) & flag.snapshot) !== 0;
  }

  isStar(row: number): boolean {
    return (this.#flags.at(row) & flag.star) !== 0;
  }

  /** Makes a process a root of the tree that was not declared one. */
  makeStar(row: number): void {
    this.#flags.set(row, this.#flags.at(row) | flag.star);
  }

  isBirthCoarse(row: number): boolean {
    return (this.#flags.at(row) & flag.birthCoarse) !== 0;
  }

  areCredentialsConstant(row: number): boolean {
    return (this.#flags.at(row) & flag.credentialsConstant) !== 0;
  }

  /** Number of what was read of it before its first execution. */
  initialFactsOf(row: number): number {
    return Math.max(this.#initialFacts.at(row), noFactsNumber);
  }

  /** Number of what was read of it after its last execution. */
  latestFactsOf(row: number): number {
    return Math.max(this.#latestFacts.at(row), noFactsNumber);
  }

  exitStatusOf(row: number): ExitStatus {
    return this.#exits.get(this.#exit.at(row));
  }

  /** null: not told. */
  usageOf(row: number): KnownUsage | null {
    const flags = this.#flags.at(row);
    if ((flags & flag.usageKnown) === 0) return null;
    const partial = (flags & flag.usagePartial) !== 0;
    return { cpuUs: this.#cpuUs.at(row), maxRssKb: this.#maxRssKb.at(row), partial };
  }

  /** Which program of a container engine it is by what was observed of itself. */
  programOf(row: number): ContainerProgram | null {
    return programs[this.#program.at(row)] ?? null;
  }

  /** Whose word the claim of a parent is; null: there is none. */
  claimSourceOf(row: number): ParentClaim['source'] | null {
    return claimSources[this.#claimSource.at(row)] ?? null;
  }

  claimedTgidOf(row: number): number | null {
    const plusOne = this.#claimedTgid.at(row);
    if (plusOne === noTgid) return null;
    return plusOne === 0 ? this.#tgidOfKey(this.claimedParent.at(row)) : plusOne - 1;
  }

  claimedPpidOf(row: number): number | null {
    return this.#claimedPpid.get(row) ?? this.claimedTgidOf(row);
  }

  /** As read of it when it already ran. */
  environmentOf(row: number): EnvironmentNames | undefined {
    return this.#environment.get(row);
  }

  insideOf(row: number): ObservedInside | null {
    return this.#inside.get(row) ?? null;
  }

  leftOutOf(row: number): LeftOut | null {
    return this.#leftOut.get(row) ?? null;
  }

  warningsOf(row: number): readonly string[] {
    return this.#warnings.get(row) ?? noWarnings;
  }

  warn(row: number, text: string): void {
    const warnings = this.#warnings.get(row) ?? [];
    addWarning(warnings, text);
    this.#warnings.set(row, warnings);
  }

  /** By start, then key. */
  compareStart(a: number, b: number): number {
    const byStart = this.startNs.compare(a, b);
    if (byStart !== 0 || a === b) return byStart;
    return this.keyOf(a) < this.keyOf(b) ? -1 : 1;
  }

  #tgidOfKey(row: number): number | null {
    return row === none ? null : this.keys.tgidOf(row);
  }

  #addIdentity(row: number, process: ObservedProcess): void {
    const { host, machineId, bootId, tgid, startTicks } = process;
    const last = this.#lastOrigin === none ? null : this.#origins.get(this.#lastOrigin);
    if (last?.bootId !== bootId || last.host !== host || last.machineId !== machineId) {
      this.#lastOrigin = this.#origins.numberOf({ host, machineId, bootId });
    }
    this.#origin.set(row, this.#lastOrigin);
    this.#sessionIds.set(row, this.#sessions.numberOf(process.sessionIds));
    if (tgid !== this.keys.tgidOf(row)) this.#tgids.set(row, tgid);
    if (startTicks !== this.keys.startTicksOf(row)) this.#startTicks.set(row, startTicks);
  }

  #addClaim(row: number, claim: ParentClaim | null): void {
    if (claim === null) return;
    const { source, ppid, parentTgid, parentKey } = claim;
    this.#claimSource.set(row, claimSources.indexOf(source));
    if (parentKey !== null) this.claimedParent.set(row, this.keys.numberOf(parentKey));
    if (parentTgid !== this.#tgidOfKey(this.claimedParent.at(row))) {
      this.#claimedTgid.set(row, parentTgid === null ? noTgid : parentTgid + 1);
    }
    if (ppid !== null && ppid !== parentTgid) this.#claimedPpid.set(row, ppid);
  }
}

/** In place of a process id: the key of the parent says one, the claim does not. */
const noTgid = -1;

/** Shared by all that have none. */
const noWarnings: readonly never[] = [];

function flagsOf(process: ObservedProcess): number {
  return (
    flag.observed |
    (process.birthCoarse ? flag.birthCoarse : 0) |
    (process.forked ? flag.forked : 0) |
    (process.snapshot ? flag.snapshot : 0) |
    (process.star ? flag.star : 0) |
    (process.credentialsConstant ? flag.credentialsConstant : 0) |
    (process.usage === null ? 0 : flag.usageKnown) |
    (process.usage?.partial === true ? flag.usagePartial : 0)
  );
}

function exitStatusOf({ exitCode, exitSignal, coreDumped }: ObservedProcess): ExitStatus {
  return { exitCode, exitSignal, coreDumped };
}

function nameOfExit({ exitCode, exitSignal, coreDumped }: ExitStatus): string {
  return `${exitCode} ${exitSignal} ${coreDumped}`;
}

/** Ids have no reason to begin with a bracket, as a list of several does. */
function nameOfList(list: readonly string[]): string {
  const [only] = list;
  return list.length === 1 && only !== undefined && !only.startsWith('[') ? only : JSON.stringify(list);
}
