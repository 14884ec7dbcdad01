import type { Moment } from './raw-documents.ts';

const billion = 1_000_000_000n;

/** ISO 8601 text in UTC with nine decimals of a moment in ns since the Unix epoch. */
export function isoTime(timeNs: bigint): string {
  const seconds = timeNs / billion;
  const rest = timeNs - seconds * billion;
  const whole = new Date(Number(seconds) * 1000).toISOString();
  return `${whole.slice(0, 19)}.${rest.toString().padStart(9, '0')}Z`;
}

export function moment(timeNs: bigint): Moment {
  return { timeNs, time: isoTime(timeNs) };
}
