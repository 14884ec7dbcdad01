import { visibleSentence } from '@godo/evidence';

/** What one run of the filter did. */
export interface Summary {
  readonly processes: number;
  readonly threads: number;
  readonly containers: number;
  readonly filesKept: number;
  readonly filesSeen: number;
  /** Operations of processes of the tree. */
  readonly operations: number;
  readonly events: number;
  /** Stored losses and warnings. */
  readonly losses: number;
  readonly runs: number;
  /** Raw documents without a usable key or time; they stay in the raw evidence and nowhere else. */
  readonly unusable: number;
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** The summary as one line for people. */
export function summaryText(summary: Summary, seconds: number, location: string): string {
  const parts = [
    counted(summary.processes, 'process', 'processes'),
    counted(summary.threads, 'thread', 'threads'),
    counted(summary.containers, 'container', 'containers'),
    `${summary.filesKept} of ${counted(summary.filesSeen, 'file session', 'file sessions')}`,
    counted(summary.operations, 'operation', 'operations'),
    counted(summary.losses, 'loss or warning', 'losses and warnings'),
    ...(summary.unusable > 0 ? [counted(summary.unusable, 'unusable document', 'unusable documents')] : []),
  ];
  return `${parts.join(', ')} in ${seconds.toFixed(1)} s -> ${visibleSentence(location)}\n`;
}
