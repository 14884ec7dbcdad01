/** What processes become: an exec as the connector tells it with what /proc shows, and as audit tells it with the call. */

import { beforeDeletedMark } from '../deleted-suffix.ts';
import type { BecameEvent, ExecEvent } from '../events.ts';
import { containerNamedBy, entersContainer } from './container-roots.ts';
import { fittingArgv } from './document-text.ts';
import {
  putArgv,
  putCredentials,
  putParent,
  putPlace,
  putProc,
  putProgram,
  putText,
  putWarnings,
} from './documents.ts';
import { asRead } from './inner-pids.ts';
import { factsOf } from './process-lives.ts';
import type { ProcessPlaces } from './process-places.ts';
import type { ProcessState } from './process-table.ts';
import type { Processes } from './processes.ts';
import type { StarProcesses } from './star-processes.ts';

const containerConcluded =
  'its container is concluded: its program lies on the root file system of the container that its runtime was started for';

export class ProcessExecs {
  readonly #processes: Processes;
  readonly #places: ProcessPlaces;
  readonly #stars: StarProcesses;
  readonly #infersForks: boolean;

  /** @param infersForks no connector tells of them. */
  constructor(processes: Processes, places: ProcessPlaces, stars: StarProcesses, infersForks: boolean) {
    this.#processes = processes;
    this.#places = places;
    this.#stars = stars;
    this.#infersForks = infersForks;
  }

  /** The connector's exec, with what /proc said right after it. */
  became(process: ProcessState, event: BecameEvent): void {
    const { observations } = this.#processes;
    // The task that executed is the leader now, and the only one left.
    process.tasks.clear();
    process.tasks.add(event.tgid);
    process.lastExecNs = event.monotonicNs;
    if (process.usage !== null) process.usage.maxRssKb = 0;
    process.threaded = false;
    const facts = factsOf(process, event.proc);
    process.exeDeleted = undefined;
    if (facts !== null) {
      this.#places.apply(process, facts);
      process.madeFor = containerNamedBy(facts.exe ?? null, facts.argv ?? null) ?? process.madeFor;
      process.inner = asRead(process.inner, facts);
      if (facts.exe !== undefined) {
        process.exe = facts.exe;
        process.exeDeleted = facts.exeDeleted;
      }
      process.comm = facts.comm ?? process.comm;
      process.cwd = facts.cwd ?? process.cwd;
      this.#stars.note(process, facts.argv);
    }
    const draft = observations.begin(process, observations.fromConnector(event, 'exec', event.tgid));
    draft.success = true;
    if (facts !== null) putProc(draft, facts);
    putPlace(draft, process);
    if (process.star) draft.star = true;
    observations.tell(draft);
  }

  exec(process: ProcessState, event: ExecEvent): void {
    const { observations } = this.#processes;
    const { caller } = event;
    const { argv, cut } = fittingArgv(event.argv);
    let concluded = false;
    if (event.success) {
      process.madeFor = containerNamedBy(event.exe ?? caller.exe, event.argv) ?? process.madeFor;
      concluded = this.#places.conclude(process, event);
      if (process.containerId != null && entersContainer(process.comm)) {
        // All that a runtime starts in a container sees the same there.
        process.mounts = 0;
        process.chroot = '';
      }
      applyProgram(process, event);
      process.comm = caller.comm ?? process.comm;
      process.cwd = event.cwd ?? process.cwd;
      this.#stars.note(process, event.argv);
    }
    const draft = observations.begin(process, observations.fromAudit(event, 'exec'));
    putParent(draft, process);
    // Who was its parent at the call: since its fork it may have been adopted.
    if (this.#infersForks && !Number.isNaN(caller.ppid)) draft.ppid = caller.ppid;
    putCredentials(draft, caller);
    // A failed call: SYSCALL's exe is still the old program; the name is what was asked for.
    if (event.success) putProgram(draft, process, event);
    else putText(draft, 'exe', event.name);
    putArgv(draft, argv);
    // The kernel writes them down when it has copied them all and found the program (audit_bprm).
    if (argv === null) draft.argvUnknown = event.success ? 'not recorded' : 'failed call';
    putText(draft, 'cwd', event.cwd);
    putPlace(draft, process);
    draft.success = event.success;
    if (!event.success) draft.errno = event.exit;
    if (process.star && event.success) draft.star = true;
    if (process.provisional) draft.inferred = true;
    const warnings = [...(event.warnings ?? [])];
    if (concluded) warnings.push(containerConcluded);
    if (cut > 0) warnings.push(`the last ${cut} arguments are left out: they do not fit a document`);
    putWarnings(draft, warnings);
    observations.tell(draft);
  }
}

/** Where the call does not tell whether the program was deleted, /proc may have told: what it said comes first. */
function applyProgram(process: ProcessState, { caller, exe, exeDeleted }: ExecEvent): void {
  if (caller.exe === null) return;
  const cut = beforeDeletedMark(caller.exe);
  if (exe === undefined && process.exeDeleted === true && process.exe === cut) return;
  process.exe = exe ?? caller.exe;
  process.exeDeleted = exeDeleted;
}
