import type { RawEntry } from '@godo/evidence';
import type { BinaryString } from '../../src/events.ts';
import { DiagReplay } from '../../src/replay/diag-replay.ts';
import { LogReplay } from '../../src/replay/log-replay.ts';
import type { ReplayCounters } from '../../src/replay/replay.ts';
import { type Recorded, sorted } from './recording.ts';

interface Replayed extends Recorded {
  readonly counters: ReplayCounters;
  readonly entries: readonly RawEntry[];
}

export function replayLog(lines: readonly BinaryString[], stars: readonly string[] = []): Replayed {
  const entries: RawEntry[] = [];
  const replay = new LogReplay({ host: 'host-1', stars }, (entry) => entries.push(entry));
  for (const line of lines) replay.line(line);
  replay.finish();
  return { ...sorted(entries), counters: replay.counters, entries };
}

export function replayDiag(lines: readonly BinaryString[]): Replayed {
  const entries: RawEntry[] = [];
  const replay = new DiagReplay((entry) => entries.push(entry));
  for (const line of lines) replay.line(line);
  replay.finish();
  return { ...sorted(entries), counters: replay.counters, entries };
}
