/** Where the filter says how far it is. */
export interface Progress {
  phase(name: string): void;
  /** So many more documents were read or written in this phase. */
  step(count: number): void;
  end(): void;
}

export const silent: Progress = { phase: () => {}, step: () => {}, end: () => {} };

const everyMs = 200;
/** The clock is asked only after so many documents: there are many. */
const documentsALook = 1024;

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
  let lookedAt = 0;
  function show(): void {
    const seconds = (nowMs() - begunMs) / 1000;
    const rate = seconds > 0.05 ? `, ${Math.round(count / seconds)}/s` : '';
    write(`\r\x1b[K${name}: ${count} documents${rate}`);
  }
  return {
    phase(next) {
      name = next;
      count = 0;
      lookedAt = 0;
      begunMs = nowMs();
      shownMs = begunMs;
      show();
    },
    step(documents) {
      count += documents;
      if (count - lookedAt < documentsALook) return;
      lookedAt = count;
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
