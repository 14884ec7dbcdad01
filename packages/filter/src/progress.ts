/** Where the filter says how far it is. */
export interface Progress {
  phase(name: string): void;
  /** One more document was read or written in this phase. */
  step(): void;
  end(): void;
}

export const silent: Progress = { phase: () => {}, step: () => {}, end: () => {} };

const everyMs = 200;
/** The clock is asked only now and then: there are many documents. */
const mask = 1024 - 1;

/**
 * One line that is written over and over.
 *
 * @param write - Writes text to the terminal.
 * @param nowMs - A clock in ms.
 */
export function createProgressLine(write: (text: string) => void, nowMs: () => number): Progress {
  let name = '';
  let count = 0;
  let begunMs = 0;
  let shownMs = 0;
  function show(): void {
    const seconds = (nowMs() - begunMs) / 1000;
    const rate = seconds > 0.05 ? `, ${Math.round(count / seconds)}/s` : '';
    write(`\r\x1b[K${name}: ${count} documents${rate}`);
  }
  return {
    phase(next) {
      name = next;
      count = 0;
      begunMs = nowMs();
      shownMs = begunMs;
      show();
    },
    step() {
      count += 1;
      if ((count & mask) !== 0) return;
      const now = nowMs();
      if (now - shownMs < everyMs) return;
      shownMs = now;
      show();
    },
    end() {
      write('\r\x1b[K');
    },
  };
}
