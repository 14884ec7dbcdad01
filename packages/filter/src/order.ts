/** The orders that make cooked evidence the same on every run. All compare by code unit, never by locale. */

interface Started {
  readonly key: string;
  readonly startNs: bigint | null;
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** By time; what has no time comes last. */
export function compareNs(a: bigint | null, b: bigint | null): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return a < b ? -1 : 1;
}

/** The later of two moments. Math.max takes no bigint. */
export function laterOf(a: bigint, b: bigint): bigint {
  return compareNs(a, b) < 0 ? b : a;
}

/** By start, then key. */
export function compareStart(a: Started, b: Started): number {
  return compareNs(a.startNs, b.startNs) || compareText(a.key, b.key);
}

/**
 * Ids with their digits read as numbers, so that serial 9 comes before serial 10: execs within one jiffy have the same
 * audit stamp, and only the serial in their id tells their order.
 */
export function compareIds(a: string, b: string): number {
  const left = a.split(/(\d+)/);
  const right = b.split(/(\d+)/);
  for (let index = 0; index < left.length && index < right.length; index += 1) {
    const one = left[index] ?? '';
    const other = right[index] ?? '';
    if (one === other) continue;
    // split() with a group puts the digits at the odd places.
    if (index % 2 === 1) {
      const digits = one.replace(/^0+/, '');
      const others = other.replace(/^0+/, '');
      const difference = digits.length - others.length || compareText(digits, others);
      if (difference !== 0) return difference;
    } else {
      return compareText(one, other);
    }
  }
  return left.length - right.length || compareText(a, b);
}
