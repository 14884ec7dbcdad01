/** The names, never the values, of what stands in the environment of a process. */

import type { BinaryString, ProcFacts } from '../events.ts';

/** A process may write into its environment what it likes (titles, mostly): only what looks like a variable is one. */
const variable = /^([A-Za-z_][\w.%()-]{0,255})=/;
const mostNames = 4096;

/**
 * `environ`: as much as was read of /proc/PID/environ. `whole`: there is no more. Names come once each, in their order; those
 * that are not made of ASCII letters, digits and `_.%()-` are left out.
 */
export function environmentNames(environ: BinaryString, whole: boolean): Pick<ProcFacts, 'envNames' | 'envNamesCut'> {
  const entries = environ.split('\0');
  // What stands behind the last NUL has no end.
  if (!whole) entries.pop();
  const names = [...new Set(entries.flatMap((entry) => variable.exec(entry)?.[1] ?? []))];
  const isCut = !whole || names.length > mostNames;
  return { envNames: names.slice(0, mostNames), ...(isCut && { envNamesCut: true }) };
}
