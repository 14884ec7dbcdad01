/** The program is the interface of this package; this much is for tests of the whole pipeline. */

export { type FilterInput, runFilter } from './run-filter.ts';
export type { Summary } from './summary.ts';
