import { describe, expect, it } from 'vitest';
import { replayPieces } from '../support/replaying.ts';

const call = (serial: number) =>
  `type=SYSCALL msg=audit(1700000000.000:${serial}): arch=c000003e syscall=1 success=yes exit=6 a0=3 ppid=1 pid=${serial} uid=0 comm="sh" exe="/bin/sh"`;
const tgidsOf = async (...pieces: string[]) => {
  const { pids, counters } = await replayPieces(pieces);
  return { tgids: pids.map(({ tgid }) => tgid).filter((tgid) => tgid !== 1), ...counters };
};
const clean = { badLines: 0, firstBad: null };

describe('the text of a log', () => {
  it('has lines that end at line feeds, with or without a carriage return before them', async () => {
    expect(await tgidsOf(`${call(20)}\n${call(21)}\r\n\n----\n${call(22)}\r\n`)).toEqual({
      tgids: [20, 21, 22],
      ...clean,
      lines: 5,
      events: 3,
    });
  });

  it('needs no end of its last line, and may be empty', async () => {
    expect(await tgidsOf(`${call(20)}\n${call(21)}`)).toMatchObject({ tgids: [20, 21], lines: 2 });
    expect(await tgidsOf()).toMatchObject({ tgids: [], lines: 0 });
    expect(await tgidsOf('', '')).toMatchObject({ tgids: [], lines: 0 });
  });

  it('may be cut anywhere', async () => {
    const text = `${call(20)}\r\n${call(21)}\n${call(22)}`;
    for (const at of [1, 7, text.indexOf('\r') + 1, text.indexOf('\n'), text.length - 1]) {
      expect(await tgidsOf(text.slice(0, at), text.slice(at))).toMatchObject({ tgids: [20, 21, 22], lines: 3 });
    }
    expect(await tgidsOf(...text)).toMatchObject({ tgids: [20, 21, 22], ...clean });
  });

  it('may have a line of many megabytes, which no record has, and the next line is whole again', async () => {
    const long = 'x'.repeat(2 * 1024 * 1024);
    const told = await tgidsOf(`${call(20)}\n`, ...Array(10).fill(long), `\n${call(21)}\n`);

    expect(told).toMatchObject({
      tgids: [20, 21],
      lines: 3,
      badLines: 1,
      firstBad: 'line 2: longer than an audit record',
    });
  });
});
