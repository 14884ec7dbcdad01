/** What was started or changed is undone on every way out: at the end, after a failure, after Ctrl-C. */

const undo = [];
let ending = false;

/** A sentence for the user instead of a stack: something is missing, or is not as it must be. */
export class BenchError extends Error {}

/** To be called before anything is started or changed: a bench that was interrupted must not begin anew. */
export function refuseWhenEnding() {
  if (ending) throw new BenchError('The bench is ending.');
}

/**
 * Registers what undoes a step just made, and gives a function that undoes it now. Steps are undone in the reverse
 * order, each once; one that fails is told on standard error and does not keep the others from being done.
 */
export function onCleanup(name, undoStep) {
  const step = { name, run: undoStep };
  undo.push(step);
  return async () => {
    const index = undo.indexOf(step);
    if (index >= 0) undo.splice(index, 1);
    if (index >= 0) await undoStep();
  };
}

async function cleanUp() {
  ending = true;
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) {
    try {
      await step.run();
    } catch (error) {
      process.stderr.write(`Cleaning up, ${step.name}: ${error.message}\n`);
    }
  }
}

/** Runs a bench. The only place that sets the exit code: 1 after a failure, 130 after a signal. */
export async function runBench(main) {
  let interrupt;
  const interrupted = new Promise((_, reject) => {
    interrupt = (signal) => reject(new BenchError(`${signal}: cleaning up.`));
  });
  let signalled = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      signalled = true;
      interrupt(signal);
    });
  }
  const work = main();
  try {
    await Promise.race([work, interrupted]);
  } catch (error) {
    process.exitCode = signalled ? 130 : 1;
    process.stderr.write(`${error instanceof BenchError ? error.message : error.stack}\n`);
  } finally {
    // What the work still does is stopped by the cleaning up; its complaints about that say nothing new.
    work.catch(() => undefined);
    await cleanUp();
    if (signalled) process.exit();
  }
}
