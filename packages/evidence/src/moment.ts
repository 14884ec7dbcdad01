import type { Moment } from './raw-documents.ts';

const billion = 1_000_000_000n;

/** Most moments that are written down lie in the same second as the one before. */
let second = { seconds: 0, text: '1970-01-01T00:00:00' };

/** Of the years 0 to 9999, in s since the Unix epoch. */
const [firstSecond, lastSecond] = [-62_167_219_200, 253_402_300_799];

/**
 * ISO 8601 text in UTC with nine decimals of a moment in ns since the Unix epoch. What somebody else wrote into a database
 * may be of no year that has such a text: then it says how many seconds that is.
 */
export function isoTime(timeNs: bigint): string {
  const whole = timeNs >= 0n ? timeNs / billion : -((billion - 1n - timeNs) / billion);
  const seconds = Number(whole);
  const rest = Number(timeNs - whole * billion);
  if (seconds !== second.seconds) {
    if (seconds < firstSecond || seconds > lastSecond) return `${whole} s since 1970`;
    second = { seconds, text: new Date(seconds * 1000).toISOString().slice(0, 19) };
  }
  return `${second.text}.${String(rest).padStart(9, '0')}Z`;
}

export function moment(timeNs: bigint): Moment {
  return { timeNs, time: isoTime(timeNs) };
}
