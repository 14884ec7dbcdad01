import { describe, expect, it } from 'vitest';
import { serviceUnit } from '../src/service-unit.ts';

function lineOf(unit: string, name: string): string[] {
  return unit.split('\n').flatMap((line) => (line.startsWith(`${name}=`) ? [line.slice(name.length + 1)] : []));
}

describe('the unit', () => {
  it('runs the listener with its options, and cleans up after a crash', () => {
    const unit = serviceUnit(['/usr/bin/node', '/opt/godo/bin/godo.js'], ['--mongo', 'db:27017', '--quiet']);

    expect(lineOf(unit, 'ExecStart')).toEqual(['/usr/bin/node /opt/godo/bin/godo.js --mongo db:27017 --quiet']);
    expect(lineOf(unit, 'ExecStopPost')).toEqual(['/usr/bin/node /opt/godo/bin/godo.js cleanup']);
    expect(lineOf(unit, 'Type')).toEqual(['notify']);
  });

  it('leaves openat2 to it, without which nothing can be looked up below a root', () => {
    expect(lineOf(serviceUnit(['/p'], []), 'RestrictSUIDSGID')).toEqual([]);
  });

  it('means every word as it is', () => {
    const words = ['a b', '$HOME', '100%', 'say "no"', 'back\\slash', 'line\nfeed', '', '\u001b[2J\u202e'];
    const unit = serviceUnit(['/p'], words);

    expect(lineOf(unit, 'ExecStart')).toEqual([
      String.raw`/p "a b" $$HOME 100%% "say \"no\"" "back\\slash" "line\nfeed" "" "\x1b[2J\U0000202e"`,
    ]);
  });
});
