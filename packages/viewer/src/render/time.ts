const million = 1_000_000n;
/** Milliseconds a Date can hold, each way. */
const dateLimit = 8_640_000_000_000_000n;

/** `2025-11-22 13:05:09.250` in UTC, cut to milliseconds; `-` when it is not known. */
export function dateTime(timeNs: bigint | null): string {
  if (timeNs === null) return '-';
  const milliseconds = timeNs / million;
  if (milliseconds > dateLimit || milliseconds < -dateLimit) return '?';
  return new Date(Number(milliseconds)).toISOString().replace('T', ' ').replace('Z', '');
}

/** The time of day where the date is that of `besideNs`, else date and time in two lines of at most twelve columns. */
export function timeBeside(timeNs: bigint | null, besideNs: bigint | null): string {
  const shown = dateTime(timeNs);
  const blank = shown.lastIndexOf(' ');
  if (blank < 0) return shown;
  const sameDay = dateTime(besideNs).startsWith(shown.slice(0, blank + 1));
  return sameDay ? shown.slice(blank + 1) : `${shown.slice(0, blank)}\n${shown.slice(blank + 1)}`;
}
