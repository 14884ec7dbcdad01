/** Medians and their like. */

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return null;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** { median, min, max } of the numbers among the values; null when there are none. */
export function spread(values) {
  const numbers = values.filter((value) => typeof value === 'number' && Number.isFinite(value));
  if (numbers.length === 0) return null;
  return { median: median(numbers), min: Math.min(...numbers), max: Math.max(...numbers) };
}

/** For each field that holds numbers in these results (objects of one shape): its spread. */
export function spreads(results) {
  const fields = new Set(results.flatMap((result) => Object.keys(result)));
  return Object.fromEntries([...fields].map((field) => [field, spread(results.map((result) => result[field]))]));
}

/** A ratio, or null where one of the two is missing. */
export function ratio(above, below) {
  return above === null || above === undefined || !below ? null : above / below;
}
