import type { ExecObservation } from './executions.ts';

/** Two observations further apart than this are not of one exec. */
const reachNs = 1_000_000_000n;
/** Costs in ms. Two skips cost more than the dearest pair, so that what can be paired is paired. */
const skipCost = 600;
const contradictionCost = 50;
/** Above this many pairs to weigh the two sides are paired in plain order. */
const mostPairs = 1_000_000;

function distanceNs(a: ExecObservation, b: ExecObservation): bigint {
  const distance = a.timeNs - b.timeNs;
  return distance < 0n ? -distance : distance;
}

/** Cost of taking both for one exec; Infinity where they cannot be. */
function pairCost(audit: ExecObservation, connector: ExecObservation): number {
  const distance = distanceNs(audit, connector);
  if (distance > reachNs) return Number.POSITIVE_INFINITY;
  const contradicts =
    audit.facts.exe !== null && connector.facts.exe !== null && audit.facts.exe !== connector.facts.exe;
  return Number(distance) / 1e6 + (contradicts ? contradictionCost : 0);
}

function pairInOrder(audit: readonly ExecObservation[], connector: readonly ExecObservation[]): number[] {
  const partners = audit.map(() => -1);
  let i = 0;
  let j = 0;
  for (;;) {
    const one = audit[i];
    const other = connector[j];
    if (one === undefined || other === undefined) return partners;
    if (distanceNs(one, other) <= reachNs) {
      partners[i] = j;
      i += 1;
      j += 1;
    } else if (one.timeNs < other.timeNs) i += 1;
    else j += 1;
  }
}

/**
 * Which connector exec is the same exec as which audit exec of one process. Both sides are sequences in their own true
 * order, so pairs never cross; as many pairs as possible within 1 s, of those the nearest in time, where the program
 * /proc showed decides between neighbours that a coarse audit stamp cannot tell apart.
 *
 * @param audit - Successful execs from audit, in order.
 * @param connector - Execs from the connector, in order.
 * @returns For each audit exec the index of its partner in `connector`, or -1.
 */
export function alignExecs(audit: readonly ExecObservation[], connector: readonly ExecObservation[]): number[] {
  const rows = audit.length;
  const columns = connector.length;
  if (rows === 0 || columns === 0) return audit.map(() => -1);
  // Most processes execute once; the costs would say the same.
  if ((rows === 1 && columns === 1) || rows * columns > mostPairs) return pairInOrder(audit, connector);

  // best[i][j]: least cost of what follows audit i and connector j.
  const width = columns + 1;
  const best = new Float64Array((rows + 1) * width);
  const at = (i: number, j: number): number => best[i * width + j] ?? 0;
  const cost = (i: number, j: number): number => {
    const one = audit[i];
    const other = connector[j];
    return one === undefined || other === undefined ? Number.POSITIVE_INFINITY : pairCost(one, other);
  };
  for (let i = rows; i >= 0; i -= 1) {
    for (let j = columns; j >= 0; j -= 1) {
      if (i === rows) best[i * width + j] = (columns - j) * skipCost;
      else if (j === columns) best[i * width + j] = (rows - i) * skipCost;
      else {
        best[i * width + j] = Math.min(at(i + 1, j + 1) + cost(i, j), at(i + 1, j) + skipCost, at(i, j + 1) + skipCost);
      }
    }
  }

  const partners = audit.map(() => -1);
  let i = 0;
  let j = 0;
  while (i < rows && j < columns) {
    const here = at(i, j);
    if (here === at(i + 1, j + 1) + cost(i, j)) {
      partners[i] = j;
      i += 1;
      j += 1;
    } else if (here === at(i + 1, j) + skipCost) i += 1;
    else j += 1;
  }
  return partners;
}
