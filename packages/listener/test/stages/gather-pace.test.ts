import { describe, expect, it } from 'vitest';
import { enoughBytes, GatherPace } from '../../src/stages/gather-pace.ts';

/** ms before each receive, which brings so much. */
function msOf(pace: GatherPace, received: readonly number[]): number[] {
  return received.map((bytes) => {
    const { ms } = pace;
    pace.received(bytes);
    return ms;
  });
}

describe('how long records gather', () => {
  it('grows while few come, up to the most that was said', () => {
    const pace = new GatherPace(50);

    expect(msOf(pace, [100, 100, 100, 100, 100, 100])).toEqual([4, 8, 16, 32, 50, 50]);
  });

  it('shrinks when many come, and is least under load', () => {
    const pace = new GatherPace(16);

    expect(msOf(pace, [100, 100, enoughBytes, enoughBytes, enoughBytes])).toEqual([4, 8, 16, 8, 4]);
  });

  it('is short at once when very much has come', () => {
    const pace = new GatherPace(600);

    expect(msOf(pace, [1, 1, 1, 1, 1, 1, 1, 1, 40 * enoughBytes, enoughBytes / 2])).toEqual([
      4, 8, 16, 32, 64, 128, 256, 512, 600, 15,
    ]);
  });

  it('stays where a receive brings half of what is enough', () => {
    const pace = new GatherPace(200);

    expect(msOf(pace, [100, enoughBytes / 2, enoughBytes - 1])).toEqual([4, 8, 8]);
  });
});
