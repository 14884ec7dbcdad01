import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyExecution, type Facts, noFacts, overlay } from '../src/facts.ts';
import type { ProgramDetails } from '../src/program-details.ts';
import { noFactsNumber, SharedFacts } from '../src/shared-facts.ts';

const text = fc.constantFrom('/bin/a', '/bin/b', 'ä\u{1f4be}', '\0["x"]', '\ud800', '[]');
const hex = fc.option(fc.constantFrom('ff', 'fe'), { nil: undefined });

const program = fc.constantFrom<ProgramDetails>(
  { exeDeleted: true },
  { exeDeleted: null, script: '/srv/\0', scriptHex: 'ff' },
  { script: '/srv/a', viaScripts: ['/srv/b'], viaScriptsHex: ['fe'] },
);

/** With the hex twins only where the facts are known. */
const facts: fc.Arbitrary<Facts> = fc
  .record({
    exe: fc.option(fc.tuple(text, hex, fc.option(program, { nil: undefined }))),
    comm: fc.option(fc.tuple(text, hex)),
    argv: fc.option(fc.array(fc.tuple(fc.oneof(text, fc.constant('')), hex), { maxLength: 3 })),
    cwd: fc.option(fc.tuple(text, hex)),
  })
  .map(({ exe, comm, argv, cwd }) => {
    const hexes = argv?.map(([, bytes]) => bytes ?? null) ?? [];
    const made: Facts = {
      exe: exe?.[0] ?? null,
      ...(exe?.[1] !== undefined && { exeHex: exe[1] }),
      ...(exe?.[2] !== undefined && { program: exe[2] }),
      comm: comm?.[0] ?? null,
      ...(comm?.[1] !== undefined && { commHex: comm[1] }),
      argv: argv?.map(([argument]) => argument) ?? null,
      ...(hexes.some((bytes) => bytes !== null) && { argvHex: hexes }),
      cwd: cwd?.[0] ?? null,
      ...(cwd?.[1] !== undefined && { cwdHex: cwd[1] }),
    };
    return exe === null && comm === null && argv === null && cwd === null ? noFacts : made;
  });

test('facts come back as they were given', () => {
  fc.assert(
    fc.property(fc.array(facts), (all) => {
      const shared = new SharedFacts();
      const numbers = all.map((one) => shared.add(one));
      expect(numbers.map((number) => shared.get(number))).toEqual(all);
    }),
    { numRuns: 500 },
  );
});

test('facts that are composed by number are those that are composed by value', () => {
  fc.assert(
    fc.property(facts, facts, (one, other) => {
      const shared = new SharedFacts();
      const [a, b] = [shared.add(one), shared.add(other)];
      expect(shared.get(shared.overlay(a, b))).toEqual(overlay(one, other));
      expect(shared.get(shared.applyExecution(a, b))).toEqual(applyExecution(one, other));
      expect(shared.knowsCwd(a)).toBe(one.cwd !== null);
      expect(shared.isOtherProgram(a, b)).toBe(other.exe !== null && one.exe !== other.exe);
    }),
    { numRuns: 1000 },
  );
});

test('nothing known has one number', () => {
  expect(new SharedFacts().add(noFacts)).toBe(noFactsNumber);
});

test('a program is the same one though its text is kept twice', () => {
  const shared = new SharedFacts();
  const of = (exe: string) => shared.add({ ...noFacts, exe });
  const before = of('/bin/a');
  for (let index = 0; index < 30_000; index += 1) of(`/bin/${index}`);
  expect(shared.isOtherProgram(before, of('/bin/a'))).toBe(false);
});
