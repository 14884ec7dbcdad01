import { expect, test } from 'vitest';
import { nearestWord } from '../../src/options/suggest.ts';

const views = ['tree', 'processes', 'files', 'containers', 'events', 'losses', 'stats'];

test('a word is taken for the view it is nearest to, or for none', () => {
  const typed = [
    'file',
    'FILES',
    'procs',
    'process',
    'conatiners',
    'loses',
    'stat',
    'tre',
    'frobnicate',
    '',
    'x'.repeat(9999),
  ];
  expect(typed.map((word) => nearestWord(word, views))).toEqual([
    'files',
    'files',
    null,
    'processes',
    'containers',
    'losses',
    'stats',
    'tree',
    null,
    null,
    null,
  ]);
});
