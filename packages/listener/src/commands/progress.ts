/** The progress line on a terminal. */

import type { ListenerCounters } from '../stages/supervisor.ts';

export interface ProgressTerminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const intervalMs = 1_000;

/** One line, rewritten each second, while `terminal` is one. Returns how to end it. */
export function showProgress(terminal: ProgressTerminal, counters: () => ListenerCounters): () => void {
  if (terminal.isTTY !== true) return () => undefined;
  let before = 0;
  const timer = setInterval(() => {
    const now = counters();
    terminal.write(`\r\x1b[K${progressText(now, now.auditRecords - before)}`);
    before = now.auditRecords;
  }, intervalMs);
  return () => {
    clearInterval(timer);
    terminal.write('\r\x1b[K');
  };
}

export function progressText(counters: ListenerCounters, recordsPerSecond: number): string {
  const lost = counters.lost + (counters.missingSerials ?? 0) + (counters.connectorMissing ?? 0);
  const queue = counters.queuedDocuments ?? 0;
  const documents = counters.documents ?? 0;
  return `${recordsPerSecond} records/s · ${documents} documents · lost ${lost} · queue ${queue}`;
}
