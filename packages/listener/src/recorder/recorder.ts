/**
 * The only part of the pipeline with state: turns events, in the order they are given, into documents. Deterministic:
 * the same events give the same documents, ids included, which is what makes a --diag file replayable. No clock, no
 * /proc, no database.
 */

import type { ChainDocument, RawEntry, RunOrigin, SessionDocument, Sign } from '@godo/evidence';
import { isoTime, Ledger, missedMoments, moment } from '@godo/evidence';
import type {
  AuditEvent,
  ChrootEvent,
  LookUpEvent,
  LossEvent,
  OperationEvent,
  PipelineEvent,
  RescanEvent,
  SessionEndEvent,
  SessionStartEvent,
} from '../events.ts';
import { lossEvent } from '../loss-event.ts';
import { chrootDocument } from './chroot-document.ts';
import { containerDocument } from './container-document.ts';
import { contentDocument } from './content-document.ts';
import { type DescriptorLooks, DescriptorLookUps } from './descriptor-look-ups.ts';
import { nanosecondsPerMs } from './documents.ts';
import { FileRecorder } from './file-recorder.ts';
import type { AskForFile } from './mapped-sessions.ts';
import { mountsDocument } from './mounts-document.ts';
import type { EmitFile } from './open-file-sessions.ts';
import { ProcessRecorder } from './process-recorder.ts';
import type { ProcessState } from './process-table.ts';
import type { SeenAgain } from './processes-in-proc.ts';
import { RecordingChoice } from './recording-choice.ts';
import { UringRecorder } from './uring-recorder.ts';

export type Emit = (entry: RawEntry) => void;

interface Run {
  readonly start: SessionStartEvent;
  readonly origin: RunOrigin;
  readonly choice: RecordingChoice;
  readonly files: FileRecorder;
  readonly processes: ProcessRecorder;
  readonly uring: UringRecorder;
}

export class Recorder {
  readonly #store: Emit;
  readonly #sign: Sign | null;
  /** What was emitted and no link has told yet. */
  #ledger: Ledger | null = null;
  readonly #lookUps: DescriptorLookUps;
  readonly #ask: AskForFile;
  #run: Run | null = null;
  #losses = 0;

  /**
   * @param looks null: of descriptors nothing is known but what is told.
   * @param ask to look at a file, and tell what was found by an event; a recorder of what was told before needs nobody.
   * @param sign null: links have no signature.
   */
  constructor(
    emit: Emit,
    looks: DescriptorLooks | null = null,
    ask: AskForFile = () => undefined,
    sign: Sign | null = null,
  ) {
    this.#store = emit;
    this.#sign = sign;
    this.#lookUps = new DescriptorLookUps(looks);
    this.#ask = ask;
  }

  /** Of the last link, which vouches for all before it; null: there is none. */
  get entryHash(): string | null {
    return this.#ledger?.entryHash ?? null;
  }

  /** What is held in memory now, and what was passed over. */
  counters(): Record<string, number> {
    return {
      processes: this.#run?.processes.size ?? 0,
      openFileSessions: this.#run?.files.openSessions ?? 0,
      writesElsewhere: this.#run?.files.found.untracked ?? 0,
      unresolvedNames: this.#run?.files.unresolvedNames ?? 0,
      writesUnresolved: this.#run?.files.found.unresolved.writes ?? 0,
      losses: this.#losses,
      ...this.#run?.choice.counters(),
    };
  }

  /**
   * What is recorded from now on is of another turn, whose number is higher: see `unwrittenSince`. Of what is told, changes of
   * file sessions alone are not made documents of at once.
   */
  nextTurn(): number {
    return this.#run?.files.nextTurn() ?? 0;
  }

  /** The turn of the first event that is in no document yet; null: all are. */
  get unwrittenSince(): number | null {
    return this.#run?.files.unwrittenSince ?? null;
  }

  /** The first event must be a session-start; later ones are refused. */
  apply(event: PipelineEvent): void {
    if (event.kind === 'session-start') {
      this.#begin(event);
      return;
    }
    if (event.kind === 'descriptor-found' || event.kind === 'descriptors-shared') {
      this.#lookUps.tell(event);
      return;
    }
    this.#record(event);
    this.#lookUps.forget();
    if (this.#ledger?.isDue) this.#link(this.#ledger.link());
  }

  readonly #emit: Emit = (entry) => {
    this.#store(entry);
    this.#ledger?.add(entry);
  };

  #link(link: ChainDocument | null | undefined): void {
    if (link) this.#store({ collection: 'chain', document: link });
  }

  #record(event: Exclude<PipelineEvent, LookUpEvent | SessionStartEvent>): void {
    const run = this.#run;
    if (run === null) throw new Error(`the first event must be session-start, not ${event.kind}`);
    switch (event.kind) {
      case 'snapshot': {
        const process = event.again ? run.processes.snapshotAgain(event) : run.processes.snapshot(event);
        if (process === null) return;
        run.files.adopt(process, event);
        if (event.ioUring) run.uring.found(process, event.timeNs);
        return;
      }
      case 'uring-found':
        run.uring.tell(event);
        return;
      case 'rescan':
        this.#rescanned(event, run.processes.rescan(event));
        return;
      case 'fork':
        run.processes.fork(event);
        return;
      case 'became':
        run.processes.became(event);
        return;
      case 'exit':
        run.processes.exit(event);
        return;
      case 'star':
        run.processes.star(event);
        return;
      case 'container':
        this.#emit({ collection: 'events', document: containerDocument(run.origin, event) });
        return;
      case 'mounts':
        this.#emit({ collection: 'events', document: mountsDocument(run.origin, event) });
        return;
      case 'content':
        this.#emit({ collection: 'events', document: contentDocument(run.origin, event) });
        return;
      case 'file-look':
        run.files.looked(event);
        return;
      case 'checkpoint':
        run.files.checkpoint(event.timeNs);
        this.#tellUnresolved(event.timeNs, false);
        this.#link(this.#ledger?.checkpoint());
        return;
      case 'loss':
        this.#loss(event);
        return;
      case 'calls-missed':
        run.files.missed(event);
        return;
      case 'session-end':
        this.#end(event);
        return;
      default:
        this.#applyAudit(event);
    }
  }

  #applyAudit(event: AuditEvent): void {
    const run = this.#run;
    if (run === null) return;
    const isOther = event.kind === 'other';
    if (event.incomplete !== undefined && (!isOther || event.ofInterest)) {
      const serial = String(event.serial);
      const what = isOther ? ', of which nothing is recorded,' : ` (${event.kind})`;
      const reason = `Audit event ${serial}${what} may be incomplete: ${event.incomplete}.`;
      const timeNs = BigInt(event.ms) * nanosecondsPerMs;
      const facts = { severity: 'warning', source: 'reassembly', from: serial, to: serial, count: null } as const;
      this.#loss({ kind: 'loss', timeNs, ...facts, reason });
    }
    if (event.kind === 'other') return;
    const process = run.processes.caller(event);
    switch (event.kind) {
      case 'exec': {
        const named = run.files.executed(process, event);
        if (event.success) run.files.exec(process, event.ms);
        run.processes.exec(process, named);
        return;
      }
      case 'open':
        run.files.open(process, event);
        return;
      case 'close':
        run.files.close(process, event);
        return;
      case 'close-range':
        run.files.closeRange(process, event);
        return;
      case 'write':
        run.files.write(process, event);
        return;
      case 'dup':
        run.files.dup(process, event);
        return;
      case 'descriptor-flags':
        run.files.setFlags(process, event);
        return;
      case 'uring-setup':
      case 'uring-open':
      case 'uring-close':
      case 'uring-change':
        run.uring.apply(process, event);
        return;
      case 'operation':
        if (event.byUring) run.uring.operation(process, event);
        this.#operation(process, event);
        return;
      case 'descriptor-made':
        run.files.made(process, event);
        return;
      case 'pipe':
        run.files.pipe(process, event);
        return;
      case 'map':
        run.files.map(process, event);
        return;
      case 'clone':
        run.processes.cloned(process, event);
        return;
      case 'unshare':
        run.files.unshared(process, event);
        run.processes.movedNamespaces(process, event);
        return;
      case 'setns':
        run.processes.movedNamespaces(process, event);
        return;
      case 'chroot':
        this.#chroot(process, event);
        return;
      case 'unmount':
        run.files.unmounted(process);
        return;
      case 'pivot-root':
        run.processes.pivotRoot(process, event);
        return;
    }
  }

  #chroot(process: ProcessState, event: ChrootEvent): void {
    const run = this.#run;
    if (run === null) return;
    for (const one of process.rootSharers ?? [process]) {
      if (one !== process && one.exitedNs !== null) continue;
      const suffix = one === process ? '' : `:${one.tgid}`;
      const before = { chroot: one.chroot };
      run.processes.chroot(one, event, suffix);
      this.#emit({ collection: 'events', document: chrootDocument(run.origin, one, event, before, suffix) });
    }
  }

  #operation(process: ProcessState, event: OperationEvent): void {
    const run = this.#run;
    if (run === null || !run.choice.isRecordedOperation(event)) return;
    // Also of what is not stored it is to be known what was renamed.
    const document = run.files.operation(process, event, run.processes.all);
    if (run.choice.keepsOperationOf(process)) this.#emit({ collection: 'operations', document });
  }

  #begin(start: SessionStartEvent): void {
    if (this.#run !== null) throw new Error('a second session-start');
    const { host, machineId, bootId, sessionId } = start;
    const origin: RunOrigin = { host, machineId, bootId, sessionId };
    const choice = new RecordingChoice(start);
    this.#ledger = new Ledger(origin, { sign: this.#sign, repeats: start.intake === 'log' });
    const emit: EmitFile = (collection, session) => this.#emit({ collection, session });
    // A log has no /proc: of none of its writes it could be told.
    const isLog = start.intake === 'log';
    const files = new FileRecorder(origin, choice, emit, isLog ? null : this.#lookUps, isLog ? null : this.#ask);
    const processes = new ProcessRecorder(
      origin,
      { stars: start.stars, inferForks: start.intake === 'log' },
      files,
      (observation) => this.#emit({ collection: 'pids', observation }),
    );
    files.found.lookThrough(processes.all);
    const uring = new UringRecorder(origin, files, this.#emit);
    this.#run = { start, origin, choice, files, processes, uring };
    const document: SessionDocument = {
      _id: sessionId,
      ...origin,
      ...moment(start.timeNs),
      phase: 'start',
      mode: start.mode,
      kernel: start.kernel,
      version: start.version,
      intake: start.intake,
      rules: start.rules,
      chained: true,
      ...(start.engines !== undefined && { engines: start.engines }),
      ...(start.reads !== undefined && { reads: start.reads }),
      ...(start.sensitive !== undefined && { sensitive: start.sensitive }),
      ...(start.scope !== undefined && { scope: start.scope }),
      ...(start.command !== null && { command: start.command }),
    };
    this.#emit({ collection: 'sessions', document });
    // At once, so that there is no run without a chain.
    this.#link(this.#ledger.all());
  }

  #end(event: SessionEndEvent): void {
    const run = this.#run;
    if (run === null) return;
    run.files.finish(run.processes.all());
    run.files.checkpoint(event.timeNs);
    this.#tellUnresolved(event.timeNs, true);
    this.#link(this.#ledger?.all());
    const { entryHash } = this;
    const document: SessionDocument = {
      _id: `${run.origin.sessionId}:end`,
      ...run.origin,
      ...moment(event.timeNs),
      phase: 'end',
      mode: run.start.mode,
      counters: event.counters,
      reason: event.reason,
      ...(entryHash !== null && { entry_hash: entryHash }),
    };
    this.#emit({ collection: 'sessions', document });
    this.#link(this.#ledger?.end());
  }

  #tellUnresolved(timeNs: bigint, atOnce: boolean): void {
    const told = this.#run?.files.found.unresolved.due(timeNs, atOnce) ?? null;
    if (told !== null) this.#loss(lossEvent(timeNs, told));
  }

  #rescanned({ sinceNs, timeNs }: RescanEvent, { found, changed, ended }: SeenAgain): void {
    const seen = `${found} process(es) whose start had not been told, ${changed} whose exec had not been, ${ended} had ended`;
    const reason = `Messages of the connector had been lost, so /proc was looked through: ${seen}. What lived and ended in between is known from audit alone.`;
    const range = { from: isoTime(sinceNs), to: isoTime(timeNs), count: null };
    this.#loss({ kind: 'loss', timeNs, severity: 'warning', source: 'proc', ...range, reason });
  }

  #loss(event: LossEvent): void {
    const run = this.#run;
    if (run === null) return;
    this.#losses += 1;
    if (event.missed !== undefined) run.files.missed(event.missed);
    if (event.severity === 'loss' || event.missed !== undefined) run.processes.lost();
    const { severity, source, from, to, count, unit, reason } = event;
    const facts = { severity, source, from, to, count, ...(unit !== undefined && { unit }), reason };
    const missed = event.missed === undefined ? null : missedMoments(event.missed);
    this.#emit({
      collection: 'losses',
      document: {
        _id: `${run.origin.sessionId}:loss:${this.#losses}`,
        ...run.origin,
        ...moment(event.timeNs),
        ...facts,
        ...(missed !== null && { missed }),
      },
    });
  }
}
