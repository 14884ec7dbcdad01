import { describe, expect, it, vi } from 'vitest';
import { progressText, showProgress } from '../../src/commands/progress.ts';

describe('the progress line', () => {
  it('adds up what is lost', () => {
    const counters = {
      auditRecords: 9000,
      lost: 1,
      missingSerials: 2,
      connectorMissing: 4,
      queuedDocuments: 7,
      documents: 800,
    };

    expect(progressText(counters, 1200)).toBe('1200 records/s · 800 documents · lost 7 · queue 7');
  });

  it('begins with nothing', () => {
    expect(progressText({ auditRecords: 0, lost: 0 }, 0)).toBe('0 records/s · 0 documents · lost 0 · queue 0');
  });

  it('is rewritten each second on a terminal, and wiped at the end', () => {
    vi.useFakeTimers();
    try {
      const written: string[] = [];
      let auditRecords = 0;
      const terminal = { isTTY: true, write: (text: string) => written.push(text) };
      const end = showProgress(terminal, () => ({ auditRecords, lost: 0 }));

      auditRecords = 300;
      vi.advanceTimersByTime(1000);
      auditRecords = 350;
      vi.advanceTimersByTime(1000);
      end();
      vi.advanceTimersByTime(5000);

      expect(written).toEqual([
        '\r\x1b[K300 records/s · 0 documents · lost 0 · queue 0',
        '\r\x1b[K50 records/s · 0 documents · lost 0 · queue 0',
        '\r\x1b[K',
      ]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is not shown where there is no terminal', () => {
    const written: string[] = [];
    const end = showProgress({ write: (text) => written.push(text) }, () => ({ auditRecords: 1, lost: 0 }));
    end();

    expect(written).toEqual([]);
  });
});
