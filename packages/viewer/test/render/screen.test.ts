import { expect, test } from 'vitest';
import { coloured, plain } from '../../src/render/paint.ts';
import { screenFor } from '../../src/render/screen.ts';

const terminal = { isTerminal: true, columns: 90 };
const pipe = { isTerminal: false, columns: undefined };

test.each([
  ['a terminal', terminal, {}, 90],
  ['a terminal wins over COLUMNS', terminal, { COLUMNS: '70' }, 90],
  ['a terminal that does not know', { isTerminal: true, columns: 0 }, { COLUMNS: '70' }, 70],
  ['a pipe', pipe, {}, 120],
  ['a pipe with COLUMNS', pipe, { COLUMNS: '200' }, 200],
  ['nonsense in COLUMNS', pipe, { COLUMNS: 'wide' }, 120],
  ['very little', pipe, { COLUMNS: '3' }, 60],
  ['very much', pipe, { COLUMNS: '99999' }, 1000],
])('width: %s', (_case, given, environment, width) => {
  expect(screenFor(given, environment, coloured).width).toBe(width);
});

test.each([
  ['a terminal has colours', terminal, { TERM: 'xterm' }, coloured],
  ['a pipe has none', pipe, {}, plain],
  ['a dumb terminal has none', terminal, { TERM: 'dumb' }, plain],
  ['NO_COLOR takes them away', terminal, { NO_COLOR: '1' }, plain],
  ['an empty NO_COLOR does not', terminal, { NO_COLOR: '' }, coloured],
  ['FORCE_COLOR gives them to a pipe', pipe, { FORCE_COLOR: '1' }, coloured],
  ['FORCE_COLOR wins over NO_COLOR', pipe, { FORCE_COLOR: '1', NO_COLOR: '1' }, coloured],
  ['FORCE_COLOR=0 takes them away', terminal, { FORCE_COLOR: '0' }, plain],
])('colours: %s', (_case, given, environment, paint) => {
  expect(screenFor(given, environment, coloured).paint).toBe(paint);
});

test('only a UTF-8 locale has line art', () => {
  const locales = [
    { LANG: 'de_DE.UTF-8' },
    { LANG: 'C.utf8' },
    { LC_ALL: 'C', LANG: 'C.UTF-8' },
    { LC_ALL: '', LANG: 'C.UTF-8' },
    {},
  ];
  expect(locales.map((environment) => screenFor(pipe, environment, coloured).charset)).toEqual([
    'unicode',
    'unicode',
    'ascii',
    'unicode',
    'ascii',
  ]);
});
