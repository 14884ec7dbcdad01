/** Audit stamps come from a clock that ticks at 100 Hz at the slowest: a stamp may lie this much before the moment. */
export const coarseClockMs = 10;
