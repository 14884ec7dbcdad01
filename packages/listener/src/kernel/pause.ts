/** Waits, and lets nothing else in this thread go on meanwhile: for moments in which what is looked at must stay as it is. */
export function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
