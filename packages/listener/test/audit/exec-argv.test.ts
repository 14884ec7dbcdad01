import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readArgv } from '../../src/audit/exec-argv.ts';
import { recordType } from '../../src/audit/record-types.ts';
import { fixtureRecords } from '../support/fixtures.ts';

const execveBodies = (name: string) =>
  fixtureRecords(name)
    .filter((record) => record.type === recordType.execve)
    .map((record) => record.body);

describe('the arguments of an exec', () => {
  it('may be empty, hold blanks and quotes', () => {
    expect(readArgv(execveBodies('exec-empty-argument.log'))).toEqual({
      argv: ['/usr/bin/true', '', 'two words', 'quo"te', 'plain'],
      problem: null,
    });
  });

  it('may need several records for one of them', () => {
    expect(readArgv(execveBodies('exec-argument-over-three-records.log'))).toEqual({
      argv: ['/usr/bin/true', 'first', 'x'.repeat(9000), 'last'],
      problem: null,
    });
  });

  it('are told incomplete when the record in the middle of a long one was lost', () => {
    const [first = '', , last = ''] = execveBodies('exec-argument-over-three-records.log');
    const { argv, problem } = readArgv([first, last]);

    expect(argv?.map((argument) => argument.length)).toEqual([13, 5, 5254, 4]);
    expect(problem).toBe('pieces of argument 2 are missing');
  });

  it('are told incomplete when the last record was lost', () => {
    const [first = '', second = ''] = execveBodies('exec-argument-over-three-records.log');
    const { argv, problem } = readArgv([first, second]);

    expect(argv?.map((argument) => argument.length)).toEqual([13, 5, 7471]);
    expect(problem).toBe('1 of 4 arguments are missing');
  });

  it('in pieces may be quoted, with a length in bytes', () => {
    expect(readArgv(['argc=2 a0="sh" a1_len=6 a1[0]="abc"', 'a1[1]="def"'])).toEqual({
      argv: ['sh', 'abcdef'],
      problem: null,
    });
    expect(readArgv(['argc=2 a0="sh" a1_len=7 a1[0]="abc"', 'a1[1]="def"']).problem).toBe(
      'pieces of argument 1 are missing',
    );
  });

  it('may be a hundred thousand', () => {
    const argv = Array.from({ length: 100_000 }, (_, index) => String(index));
    const bodies = [];
    for (let from = 0; from < argv.length; from += 500) {
      const part = argv.slice(from, from + 500).map((value, index) => `a${from + index}="${value}"`);
      bodies.push(`${from === 0 ? `argc=${argv.length} ` : ' '}${part.join(' ')}`);
    }

    expect(readArgv(bodies)).toEqual({ argv, problem: null });
  });

  it('are unknown without a record', () => {
    expect(readArgv([])).toEqual({ argv: null, problem: 'no EXECVE record' });
  });

  it('that are missing are empty, and counted', () => {
    expect(readArgv(['argc=4 a0="sh" a2="x"'])).toEqual({
      argv: ['sh', '', 'x'],
      problem: '1 of 4 arguments are missing',
    });
    expect(readArgv(['argc=3 a0="sh" a2="x"'])).toEqual({
      argv: ['sh', '', 'x'],
      problem: '1 of 3 arguments are missing',
    });
  });

  it('are those that stand there when their number is absurd', () => {
    expect(readArgv(['argc=4294967295 a0="sh"'])).toEqual({
      argv: ['sh'],
      problem: '4294967294 of 4294967295 arguments are missing',
    });
    expect(readArgv(['argc=many a0="sh"'])).toEqual({ argv: ['sh'], problem: null });
    expect(readArgv(['argc=-1 a0="sh"'])).toEqual({ argv: ['sh'], problem: null });
  });

  it.each(['argc=1 a0="sh" rubbish', 'argc=1 a0="sh" b0="x"', 'argc=1 a0="sh" a1=xyz'])(
    'are read as far as they can be: %j',
    (body) => {
      expect(readArgv([body])).toEqual({ argv: ['sh'], problem: 'an EXECVE record could not be read whole' });
    },
  );

  it('come out as they went in, whatever bytes they hold and wherever the kernel cuts them', () => {
    const argument = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array).toString('latin1'));
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 30 }), (argv, cut) => {
        expect(readArgv(asLogged(argv, cut))).toEqual({ argv, problem: null });
      }),
    );
  });
});

/** As audit_log_execve_info does it, with `cut` bytes as its limit instead of 7,500. */
function asLogged(argv: readonly string[], cut: number): string[] {
  const bodies = [`argc=${argv.length}`];
  const add = (text: string) => {
    bodies[bodies.length - 1] += ` ${text}`;
  };
  argv.forEach((value, index) => {
    const hex = Buffer.from(value, 'latin1').toString('hex').toUpperCase();
    const plain = /^[\x21\x23-\x7e]*$/.test(value);
    if (value.length <= cut) {
      add(`a${index}=${plain ? `"${value}"` : hex}`);
      return;
    }
    add(`a${index}_len=${hex.length}`);
    for (let at = 0, piece = 0; at < hex.length; at += cut * 2, piece += 1) {
      add(`a${index}[${piece}]=${hex.slice(at, at + cut * 2)}`);
      bodies.push('');
    }
  });
  return bodies;
}
