import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatLogLine, parseLogLine, parsePayload } from '../../src/audit/record.ts';
import type { BinaryString } from '../../src/events.ts';

const bytes = (constraints?: fc.IntArrayConstraints): fc.Arbitrary<BinaryString> =>
  fc.uint8Array(constraints).map((array) => Buffer.from(array).toString('latin1'));

/** Bodies as the kernel writes them: no blanks at the ends, no line ends. */
const body = bytes({ maxLength: 200 }).map((text) => text.replace(/[\0-\x20]/g, ' ').trim());
const type = fc.constantFrom(1006, 1300, 1302, 1305, 1307, 1309, 1320, 1327, 1337, 1399, 2500);

describe('arbitrary bytes', () => {
  it('are a record or an error that holds them, never an exception', () => {
    const stamped = fc.tuple(bytes(), bytes()).map(([a, b]) => `audit(${a}): ${b}`);
    fc.assert(
      fc.property(fc.oneof(bytes(), stamped), (text) => {
        const parsed = parsePayload(1300, text);
        if ('error' in parsed) expect(parsed.raw).toBe(text);
      }),
    );
  });

  it('are a line or an error that holds them, never an exception', () => {
    const typed = fc.tuple(bytes(), bytes()).map(([a, b]) => `type=${a} msg=audit(1.000:2): ${b}`);
    const noded = fc.tuple(bytes(), bytes()).map(([a, b]) => `node=${a} type=CWD msg=${b}`);
    fc.assert(
      fc.property(fc.oneof(bytes(), typed, noded), (line) => {
        const parsed = parseLogLine(line);
        if ('error' in parsed) expect(parsed.raw).toBe(line);
      }),
    );
  });
});

describe('a record', () => {
  const record = fc.record({ type, ms: fc.nat({ max: 4102444800999 }), serial: fc.nat({ max: 0xffff_ffff }), body });

  it('is the same after it was written as a line and read again', () => {
    fc.assert(
      fc.property(record, (given) => {
        // 0x1d ends a line of an ENRICHED log, and the kernel never writes one.
        expect(parseLogLine(formatLogLine(given))).toEqual({ ...given, node: null });
      }),
    );
  });

  it('is the same with a host before it and interpretations behind it', () => {
    const name = fc.stringMatching(/^[a-z0-9.-]{1,20}$/);
    fc.assert(
      fc.property(record, name, bytes({ maxLength: 50 }), (given, node, interpretation) => {
        expect(parseLogLine(`node=${node} ${formatLogLine(given)}\x1d${interpretation}`)).toEqual({ ...given, node });
      }),
    );
  });
});
