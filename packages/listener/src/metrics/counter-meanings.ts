/** What each counter of a listener counts, and what Prometheus calls it (naming rules: prometheus.io/docs/practices/naming). */

import type { Counter } from '../stages/shared-state.ts';

type RingCounter = 'Used' | 'HighWater' | 'Waits';
export type ListenerCounter =
  | Counter
  | `ring${RingCounter}`
  | `eventRing${RingCounter}`
  | 'bpfRingBytes'
  | 'bpfRingDiversions';

export interface CounterMeaning {
  /** Without `godo_`. What ends in `_total` only grows while a listener runs. */
  readonly metric: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly help: string;
}

/** Of one metric, all have the same label names and the same help. */
const lostRecords = 'Audit records that are lost; each is counted here once.';
const overruns =
  'How often a socket overran: an unknown number of messages was lost each time; of audit, where we have its role, only what the kernel could not keep, which the missing serials show.';
const warned = 'What came, and was not whole, not readable, or too late.';
const ring = 'Bytes that wait in memory between two stages, and the most that ever did.';
const ringWaits = 'How often a stage waited for room in the memory behind it.';
const looks = 'Descriptors that nothing told of: looked at in /proc, or not since there was no time for it.';

export const counterMeanings: Readonly<Record<ListenerCounter, CounterMeaning>> = {
  lost: { metric: 'lost_records_total', labels: { source: 'kernel' }, help: lostRecords },
  auditRecords: { metric: 'audit_records_total', help: 'Audit records that were received.' },
  auditBytes: { metric: 'audit_bytes_total', help: 'Bytes of audit records that were received.' },
  auditOverruns: { metric: 'overruns_total', labels: { socket: 'audit' }, help: overruns },
  auditLeft: { metric: 'audit_left', help: '1: at the end records still came, and were left.' },
  auditEvents: { metric: 'audit_events_total', help: 'Audit events that were made of the records.' },
  incompleteEvents: {
    metric: 'incomplete_events_total',
    help: 'Audit events of which some records came, and others that these announce did not.',
  },
  missingRecords: {
    metric: 'missing_records_total',
    help: 'Records that never came, though those of the same event announce them, at least: the kernel counts them as lost, or a rule excludes them.',
  },
  badRecords: { metric: 'warned_total', labels: { kind: 'bad_record' }, help: warned },
  lateRecords: { metric: 'warned_total', labels: { kind: 'late_record' }, help: warned },
  truncatedRecords: { metric: 'warned_total', labels: { kind: 'truncated_record' }, help: warned },
  missingSerials: {
    metric: 'lost_events_total',
    help: 'Serials of audit that never came. Records of such events may be among those that the kernel counts as lost.',
  },
  configChanges: {
    metric: 'audit_config_changes_total',
    help: 'Records of changes to the settings or rules of audit.',
  },
  roleRequests: { metric: 'audit_role_requests_total', help: 'How often somebody else asked for the audit role.' },
  openEvents: { metric: 'open_events', help: 'Audit events that wait for more of their records.' },
  firstSerial: { metric: 'first_serial', help: 'Serial of the first audit event that came; 0: none has.' },
  lastSerial: { metric: 'last_serial', help: 'The highest serial of an audit event that came.' },
  connectorMessages: { metric: 'connector_messages_total', help: 'Messages of the proc connector that were received.' },
  connectorOverruns: { metric: 'overruns_total', labels: { socket: 'connector' }, help: overruns },
  connectorMissing: { metric: 'lost_messages_total', help: 'Messages of the proc connector that never came.' },
  connectorWaits: { metric: 'connector_waits_total', help: 'How often the connector waited for the writer.' },
  procReadings: { metric: 'proc_readings_total', help: 'Processes that were read in /proc.' },
  waitingExits: { metric: 'waiting_exits', help: 'Exits that wait for what audit has to say of the time before them.' },
  documents: { metric: 'documents_total', help: 'Documents that the database has taken.' },
  duplicates: { metric: 'duplicate_documents_total', help: 'Documents that the database had already.' },
  queuedDocuments: { metric: 'queue_documents', help: 'Documents in memory, that neither database nor spool has.' },
  storeRetries: {
    metric: 'store_retries_total',
    help: 'How often a batch of documents was not taken, and tried again.',
  },
  refusedDocuments: {
    metric: 'refused_documents_total',
    help: 'Documents that the database refuses for good, whatever else it takes; set aside beside the spool, where there is one.',
  },
  spooledDocuments: { metric: 'spooled_documents_total', help: 'Documents that went into the spool.' },
  spoolDelivered: {
    metric: 'spool_delivered_documents_total',
    help: 'Documents that the database took out of the spool.',
  },
  spoolBytes: { metric: 'spool_bytes', help: 'Bytes in the spool.' },
  spoolDrops: { metric: 'spool_drops_total', help: 'Segments of the spool that had to go, for there was no room.' },
  spoolLostDocuments: {
    metric: 'lost_documents_total',
    labels: { source: 'spool' },
    help: 'Documents that were lost.',
  },
  descriptorLookUps: { metric: 'descriptor_looks_total', labels: { result: 'looked' }, help: looks },
  descriptorLooksRefused: { metric: 'descriptor_looks_total', labels: { result: 'refused' }, help: looks },
  contentWaiting: { metric: 'content_waiting', help: 'Files that wait for their content to be hashed.' },
  contentDropped: { metric: 'content_dropped_total', help: 'Files whose content was not hashed, for too many waited.' },
  storedUntilMs: { metric: 'stored_until_ms', help: 'What happened before is stored; ms since 1970.' },
  storedSerial: {
    metric: 'stored_serial',
    help: 'Audit events up to this serial are stored, or stated to be missing.',
  },
  storedLost: {
    metric: 'stored_lost_records',
    help: "The kernel's count of lost records, as it was stated last in the database; 0: it was not.",
  },
  ringUsed: { metric: 'ring_bytes', labels: { ring: 'records', value: 'now' }, help: ring },
  ringHighWater: { metric: 'ring_bytes', labels: { ring: 'records', value: 'most' }, help: ring },
  ringWaits: { metric: 'ring_waits_total', labels: { ring: 'records' }, help: ringWaits },
  eventRingUsed: { metric: 'ring_bytes', labels: { ring: 'events', value: 'now' }, help: ring },
  eventRingHighWater: { metric: 'ring_bytes', labels: { ring: 'events', value: 'most' }, help: ring },
  eventRingWaits: { metric: 'ring_waits_total', labels: { ring: 'events' }, help: ringWaits },
  bpfRingBytes: {
    metric: 'bpf_ring_size_bytes',
    help: 'Size of the memory that a BPF program puts records into; 0: none.',
  },
  bpfRingDiversions: { metric: 'bpf_ring_diversions_total', help: 'How often that memory was full.' },
};
