/**
 * What the threads share beside the audit ring: orders of the supervisor, and counters. Every counter is written by one
 * thread alone and read by any.
 */

const orders = [
  'abandon',
  'stopAudit',
  'stopConnector',
  /** 1: we are one of many readers of audit's records, and not its daemon. */
  'readsMulticast',
  /** An exit waits for the news that the audit socket was found empty: intake tells it once. */
  'wantAuditDrain',
  /** A batch of audit events waits for what the connector was told before it: the connector sends once what there is. */
  'wantConnectorNews',
  /** The writer has found the ring of events empty, and wants to be told when it is not. */
  'writerAsleep',
  'connectorBatchesWaiting',
  /**
   * The connector has, or may have, events that the writer was not sent. Set before a receive, cleared when what came was
   * sent: who finds the socket empty and then this cleared has been sent everything that came before.
   */
  'connectorHolds',
  /** Every record that intake has read has been decoded. */
  'allDecoded',
  /** What the run before has left out is stated, and that is in the store. */
  'gapStored',
  /** The descriptors of the sockets, and 1: 0 while there is none. See wake.ts. */
  'auditSocket',
  'connectorSocket',
] as const;
export type Order = (typeof orders)[number];

const counters = [
  /** Records that the kernel dropped since we listen, as it counts them. */
  'lost',
  'auditRecords',
  'auditBytes',
  'auditOverruns',
  /** 1: at the end records still came, and were left. */
  'auditLeft',
  'auditEvents',
  /** Events of which records are known to be missing, and how many. */
  'incompleteEvents',
  'missingRecords',
  'badRecords',
  'lateRecords',
  'missingSerials',
  'truncatedRecords',
  /** Records that tell of a change of audit's settings or rules. */
  'configChanges',
  /** Somebody else has asked the kernel for the audit role that is ours. */
  'roleRequests',
  'openEvents',
  /** Of the first audit event that came, and the highest that did. 0: none has. */
  'firstSerial',
  'lastSerial',
  'connectorMessages',
  'connectorOverruns',
  'connectorMissing',
  'connectorWaits',
  'procReadings',
  'waitingExits',
  /** Changed files that are still to be read, and those that are not: there were too many. */
  'contentWaiting',
  'contentDropped',
  'documents',
  'duplicates',
  'queuedDocuments',
  'storeRetries',
  /** Documents that the database refuses for good. */
  'refusedDocuments',
  /** Documents that went into the spool, and those that the database has taken out of it; bytes that are in it. */
  'spooledDocuments',
  'spoolDelivered',
  'spoolBytes',
  /** Segments of the spool that had to go, for there was no room. */
  'spoolDrops',
  /** The documents in them, as far as that is known. */
  'spoolLostDocuments',
  /** Descriptors that were looked at in /proc since nothing told of them, and how often there was no time for it. */
  'descriptorLookUps',
  'descriptorLooksRefused',
  /** ms since the epoch: what happened before is in the store. */
  'storedUntilMs',
  /** Audit events up to this serial are in the store, or stated there to be missing. 0: none are. */
  'storedSerial',
  /** The kernel's own count of lost records, as far as it is stated there. 0: it has not been yet. */
  'storedLost',
] as const;
export const counterNames: readonly Counter[] = counters;
export type Counter = (typeof counters)[number];

/** Looked up often: by name, not by searching. */
const orderIndex = indexOf(orders);
const counterIndex = indexOf(counters);

function indexOf<Name extends string>(names: readonly Name[]): Readonly<Record<Name, number>> {
  return Object.fromEntries(names.map((name, index) => [name, index])) as Record<Name, number>;
}

export interface SharedMemory {
  readonly orders: SharedArrayBuffer;
  readonly counters: SharedArrayBuffer;
}

export function createSharedMemory(): SharedMemory {
  return {
    orders: new SharedArrayBuffer(orders.length * 4),
    counters: new SharedArrayBuffer(counters.length * 8),
  };
}

export class SharedState {
  readonly #orders: Int32Array;
  readonly #counters: Float64Array;

  constructor(memory: SharedMemory) {
    this.#orders = new Int32Array(memory.orders);
    this.#counters = new Float64Array(memory.counters);
  }

  order(name: Order): number {
    return Atomics.load(this.#orders, orderIndex[name]);
  }

  setOrder(name: Order, value: number): void {
    const index = orderIndex[name];
    Atomics.store(this.#orders, index, value);
    Atomics.notify(this.#orders, index);
  }

  addToOrder(name: Order, change: number): number {
    const index = orderIndex[name];
    const value = Atomics.add(this.#orders, index, change) + change;
    Atomics.notify(this.#orders, index);
    return value;
  }

  /** Waits until the value is not `value` any more, at most `ms`. */
  waitWhile(name: Order, value: number, ms: number): void {
    Atomics.wait(this.#orders, orderIndex[name], value, ms);
  }

  add(name: Counter, amount: number): void {
    const index = counterIndex[name];
    this.#counters[index] = (this.#counters[index] ?? 0) + amount;
  }

  set(name: Counter, value: number): void {
    this.#counters[counterIndex[name]] = value;
  }

  get(name: Counter): number {
    return this.#counters[counterIndex[name]] ?? 0;
  }

  all(): Record<Counter, number> {
    return Object.fromEntries(counters.map((name) => [name, this.get(name)])) as Record<Counter, number>;
  }
}
