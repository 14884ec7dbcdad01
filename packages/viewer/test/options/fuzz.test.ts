import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fuzzing, fuzzTimeoutMs } from '../../../evidence/test/support/fuzzing.ts';
import { compileGlob } from '../../src/options/glob.ts';
import { view } from '../support/run-view.ts';

const words = [
  ...[
    'tree',
    'processes',
    'files',
    'sessions',
    'operations',
    'file',
    'containers',
    'events',
    'losses',
    'stats',
    'help',
    '--',
    '-',
  ],
  ...[
    '--json',
    '-a',
    '--path',
    '--path=',
    '--exe',
    '--pid',
    '--since',
    '--until',
    '--session',
    '--container',
    '-pid=7',
  ],
  ...['/tmp/x', '2h', '1763816709.5', '**', '[', '\\', '__proto__', '--no-json', '--version', '--cooked-db'],
];

test(
  'whatever the arguments are, the viewer shows something or says what is wrong',
  async () => {
    const word = fc.oneof(fc.constantFrom(...words), fc.string({ unit: 'binary', maxLength: 12 }));
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (argv) => {
        const { code, out, err } = await view(argv);
        expect([0, 2]).toContain(code);
        expect(err).not.toContain('a fault of the viewer');
        expect((out + err).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
      fuzzing(150),
    );
  },
  fuzzTimeoutMs,
);

test(
  'a glob matches or does not, and soon',
  () => {
    const unit = fc.constantFrom('*', '**', '?', '[', ']', '!', '-', '\\', '/', 'a', '\ud800', '日');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 60 }), fc.string({ unit, maxLength: 400 }), (glob, path) => {
        const began = performance.now();
        expect(typeof compileGlob(glob).matches(path)).toBe('boolean');
        expect(performance.now() - began).toBeLessThan(1000);
      }),
      fuzzing(300),
    );
  },
  fuzzTimeoutMs,
);
