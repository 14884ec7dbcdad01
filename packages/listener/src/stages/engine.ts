/** How V8 keeps house in the listener's threads. */

import { setFlagsFromString } from 'node:v8';

/**
 * Bytes of bytecode that a function runs before V8 compiles it for speed. By its default, a sixth of this, a listener
 * that records a few thousand processes spends more on compiling than it will ever get back: each of its threads has
 * its own code. What is busy for long still gets there, within seconds.
 */
const hotBytecode = 400_000;

/** To be called before the stages are started: each has a heap and code of its own. */
export function keepHouseCheaply(): void {
  setFlagsFromString(`--interrupt-budget=${hotBytecode}`);
  // It collects garbage because nothing else is to be done: in five heaps, again and again, on a host at rest.
  setFlagsFromString('--no-memory-reducer');
}
