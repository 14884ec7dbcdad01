import type { RawEntry } from '@godo/evidence';
import type { BinaryString } from '../../src/events.ts';
import { DiagReplay } from '../../src/replay/diag-replay.ts';
import { LogReplay } from '../../src/replay/log-replay.ts';
import type { Replay, ReplayCounters } from '../../src/replay/replay.ts';
import { feedText, readFrom } from '../../src/replay/text-feed.ts';
import { type Recorded, sorted } from './recording.ts';

interface Replayed extends Recorded {
  readonly counters: ReplayCounters;
  readonly entries: readonly RawEntry[];
}

export function replayLog(lines: readonly BinaryString[], stars: readonly string[] = []): Replayed {
  const entries: RawEntry[] = [];
  const replay = new LogReplay({ host: 'host-1', stars, engines: [] }, (entry) => entries.push(entry));
  giveAll(replay, lines);
  return { ...sorted(entries), counters: replay.counters, entries };
}

export function replayDiag(lines: readonly BinaryString[]): Replayed {
  const entries: RawEntry[] = [];
  const replay = new DiagReplay((entry) => entries.push(entry));
  giveAll(replay, lines);
  return { ...sorted(entries), counters: replay.counters, entries };
}

/** Gives the lines in one piece, the way the command does. */
export function giveAll(replay: Replay, lines: readonly BinaryString[]): void {
  const text = Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1');
  for (let from = 0, again = true; again; ) {
    const taken = replay.take(text, from, text.length, true);
    from += taken.used;
    again = taken.again;
  }
  while (!replay.finish());
}

/** What a log makes when its text comes in pieces that are cut anywhere. */
export async function replayPieces(pieces: readonly BinaryString[]): Promise<Recorded & { counters: ReplayCounters }> {
  const entries: RawEntry[] = [];
  const replay = new LogReplay({ host: 'host-1', stars: [], engines: [] }, (entry) => entries.push(entry));
  async function* chunks() {
    for (const piece of pieces) yield Buffer.from(piece, 'latin1');
  }
  await feedText(readFrom(chunks()), async (text, from, to, last) => {
    let at = from;
    for (;;) {
      const { used, again } = replay.take(text, at, to, last);
      at += used;
      if (!again) return at - from;
    }
  });
  while (!replay.finish());
  return { ...sorted(entries), counters: replay.counters };
}
