/** Sizes as they are given on the command line. */

import { InvalidArgumentError } from 'commander';

const powers: Readonly<Record<string, number>> = { '': 0, K: 1, M: 2, G: 3 };

/**
 * Bytes: a number alone, or with K, M or G, also written KiB, MiB, GiB, in any case; all are powers of 1024. KB and the
 * like are refused, for they are 1000 to some and 1024 to others.
 *
 * @param least as it would be given; what is less is refused.
 * @param most likewise; absent: any number.
 */
export function sizeParser(least: string, most?: string): (value: string) => number {
  const leastBytes = bytesOf(least);
  const mostBytes = most === undefined ? Number.MAX_SAFE_INTEGER : bytesOf(most);
  const range = most === undefined ? `${least} or more` : `${least} to ${most}`;
  return (value) => {
    const bytes = bytesOf(value);
    if (Number.isSafeInteger(bytes) && bytes >= leastBytes && bytes <= mostBytes) return bytes;
    throw new InvalidArgumentError(
      `It must be a number of bytes, ${range}; K, M and G (KiB, MiB, GiB) may stand behind it, and mean powers of 1024.`,
    );
  };
}

/** NaN: it is no size. */
function bytesOf(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,12})(?:([KMG])(?:iB)?)?$/i.exec(text) ?? [];
  return Number(digits) * 1024 ** (powers[unit.toUpperCase()] ?? Number.NaN);
}
