/** What V8 throws where it gets no memory for a buffer; it is a RangeError as those are that tell of wrong values. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof RangeError && error.message.includes('allocation failed');
}
