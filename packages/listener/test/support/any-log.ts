/** Texts of logs, from well-formed ones to rubbish. */

import fc from 'fast-check';
import type { BinaryString } from '../../src/events.ts';
import { fixtureLines } from './fixtures.ts';
import { loggedClose, loggedExec, loggedFork, loggedNotice, loggedOpen, loggedWrite, onNode } from './log-lines.ts';

const recorded = [
  'enriched-node-shell-redirects.log',
  'exec-argument-over-three-records.log',
  'exec-empty-argument.log',
  'io-uring.log',
  'open-name-not-utf8.log',
  'open-relative-to-directory-descriptor.log',
].flatMap(fixtureLines);

export const anyBytes = (constraints?: fc.IntArrayConstraints): fc.Arbitrary<BinaryString> =>
  fc.uint8Array(constraints).map((array) => Buffer.from(array).toString('latin1'));

const call = fc.record({
  ms: fc.nat({ max: 20_000 }),
  serial: fc.oneof(fc.nat({ max: 60 }), fc.constantFrom(20_000, 2 ** 31, 4294967295)),
  pid: fc.nat({ max: 5 }),
});

/** Lines of one event, in order. */
const story = fc.oneof(
  fc.tuple(call, fc.constantFrom('out', 'a'.repeat(3000))).map(([given, name]) => loggedOpen(given, 3, name)),
  call.map((given) => loggedWrite(given, 3, 6)),
  call.map((given) => loggedClose(given, 3)),
  call.map((given) => loggedFork(given, given.pid + 1)),
  call.map((given) => loggedExec(given, 'sh', '-c', 'x'.repeat(given.serial % 5000))),
  fc
    .tuple(fc.constantFrom('SYSTEM_BOOT', 'SYSTEM_SHUTDOWN', 'DAEMON_START', 'EOE', 'LOGIN', 'PROCTITLE'), call)
    .map(([type, { ms, serial }]) => loggedNotice(type, ms, serial)),
);
const ofHost = fc
  .tuple(story, fc.constantFrom(null, 'a', 'b', ''))
  .map(([lines, node]) => (node === null ? lines : onNode(node, lines)));

const rubbish = fc.oneof(
  anyBytes({ maxLength: 60 }),
  fc
    .tuple(anyBytes({ maxLength: 20 }), anyBytes({ maxLength: 60 }))
    .map(([a, b]) => `type=${a} msg=audit(1.000:2): ${b}`),
  anyBytes({ maxLength: 60 }).map((body) => `type=SYSCALL msg=audit(1.000:2): arch=c000003e syscall=257 ${body}`),
  fc.constantFrom('', '----', 'node=', 'type=', 'type=GODO_', 'type=GODO_LOSS msg=audit(1.000:0): {"kind":"lo'),
  call.map(({ serial }) => `type=GODO_INCOMPLETE msg=audit(1700000000.005:${serial}): {"reason":"it was late"}`),
  fc.integer({ min: 65_000, max: 140_000 }).map((length) => `type=GODO_LOSS msg=${'x'.repeat(length)}`),
);

/** A line with some of its bytes replaced, taken away or put in. */
const damaged = fc
  .tuple(fc.constantFrom(...recorded), fc.nat(), fc.nat({ max: 12 }), anyBytes({ maxLength: 8 }))
  .map(([line, from, length, put]) => {
    const at = from % (line.length + 1);
    return line.slice(0, at) + put + line.slice(at + length);
  });

/** Lines of which events' own stay together or not. */
const anyLines: fc.Arbitrary<BinaryString[]> = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: ofHost },
      { weight: 2, arbitrary: fc.constantFrom(...recorded).map((line) => [line]) },
      { weight: 2, arbitrary: damaged.map((line) => [line]) },
      { weight: 2, arbitrary: rubbish.map((line) => [line]) },
    ),
    { maxLength: 40 },
  )
  .chain((stories) => {
    const lines = stories.flat();
    return fc.oneof(fc.constant(lines), fc.shuffledSubarray(lines, { minLength: lines.length }));
  });

const lineEnd = fc.constantFrom('\n', '\n', '\n', '\r\n', '\n\n');

/** The last line may have no end. */
export const anyLog: fc.Arbitrary<BinaryString> = fc
  .tuple(anyLines, lineEnd, fc.boolean())
  .map(([lines, end, ended]) => lines.join(end) + (ended ? end : ''));

/** The text in pieces: where it is cut, by parts of a thousand. */
export const anyCuts = fc.array(fc.nat({ max: 1000 }), { maxLength: 8 });

export function cutAt(text: BinaryString, cuts: readonly number[]): BinaryString[] {
  const places = cuts.map((part) => Math.round((part * text.length) / 1000)).toSorted((a, b) => a - b);
  return [...places, text.length].map((to, index) => text.slice(index === 0 ? 0 : places[index - 1], to));
}
