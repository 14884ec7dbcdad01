import { InvalidArgumentError } from 'commander';

const unitSeconds = { s: 1n, m: 60n, h: 3600n, d: 86_400n, w: 604_800n } as const;
const billion = 1_000_000_000n;
const isoForm =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9})\d*)?)?\s*(Z|UTC|[+-]\d{2}(?::?\d{2})?)?)?$/i;

const advice =
  'A time is "2025-11-22 13:05:09.250" (UTC unless a zone follows), epoch seconds, or how long ago: 30s, 10m, 2h, 3d, 1w.';

/**
 * A moment in ns since the Unix epoch, from ISO 8601 (`2025-11-22`, `2025-11-22T13:05Z`, `2025-11-22 13:05:09.250`; UTC
 * unless a zone is given; a date alone is its midnight), from epoch seconds (`1763816709.5`, or `@0`), or relative to
 * `nowNs` (`10m` ago).
 * @throws InvalidArgumentError
 */
export function parseTime(text: string, nowNs: bigint): bigint {
  const trimmed = text.trim();
  const ago = /^(\d{1,9})([smhdw])$/.exec(trimmed);
  if (ago) return nowNs - BigInt(ago[1] as string) * unitSeconds[ago[2] as keyof typeof unitSeconds] * billion;
  // Fewer than nine digits are more likely a year or a date without dashes than a moment before 1973.
  const epoch = /^(?:@(\d{1,11})|(\d{9,11}))(?:\.(\d{1,9})\d*)?$/.exec(trimmed);
  if (epoch) return BigInt((epoch[1] ?? epoch[2]) as string) * billion + fraction(epoch[3]);
  const iso = isoForm.exec(trimmed);
  const parsed = iso ? isoNs(iso) : null;
  if (parsed === null) throw new InvalidArgumentError(advice);
  return parsed;
}

function isoNs([, date, hour = '00', minute = '00', second = '00', decimals, zone = 'Z']: RegExpExecArray):
  | bigint
  | null {
  const wall = `${date}T${hour}:${minute}:${second}.000Z`;
  const milliseconds = Date.parse(wall);
  // Date.parse takes 30 February for 2 March.
  if (Number.isNaN(milliseconds) || new Date(milliseconds).toISOString() !== wall) return null;
  const offset = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone);
  const offsetMinutes = offset ? Number(`${offset[1]}1`) * (Number(offset[2]) * 60 + Number(offset[3] ?? 0)) : 0;
  return BigInt(milliseconds - offsetMinutes * 60_000) * 1_000_000n + fraction(decimals);
}

function fraction(decimals: string | undefined): bigint {
  return BigInt((decimals ?? '').padEnd(9, '0'));
}
