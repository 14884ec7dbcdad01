/**
 * Starts the four stages in the order in which nothing is missed, watches the kernel's counters while they run, and
 * stops them in the order in which nothing is lost. What was found in the kernel is put back whatever happens.
 */

import { spawn } from 'node:child_process';
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { isoTime, redactUri, type StoreTarget, textOf } from '@godo/evidence';
import { closeSocket, openConnector, openTaskStatistics, receiveBufferBytes } from '@godo/native';
import type { Logger } from 'pino';
import type { Architecture } from '../audit/syscalls.ts';
import { ContainerFinder } from '../containers/container-finder.ts';
import { ContainerWatch } from '../containers/container-watch.ts';
import { KnownEngines } from '../containers/known-engines.ts';
import type { ContainerRoot, ControlEvent, SessionStartEvent } from '../events.ts';
import { type AuditIntake, AuditRole, sightOf } from '../kernel/audit-role.ts';
import { blindSpots } from '../kernel/blind-spots.ts';
import { Guardian } from '../kernel/guardian.ts';
import { hostFacts, monotonicUs, realtimeNs, version } from '../kernel/host.ts';
import { localPorts, processesListeningOn } from '../kernel/local-server.ts';
import {
  claimRunState,
  type EndOfRules,
  type RunState,
  readRunState,
  removeRunState,
  unstated,
  writeRunState,
} from '../kernel/run-file.ts';
import { withRunLock } from '../kernel/run-lock.ts';
import { ListenerError } from '../listener-error.ts';
import { type LossFacts, lossEvent } from '../loss-event.ts';
import { deviceOf } from '../proc/device.ts';
import { isLocalPath } from '../proc/local-file-systems.ts';
import { type EngineProcess, ProcReader } from '../proc/proc-reader.ts';
import { architecturesOf, describeRule, excludeRule, ruleSet } from '../rules/rule-set.ts';
import { defaultSensitivePaths, realPaths } from '../rules/sensitive-paths.ts';
import { uringRuleSet } from '../rules/uring-rules.ts';
import { ByteRing, createByteRing } from './byte-ring.ts';
import { cutOffLosses } from './cut-off-losses.ts';
import { keepHouseCheaply } from './engine.ts';
import { KernelWatch } from './kernel-watch.ts';
import { LookPace } from './look-pace.ts';
import type {
  ConnectorOrder,
  ConnectorReport,
  ContentStageData,
  HashOptions,
  ReassemblyReport,
  SpoolPlace,
  WriterOrder,
  WriterReport,
} from './messages.ts';
import { SensitiveWatch } from './sensitive-watch.ts';
import { createSharedMemory, type SharedMemory, SharedState } from './shared-state.ts';
import { tellSocket, wake } from './wake.ts';

export interface ListenerOptions {
  readonly target: StoreTarget;
  readonly diagFile: string | null;
  readonly spool: SpoolPlace | null;
  /** Audit records that the kernel may queue for us. */
  readonly backlog: number;
  /** What may wait in each of our sockets. */
  readonly receiveBufferBytes: number;
  /** How long a full queue makes a process wait for each of its records, in ms; 0: not at all. */
  readonly waitMs: number;
  /** Whether a BPF program may hand the records over, where the kernel allows it. */
  readonly bpf: boolean;
  /** Whether the names of environments are read of processes that execute something. */
  readonly envNames: boolean;
  /** Whether opens for reading are recorded of all files. */
  readonly reads: boolean;
  /** Files and folders of which they are in any case. */
  readonly sensitive: readonly string[];
  /** Of whose processes it is stored what they do to files. */
  readonly scope: 'host' | 'containers';
  /** Whether and how changed files are read. */
  readonly hash: HashOptions | null;
  /** Signs the links of the chain. */
  readonly signKey: KeyObject | null;
  /** Executables whose processes are roots of the tree. */
  readonly stars: readonly string[];
  /** Names of programs whose processes are roots of the tree where they made containers. */
  readonly engines: readonly string[];
  /** The command of `godo record`. */
  readonly command: readonly string[] | null;
}

export interface ListenerCounters extends Readonly<Record<string, number>> {
  readonly auditRecords: number;
  readonly lost: number;
}

const ringBytes = 16 * 1024 * 1024;
/** About 40,000 records: a fifth of a second of the greatest load. */
const recordRingBytes = 8 * 1024 * 1024;
const checkpointMs = 10_000;
const watchMs = 1_000;
/** Where little happens the counters that `godo status` shows are this old: on a host at rest it costs to write them. */
const tellMs = 4_500;
/** In a storm of processes the answer to the subscription may stand behind very many messages. */
const startMs = 30_000;
const abandonMs = 3_000;
/**
 * How long the first three stages may take at the end, and then the writer, which waits for the database no longer than
 * that: together no longer than a service manager waits.
 */
const stagesEndMs = 30_000;
const writerEndMs = 70_000;
const statisticsMs = 1_000;
/** How long an end waits for what engines know of the last containers. */
const lastContainersMs = 1_500;
/**
 * How long records may gather in our socket. What does not fit into it waits in the kernel's queue where we have the
 * audit role, and is lost where we are one of many readers.
 */
const mostGatherMs: Readonly<Record<AuditIntake, number>> = { unicast: 600, multicast: 50 };
/**
 * MB of the part of each stage's heap where objects begin. V8 lets it grow to 48 under load and keeps it; what a stage
 * makes lives for a batch, and this much holds many.
 */
const youngMb: Readonly<Record<string, number>> = { 'audit-intake': 3, connector: 6, reassembly: 6, writer: 24 };

/** What became of the last documents; `entryHash`: of the last link of the chain, null where there is none. */
export interface EndOfRun {
  readonly undelivered: number | null;
  readonly spoolLeft: boolean;
  readonly entryHash: string | null;
}

interface Stage<Report> {
  readonly worker: Worker;
  readonly name: string;
  /** Resolves with the first report of this kind. */
  report<Kind extends Report extends { kind: string } ? Report['kind'] : never>(
    kind: Kind,
    limitMs?: number,
  ): Promise<Extract<Report, { kind: Kind }>>;
}

export class Supervisor {
  readonly #options: ListenerOptions;
  readonly #log: Logger;
  readonly #facts = hostFacts();
  readonly #sharedMemory: SharedMemory = createSharedMemory();
  readonly #shared = new SharedState(this.#sharedMemory);
  readonly #records = createByteRing(ringBytes);
  readonly #events = createByteRing(ringBytes);
  readonly #sessionStartNs = realtimeNs();
  readonly sessionId = `${this.#facts.bootId}:run:${this.#sessionStartNs}`;
  #role: AuditRole | null = null;
  readonly #guardian = new Guardian(
    [process.execPath, fileURLToPath(new URL('../cli.js', import.meta.url)), 'cleanup', '--after', String(process.pid)],
    (reason) => this.#log.warn(`The process that would remove our rules after a crash is gone (${reason}).`),
  );
  /** The run before, as long as it may be that the gap that it left is not stated in the database. */
  #cutOff: RunState | null = null;
  /** There are, or were, rules of ours. */
  #began = false;
  /** What is known not to be seen, a sentence each. */
  #blindSpots: readonly string[] = [];
  #connectorFd: number | null = null;
  #statisticsFd: number | null = null;
  /** The size of the records' ring (0: there is none), and how often it was full. */
  #bpfRing = { bpfRingBytes: 0, bpfRingDiversions: 0 };
  #writer: Stage<WriterReport> | null = null;
  #connector: Stage<ConnectorReport> | null = null;
  readonly #stages: Worker[] = [];
  readonly #engines = new KnownEngines();
  readonly #finder = new ContainerFinder(this.#engines);
  readonly #containers = new ContainerWatch({
    find: (container) => this.#finder.find(container),
    found: (data) => this.#event({ kind: 'container', timeNs: realtimeNs(), data }),
    warn: (loss) => this.#loss(loss),
  });
  #kernelWatch: KernelWatch | null = null;
  #sensitive: SensitiveWatch | null = null;
  #content: Worker | null = null;
  readonly #lookPace = new LookPace();
  /** The counters that stand in our state, as JSON. */
  #toldCounters = '';
  #toldMs = Number.NEGATIVE_INFINITY;
  readonly #startTicks = new ProcReader().stat(process.pid)?.startTicks ?? 0;
  #timer: NodeJS.Timeout | null = null;
  #stopping = false;
  #fail: (error: Error) => void = () => undefined;
  /** Rejects when a stage fails while the listener runs; never resolves. */
  readonly failed = new Promise<never>((_, reject) => {
    this.#fail = reject;
  });

  constructor(options: ListenerOptions, log: Logger) {
    this.#options = options;
    this.#log = log;
    this.#shared.setOrder('connectorHolds', 1);
    // Somebody may look at it only later.
    this.failed.catch(() => undefined);
  }

  get intake(): AuditIntake {
    return this.#role?.intake ?? 'unicast';
  }

  counters(): ListenerCounters {
    return {
      ...this.#shared.all(),
      ...ringCounters('ring', new ByteRing(this.#records)),
      ...ringCounters('eventRing', new ByteRing(this.#events)),
      ...this.#bpfRing,
    };
  }

  /** Resolves when everything is recorded from now on. On failure the kernel is as it was found. */
  async start(): Promise<void> {
    try {
      await this.#start();
    } catch (error) {
      await this.abandon();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const architectures = architecturesOf(process.arch);
    if (architectures.length === 0) {
      throw new ListenerError('NO_AUDIT', `godo has no system call table for ${process.arch} processors.`);
    }
    keepHouseCheaply();
    // Within the lock: what is found may be what a listener that was cut off has left, and somebody is putting back.
    const { role, cutOff } = withRunLock(() => {
      const found = new AuditRole();
      return { role: found, cutOff: this.#claim(found) };
    });
    this.#role = role;
    this.#guardian.start();
    // Rules of a listener that was cut off go at once. Then the database: before it is there, nothing else in the kernel is touched.
    if (cutOff !== null) this.#takeOver(cutOff, role);
    const toReassembly = new MessageChannel();
    const toConnector = new MessageChannel();
    await this.#startWriter(toReassembly.port2, toConnector.port2);
    this.#goOn();

    role.take(process.pid, {
      backlogLimit: this.#options.backlog,
      waitMs: this.#options.waitMs,
      receiveBufferBytes: this.#options.receiveBufferBytes,
      recordRingBytes: this.#options.bpf ? recordRingBytes : 0,
    });
    const uringRules = role.takesUringRules();
    const { reads } = this.#options;
    this.#tellIntake(role);
    const rulesOf = (intake: AuditIntake) => {
      const exempt = this.#exemptPids(intake);
      const recording = [...ruleSet(architectures, exempt, { reads }), ...(uringRules ? uringRuleSet(exempt) : [])];
      return intake === 'unicast' ? [...recording, excludeRule] : recording;
    };
    this.#kernelWatch = new KernelWatch(role, rulesOf, (loss) => this.#loss(loss));
    const { rules } = this.#kernelWatch;
    this.#event(this.#sessionStart(role, rules.map(describeRule)));
    this.#blindSpots = blindSpots(sightOf(role, uringRules));
    this.#stateBlindSpots();

    const ring = this.#records;
    const events = this.#events;
    const shared = this.#sharedMemory;
    tellSocket(this.#shared, 'auditSocket', role.dataFd);
    this.#launch('audit-intake', { fd: role.dataFd, ring, shared, mostGatherMs: mostGatherMs[role.intake] }, []);
    const keepLines = this.#options.diagFile !== null;
    const toWriter = toReassembly.port1;
    const reassemblyData = { ring, events, shared, keepLines, toWriter };
    const reassembly = this.#launch<ReassemblyReport>('reassembly', reassemblyData, [toWriter]);
    reassembly.worker.on('message', () => this.#look());
    await this.#subscribe(toConnector.port1);
    this.#goOn();
    this.#openStatistics();
    this.#began = true;
    role.load(rules);
    this.#watchSensitive(role, architectures);
    // Forks after this point are seen by both; what ran before is read from /proc.
    const auditTellsUs = tellsExecs(role) ? monotonicUs() : null;
    this.#stateCutOff();
    const order = { kind: 'snapshot', auditTellsUs, statisticsFd: this.#statisticsFd } satisfies ConnectorOrder;
    this.#connector?.worker.postMessage(order);
    const taken = await this.#connector?.report('snapshot-taken', 60_000);
    this.#goOn();
    this.#containers.begin();
    this.#look();
    this.#timer = setInterval(() => this.#look(), watchMs);
    this.#log.info(
      {
        sessionId: this.sessionId,
        intake: role.intake,
        rules: rules.length,
        processes: taken?.processes,
        socketBytes: receiveBufferBytes(role.dataFd),
        bpfRing: role.ringRefusal ?? `${recordRingBytes} bytes`,
      },
      'listening',
    );
  }

  /** A start that was abandoned meanwhile must not go on with what has been put back. */
  #goOn(): void {
    if (this.#stopping) throw new ListenerError('STAGE_FAILED', 'The start was abandoned.');
  }

  /** Declares a running process a root of the tree. */
  star(tgid: number): void {
    this.#event({ kind: 'star', timeNs: realtimeNs(), tgid });
  }

  /**
   * Stops intake, lets everything that was taken in reach the database, and puts the kernel back as it was found.
   * Tells how many documents are lost, for neither database nor spool took them (null: that cannot be told), and whether
   * some wait in the spool. Every step is bounded; where one was cut short that is stated, here or by the next start.
   */
  async stop(reason: string): Promise<EndOfRun> {
    const beganNs = realtimeNs();
    const endMs = performance.now() + stagesEndMs;
    this.#beginEnd();
    this.#order({ kind: 'ending' });
    const [intake, reassembly, connector] = this.#stages.slice(1);
    const late: string[] = [];
    const orderly = async (stage: Worker | undefined, name: string) => {
      if (!(await endedWithin(stage, endMs - performance.now()))) late.push(name);
    };
    this.#shared.setOrder('stopAudit', 1);
    wake(this.#shared, 'auditSocket');
    await orderly(intake, 'audit intake');
    // Its socket is closed next.
    if (late.length > 0) await this.#cutOffStages([intake]);
    this.#countLost();
    this.#restoreKernel('all is read');
    await orderly(reassembly, 'reassembly');
    // Until it is known what the database has taken.
    this.#endNote(true);
    this.#shared.setOrder('stopConnector', 1);
    wake(this.#shared, 'connectorSocket');
    await orderly(connector, 'connector');
    if (late.length > 0) await this.#cutOffStages([intake, reassembly, connector]);
    this.#closeConnector();
    await this.#containers.end(lastContainersMs);
    this.#stateShortEnd(late, beganNs);
    const done = this.#writer?.report('done', writerEndMs);
    this.#order({ kind: 'end', reason, cutOff: late.length > 0 });
    const end = await done?.catch(() => undefined);
    // What a database that does not answer has open may keep it from ending.
    if (!(await endedWithin(this.#writer?.worker, abandonMs))) await this.#writer?.worker.terminate();
    const { undelivered = null, spoolLeft = false, entryHash = null } = end ?? {};
    this.#endNote(undelivered !== 0);
    return { undelivered, spoolLeft, entryHash };
  }

  /** Each comes back from where it waits when it is told to; only what does not is cut off. */
  async #cutOffStages(stages: readonly (Worker | undefined)[]): Promise<void> {
    this.#shared.setOrder('abandon', 1);
    this.#shared.setOrder('stopConnector', 1);
    wake(this.#shared, 'auditSocket');
    wake(this.#shared, 'connectorSocket');
    await Promise.all(stages.map((stage) => endedWithin(stage, abandonMs)));
    await Promise.all(stages.map((stage) => stage?.terminate()));
  }

  #stateShortEnd(late: readonly string[], beganNs: bigint): void {
    const range = { from: isoTime(beganNs), to: isoTime(realtimeNs()) };
    if (late.length > 0) {
      const seconds = stagesEndMs / 1000;
      const reason = `The end was cut short after ${seconds} s (${late.join(', ')} had more to do): what had been received last, or waited in the kernel, is lost.`;
      this.#loss({ source: 'listener', reason, from: null, to: range.to });
    } else if (this.#shared.get('auditLeft') !== 0) {
      const reason = 'At the end audit records did not cease to come: what was not read after 15 s is lost.';
      this.#loss({ source: 'listener', reason, ...range });
    }
  }

  /** The way out after a failure: the kernel is put back, the stages end as they are. */
  async abandon(): Promise<void> {
    this.#beginEnd();
    for (const order of ['abandon', 'stopAudit', 'stopConnector'] as const) this.#shared.setOrder(order, 1);
    wake(this.#shared, 'auditSocket');
    wake(this.#shared, 'connectorSocket');
    this.#connector?.worker.postMessage({ kind: 'stop' } satisfies ConnectorOrder);
    // The stages that stand in native calls come back by themselves; only what does not is cut off.
    const patience = new Promise((resolve) => setTimeout(resolve, abandonMs).unref());
    const [writer, ...others] = this.#stages;
    void this.#content?.terminate();
    await Promise.race([Promise.all(others.map(ended)), patience]);
    await Promise.all([writer, ...others].map((stage) => stage?.terminate()));
    this.#restoreKernel('as it is');
    this.#closeConnector();
  }

  #beginEnd(): void {
    this.#stopping = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    try {
      this.#role?.removeRules();
    } catch (error) {
      this.#log.error(
        `Our audit rules cannot be removed (${(error as Error).message}): they stay until somebody does.`,
      );
    }
  }

  /**
   * Whatever of it fails, the rest is done, and the note for `godo cleanup` stays. It stays as well, for the next start,
   * until it is known that all that was recorded has been taken.
   */
  #restoreKernel(how: 'all is read' | 'as it is'): void {
    const role = this.#role;
    this.#role = null;
    if (role === null) return;
    this.#lookAtRing(role);
    try {
      // Where they could not be removed at first. What is read by then is known at the end.
      const end = how === 'as it is' && this.#began ? role.endRules().end : null;
      if (end === null) role.removeRules();
      role.restore();
      this.#noteEnd(end);
      this.#guardian.end();
    } catch (error) {
      const { message } = error as Error;
      this.#log.error(`The audit settings cannot be put back (${message}): run \`godo cleanup\` when that is over.`);
    } finally {
      tellSocket(this.#shared, 'auditSocket', null);
      role.close();
    }
  }

  /** Of a run that has had no rules there is nothing to state, but for what the one before has left. */
  #noteEnd(endOfRules: EndOfRules | null): void {
    const state = readRunState();
    if (state?.pid !== process.pid) return;
    const left = this.#began ? this.#endState(state) : this.#cutOff;
    if (left === null) removeRunState();
    else writeRunState({ ...left, restored: true, ...(endOfRules !== null && { endOfRules }) });
  }

  /** What is not in the database is stated by the next start: it finds the note, with what is stored. */
  #endNote(isIncomplete: boolean): void {
    const state = readRunState();
    if (state?.pid !== process.pid || !state.restored) return;
    if (!isIncomplete) {
      removeRunState();
      return;
    }
    const left = this.#endState(state);
    const { auditLeft, lastSerial = 0 } = left.counters;
    const isAll = auditLeft === 0 && this.#shared.order('allDecoded') !== 0;
    const serial = isAll && lastSerial !== 0 ? lastSerial : null;
    const endOfRules = state.endOfRules ?? { serial, lost: this.#kernelWatch?.lostByKernel ?? 0 };
    writeRunState({ ...left, endOfRules });
  }

  #endState({ before, ...state }: RunState): RunState & { readonly counters: ListenerCounters } {
    this.#forgetCutOff();
    const run = this.#cutOff === null ? null : { before: this.#cutOff };
    return { ...state, ...run, counters: this.counters() };
  }

  /**
   * What each task has used, when it ends. After the connector was subscribed to, so that of each of these tasks the
   * connector tells the end, too.
   */
  #openStatistics(): void {
    try {
      const processors = readFileSync('/sys/devices/system/cpu/possible', 'latin1').trim();
      this.#statisticsFd = openTaskStatistics(
        { receiveBufferBytes: this.#options.receiveBufferBytes, processors },
        statisticsMs,
      );
    } catch (error) {
      const reason = `What CPU time and memory processes used is not recorded: the kernel gives no task statistics (${(error as Error).message}).`;
      this.#blindSpots = [...this.#blindSpots, reason];
      this.#loss({ severity: 'warning', source: 'blind-spot', reason });
    }
  }

  /** After the other rules, which then decide about what is opened for writing. */
  #watchSensitive(role: AuditRole, architectures: readonly Architecture[]): void {
    const sensitive = this.#options.sensitive.filter(isLocalPath);
    const remote = this.#options.sensitive.filter((path) => !sensitive.includes(path));
    if (remote.length > 0) {
      const reason = `Who reads ${remote.join(', ')} is not recorded: it is on no local file system, whose server could let the kernel wait.`;
      this.#loss({ severity: 'warning', source: 'blind-spot', reason });
    }
    if (sensitive.length === 0 || role.immutable) return;
    this.#sensitive = new SensitiveWatch({
      paths: sensitive,
      architectures,
      rules: role.sensitiveRules,
      facts: realPaths,
      device: deviceOf,
      nowNs: realtimeNs,
      tell: (loss) => this.#loss(loss),
    });
    const { rules, missing } = this.#sensitive.begin();
    this.#log.info({ rules: rules.length, missing }, 'sensitive files are watched');
    const wanted = missing.filter((path) => !(defaultSensitivePaths as readonly string[]).includes(path));
    if (wanted.length === 0) return;
    const reason = `Who reads ${wanted.join(', ')} is not recorded as long as the folder of it is not there.`;
    this.#loss({ severity: 'warning', source: 'blind-spot', reason });
  }

  #learnEngine(engine: EngineProcess): void {
    this.#engines.learn(engine);
    if (engine.makes !== null) this.#watchContainer(engine.makes.root);
  }

  #watchContainer({ containerId, rootfs, dev }: ContainerRoot): void {
    const { text, hex } = textOf(rootfs);
    if (dev === null || hex !== undefined || this.#stopping) return;
    try {
      this.#sensitive?.addContainer({ containerId, rootfs: text, dev });
    } catch (error) {
      this.#log.warn({ err: error }, 'the sensitive files of a container are not watched');
    }
  }

  #closeConnector(): void {
    tellSocket(this.#shared, 'connectorSocket', null);
    if (this.#connectorFd !== null) closeSocket(this.#connectorFd);
    this.#connectorFd = null;
    if (this.#statisticsFd !== null) closeSocket(this.#statisticsFd);
    this.#statisticsFd = null;
  }

  async #startWriter(fromReassembly: MessagePort, fromConnector: MessagePort): Promise<void> {
    const { target, diagFile, spool, hash, signKey } = this.#options;
    const toContent = hash === null ? null : new MessageChannel();
    const data = {
      events: this.#events,
      shared: this.#sharedMemory,
      fromReassembly,
      fromConnector,
      target,
      diagFile,
      spool,
      signKey,
      checkpointMs,
      content: toContent?.port1 ?? null,
    };
    const ports = [fromReassembly, fromConnector, ...(toContent === null ? [] : [toContent.port1])];
    const writer = this.#launch<WriterReport>('writer', data, ports);
    this.#writer = writer;
    if (hash !== null && toContent !== null) this.#launchContent({ hash, writer: toContent.port2 });
    writer.worker.on('message', (report: WriterReport) => {
      if (report.kind === 'trouble') this.#log.warn(report.message);
      else if (report.kind === 'note') this.#log.info(report.message);
    });
    const failure = writer.report('failed').then(({ message }) => {
      throw new ListenerError('DATABASE', message);
    });
    await Promise.race([writer.report('ready', 30_000), failure]);
    failure.catch(() => undefined);
  }

  /** Beside the stages that are stopped in order: it ends when the writer does not need it any more. */
  #launchContent(data: ContentStageData): void {
    const worker = new Worker(new URL('./content.js', import.meta.url), {
      workerData: data,
      transferList: [data.writer],
      name: 'godo-content',
      // It closes descriptors that the addon has opened: Node would warn of each.
      trackUnmanagedFds: false,
      resourceLimits: { maxYoungGenerationSizeMb: 6 },
    });
    worker.on('error', (error) => this.#stageFailed('content', error));
    // A file system that does not answer must not keep us.
    worker.unref();
    this.#content = worker;
  }

  async #subscribe(toWriter: MessagePort): Promise<void> {
    const fd = openConnector({ receiveBufferBytes: this.#options.receiveBufferBytes });
    this.#connectorFd = fd;
    tellSocket(this.#shared, 'connectorSocket', fd);
    const data = { fd, shared: this.#sharedMemory, toWriter, ownTgid: process.pid, envNames: this.#options.envNames };
    const connector = this.#launch<ConnectorReport>('connector', data, [toWriter]);
    this.#connector = connector;
    connector.worker.on('message', (report: ConnectorReport) => {
      if (report.kind === 'container') this.#containers.add(report.container);
      else if (report.kind === 'engine') this.#learnEngine(report.engine);
      else if (report.kind === 'root') this.#watchContainer(report.root);
    });
    const hint = 'is the kernel built with CONFIG_PROC_EVENTS, and are we in the initial user and pid namespace?';
    await connector.report('subscribed', startMs).catch(() => {
      throw new ListenerError(
        'NO_CONNECTOR',
        `The kernel did not acknowledge the subscription to process events: ${hint}`,
      );
    });
    // Outside the initial namespaces the subscription is acknowledged and nothing comes: see whether something does, at the
    // latest a fork of ours. (In a storm that one may be far behind, or be lost.)
    const seen = connector.report('event-seen', startMs);
    const child = spawn('/bin/true', { stdio: 'ignore' });
    child.on('error', () => undefined);
    await seen.catch(() => {
      throw new ListenerError('NO_CONNECTOR', `A fork of our own was not told by the proc connector: ${hint}`);
    });
  }

  #sessionStart(role: AuditRole, rules: readonly string[]): SessionStartEvent {
    const { host, machineId, bootId, kernel } = this.#facts;
    return {
      kind: 'session-start',
      timeNs: this.#sessionStartNs,
      sessionId: this.sessionId,
      host,
      machineId,
      bootId,
      mode: 'live',
      intake: role.intake,
      kernel,
      version,
      rules: role.immutable ? [] : rules,
      command: this.#options.command,
      stars: this.#options.stars,
      engines: this.#options.engines,
      ...(this.#options.reads && { reads: true }),
      ...(this.#options.sensitive.length > 0 && { sensitive: this.#options.sensitive }),
      ...(this.#options.scope === 'containers' && { scope: 'containers' }),
    };
  }

  /** The gap that a listener before this one left, which ends now. */
  #stateCutOff(): void {
    if (this.#cutOff === null) return;
    for (const loss of cutOffLosses(this.#cutOff, realtimeNs())) this.#loss(loss);
  }

  /** Whether the note names the run before, and need not any more. */
  #forgetCutOff(): boolean {
    if (this.#cutOff === null || this.#shared.order('gapStored') === 0) return false;
    this.#cutOff = null;
    return true;
  }

  /** What is known from the start not to be seen. */
  #stateBlindSpots(): void {
    for (const reason of this.#blindSpots) this.#loss({ severity: 'warning', source: 'blind-spot', reason });
  }

  /** Once a second: what the kernel says, where there is reason to ask, and our state for others, where it changed. */
  #look(): void {
    if (this.#role === null || this.#stopping) return;
    try {
      const due = this.#lookPace.isDue(performance.now(), this.#shared.all());
      if (due) this.#kernelWatch?.look(this.#shared.get('roleRequests'));
      if (due) this.#sensitive?.look();
      this.#shared.set('lost', this.#kernelWatch?.lost ?? 0);
      this.#tellIntake(this.#role);
      this.#lookAtRing(this.#role);
      const counters = this.counters();
      const forgot = this.#forgetCutOff();
      if (!due && !forgot && performance.now() - this.#toldMs < tellMs) return;
      const text = JSON.stringify(counters);
      if (!due && !forgot && text === this.#toldCounters) return;
      writeRunState({ ...this.#runState(this.#role), counters });
      this.#toldCounters = text;
      this.#toldMs = performance.now();
    } catch (error) {
      this.#log.warn({ err: error }, 'the kernel did not tell its audit status');
    }
  }

  /** The kernel's own losses up to the end. */
  #countLost(): void {
    try {
      this.#kernelWatch?.countLost();
      this.#shared.set('lost', this.#kernelWatch?.lost ?? 0);
    } catch (error) {
      this.#log.warn({ err: error }, 'the kernel did not tell its audit status');
    }
  }

  #tellIntake(role: AuditRole): void {
    this.#shared.setOrder('readsMulticast', role.intake === 'multicast' ? 1 : 0);
  }

  #lookAtRing(role: AuditRole): void {
    const bpfRingBytes = role.ringRefusal === null ? recordRingBytes : 0;
    this.#bpfRing = { bpfRingBytes, bpfRingDiversions: role.ringDiversions };
  }

  #runState(role: AuditRole): RunState {
    const { target } = this.#options;
    return {
      pid: process.pid,
      startTicks: this.#startTicks,
      sessionId: this.sessionId,
      started: new Date(Number(this.#sessionStartNs / 1_000_000n)).toISOString(),
      intake: role.intake,
      store: target.kind === 'sqlite' ? target.directory : redactUri(target.uri),
      found: role.restoreTo,
      updated: new Date().toISOString(),
      blindSpots: this.#blindSpots,
      lostBefore: role.found.lost,
      ...(this.#cutOff !== null && { before: this.#cutOff }),
      counters: {},
    };
  }

  /**
   * Only one listener a host; what one that was cut off had found is what is put back at the end. Returns the note of that one;
   * null: there was none.
   */
  #claim(role: AuditRole): RunState | null {
    const claim = claimRunState(this.#runState(role));
    if ('running' in claim) {
      role.close();
      throw new ListenerError('ALREADY_RUNNING', `godo is running already (pid ${claim.running.pid}): stop it first.`);
    }
    const { cutOff } = claim;
    if (cutOff !== null && !cutOff.restored) role.inherit(cutOff.found);
    return cutOff;
  }

  /** The gap of the run before is ours to state, also where its rules cannot be taken out. */
  #takeOver(cutOff: RunState, role: AuditRole): void {
    this.#cutOff = unstated(cutOff);
    // Where the settings were put back and nobody noted by when the rules were gone, it is not known.
    if (cutOff.restored || cutOff.endOfRules !== undefined) return;
    this.#cutOff = unstated({ ...cutOff, endOfRules: role.endRules().end });
  }

  /** Whose calls must not be recorded, or each batch that is written would make another one. */
  #exemptPids(intake: AuditIntake): number[] {
    const { target } = this.#options;
    const servers = target.kind === 'mongodb' ? localPorts(target.uri).flatMap(processesListeningOn) : [];
    // The kernel exempts the daemon that has the role by itself.
    return [...(intake === 'multicast' ? [process.pid] : []), ...new Set(servers)];
  }

  #loss(facts: LossFacts): void {
    this.#event(lossEvent(realtimeNs(), facts));
    this.#log.warn({ source: facts.source }, facts.reason);
  }

  #event(event: ControlEvent): void {
    this.#order({ kind: 'event', event });
  }

  #order(order: WriterOrder): void {
    this.#writer?.worker.postMessage(order);
  }

  #launch<Report>(name: string, workerData: object, transferList: MessagePort[]): Stage<Report> {
    const maxYoungGenerationSizeMb = youngMb[name];
    const worker = new Worker(new URL(`./${name}.js`, import.meta.url), {
      workerData,
      transferList,
      name: `godo-${name}`,
      ...(maxYoungGenerationSizeMb !== undefined && { resourceLimits: { maxYoungGenerationSizeMb } }),
    });
    this.#stages.push(worker);
    const exited = new Promise<number>((resolve) => worker.once('exit', resolve));
    worker.on('error', (error) => this.#stageFailed(name, error));
    void exited.then((code) => {
      if (code !== 0 && !this.#stopping) this.#stageFailed(name, new Error(`it ended with code ${code}`));
    });
    return {
      worker,
      name,
      report: (kind, limitMs) =>
        new Promise((resolve, reject) => {
          const timer =
            limitMs === undefined
              ? null
              : setTimeout(
                  () =>
                    settle(() =>
                      reject(new ListenerError('STAGE_FAILED', `The ${name} stage did not answer in time.`)),
                    ),
                  limitMs,
                );
          const settle = (how: () => void) => {
            if (timer !== null) clearTimeout(timer);
            worker.off('message', listen);
            how();
          };
          const listen = (message: { kind: string }) => {
            if (message.kind === kind) settle(() => resolve(message as never));
          };
          worker.on('message', listen);
          if (limitMs !== undefined)
            void exited.then(() =>
              settle(() => reject(new ListenerError('STAGE_FAILED', `The ${name} stage has ended.`))),
            );
        }),
    };
  }

  #stageFailed(name: string, error: Error): void {
    if (this.#stopping) return;
    this.#fail(new ListenerError('STAGE_FAILED', `The ${name} stage failed: ${error.message}`, { cause: error }));
  }
}

/** Bytes that wait, the most that ever did, and how often the producer had to wait for room. */
function ringCounters<Name extends string>(name: Name, ring: ByteRing) {
  const { highWater, waits } = ring.counters();
  const counters = { [`${name}Used`]: ring.used, [`${name}HighWater`]: highWater, [`${name}Waits`]: waits };
  return counters as { [K in `${Name}${'Used' | 'HighWater' | 'Waits'}`]: number };
}

/**
 * Whether audit tells of the execs of every process that is forked from now on, so that /proc need not be asked for the
 * same. What rules of others hide is hidden on purpose, and stated.
 */
function tellsExecs(role: AuditRole): boolean {
  return role.intake === 'unicast' && !role.immutable && role.taskNeverRules() === 0 && process.arch !== 'arm64';
}

/** False when it goes on after `ms`. */
async function endedWithin(worker: Worker | undefined, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.max(0, ms));
  });
  const isEnded = await Promise.race([ended(worker).then(() => true), late]);
  clearTimeout(timer);
  return isEnded;
}

async function ended(worker: Worker | undefined): Promise<void> {
  if (worker === undefined || worker.threadId === -1) return;
  // Not events.once: that rejects when the worker has failed, and here any end will do.
  await new Promise((resolve) => worker.once('exit', resolve));
}
