import type { FileType } from '@godo/evidence';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Deed } from '../../src/changes/deed.ts';
import { type Change, FileTree } from '../../src/changes/file-tree.ts';

const by = { key: 'boot:1:1', tgid: 1, exe: '/bin/x', comm: 'x' };
let clock = 0n;

function deed(action: Deed['action'] = 'write'): Deed {
  clock += 1n;
  return { by, timeNs: clock, action };
}

/** Changes as `A /path`, with ` …` behind directories whose content is not known. */
function shown(tree: FileTree, withRemoved = false): string[] {
  return [...tree.changes()]
    .filter(({ inRemoved }) => withRemoved || !inRemoved)
    .map(({ change, parts, contentsUnknown }) => `${change} /${parts.join('/')}${contentsUnknown ? ' …' : ''}`);
}

const at = (path: string) => path.split('/').filter((name) => name !== '');

/** What is done, as a line each: `make /a`, `rename! /a /b` where something is replaced. */
function after(...lines: string[]): FileTree {
  const tree = new FileTree();
  for (const line of lines) {
    const [what, path = '', to = ''] = line.split(' ');
    const type: FileType = /dir/.test(what ?? '') ? 'directory' : 'regular';
    if (what === 'make' || what === 'mkdir') tree.make(at(path), type, deed('create'));
    else if (what === 'write') tree.change(at(path), type, [deed()]);
    else if (what === 'remove' || what === 'rmdir') tree.remove(at(path), type, deed('unlink'));
    else if (what === 'rename' || what === 'rename!' || what === 'renamedir') {
      tree.rename(at(path), at(to), type, what === 'rename!', deed('rename'));
    } else if (what === 'link') tree.link(at(path), at(to), type, deed('link'));
    else if (what === 'exchange') tree.exchange(at(path), at(to), [type, type], deed('rename'));
    else if (what === 'held') tree.changeHeld(at(path), type, deed('chmod'));
    else throw new Error(line);
  }
  return tree;
}

describe('in the end', () => {
  test.each<[string, string[], string[]]>([
    ['what was made is added', ['make /a'], ['A /a']],
    ['what was changed was there', ['write /a'], ['C /a']],
    ['what was removed was there', ['remove /a'], ['D /a']],
    ['what was made and removed is nothing', ['make /a', 'write /a', 'remove /a'], []],
    ['what was removed and made again is changed', ['remove /a', 'make /a'], ['C /a']],
    ['what was changed and removed is removed', ['write /a', 'remove /a'], ['D /a']],
    ['what was removed, made and removed is removed', ['remove /a', 'make /a', 'remove /a'], ['D /a']],
    ['a renamed file is removed here and added there', ['rename /a /b'], ['D /a', 'A /b']],
    ['a file that came back is nothing', ['rename /a /b', 'rename /b /a'], []],
    ['a file that came back changed is changed', ['rename /a /b', 'write /b', 'rename /b /a'], ['C /a']],
    ['a file that another replaced is changed', ['make /t', 'rename! /t /a'], ['C /a']],
    ['a file under a name that was free is added', ['make /t', 'rename /t /a'], ['A /a']],
    ['a rename onto what was made leaves one', ['make /a', 'make /b', 'rename! /a /b'], ['A /b']],
    ['what was there and replaced what was there', ['rename! /a /b'], ['D /a', 'C /b']],
    ['exchanged files are both changed', ['exchange /a /b'], ['C /a', 'C /b']],
    ['files exchanged twice are not', ['exchange /a /b', 'exchange /a /b'], []],
    ['another name of a file is added, and the file is not changed', ['link /a /b'], ['A /b']],
    ['what is written by one name is by all', ['link /a /b', 'write /b'], ['C /a', 'A /b']],
    [
      'a name that took the place of the first is the file that was there',
      ['link /a /b', 'remove /a', 'rename /b /a'],
      [],
    ],
    ['two names of one file are not renamed onto each other', ['link /a /b', 'rename! /a /b'], ['A /b']],
    ['what is in a directory that was made is added', ['mkdir /d', 'make /d/a'], ['A /d', 'A /d/a']],
    ['a directory that was there is not listed for what is in it', ['make /d/a', 'remove /d/b'], ['A /d/a', 'D /d/b']],
    ['what was in it goes with a removed directory', ['remove /d/a', 'rmdir /d'], ['D /d']],
    [
      'made again, it shows what is missing',
      ['remove /d/a', 'remove /d/b', 'rmdir /d', 'mkdir /d', 'make /d/b'],
      ['C /d', 'D /d/a', 'C /d/b'],
    ],
    ['a made directory takes along what is in it', ['mkdir /d', 'make /d/a', 'renamedir /d /e'], ['A /e', 'A /e/a']],
    ['of a directory that was there not all is known', ['write /d/a', 'renamedir /d /e'], ['D /d', 'A /e …', 'A /e/a']],
    [
      'what was removed from a directory meanwhile is missing',
      ['renamedir /d /e', 'remove /e/a', 'renamedir /e /d'],
      ['D /d/a'],
    ],
    ['a directory that came back is nothing', ['renamedir /d /e', 'renamedir /e /d'], []],
    ['what was changed meanwhile is', ['renamedir /d /e', 'write /e/a', 'renamedir /e /d'], ['C /d/a']],
    ['what is removed from a renamed directory goes with it', ['renamedir /d /e', 'remove /e/a'], ['D /d', 'A /e …']],
    ['what nobody was seen to make in a made directory is added', ['mkdir /d', 'write /d/a'], ['A /d', 'A /d/a']],
    ['a file in the place of a directory is a change', ['rmdir /d', 'make /d'], ['C /d']],
    ['a held file that is gone is nothing', ['make /a', 'remove /a', 'held /a'], []],
    ['a held file of before that is gone is gone', ['remove /a', 'held /a'], ['D /a']],
    ['a held file that was renamed is changed there', ['make /a', 'rename /a /b', 'held /a'], ['A /b']],
    ['a held file is changed where it is', ['held /a'], ['C /a']],
    ['a held file that was there and moved', ['rename /a /b', 'held /a', 'rename /b /a'], ['C /a']],
  ])('%s', (_, lines, expected) => {
    expect(shown(after(...lines))).toEqual(expected);
  });

  test('what was in a removed directory can be asked for', () => {
    expect(shown(after('remove /d/a', 'rmdir /d'), true)).toEqual(['D /d', 'D /d/a']);
  });

  test('the first and the last deed are of the path, whatever file was there', () => {
    const tree = new FileTree();
    const deeds = [deed('write'), deed('create'), deed('write'), deed('rename')] as const;
    tree.change(['a'], 'regular', [deeds[0]]);
    tree.make(['t'], 'regular', deeds[1]);
    tree.change(['t'], 'regular', [deeds[2]]);
    tree.rename(['t'], ['a'], 'regular', true, deeds[3]);

    expect([...tree.changes()].map(({ first, last }) => [first, last])).toEqual([[deeds[0], deeds[3]]]);
  });

  test('a file without a name is there from its link on', () => {
    const tree = after('remove /a');
    const deeds = [deed('create'), deed('write')];
    tree.makeUnnamed(['a'], 'regular', deeds, true, { writes: 1, bytes: 7, isUnsure: false });
    tree.makeUnnamed(['b'], 'regular', [deed('create')], true, { writes: 0, bytes: 0, isUnsure: false });
    const before = shown(tree);
    tree.link(null, ['a'], 'regular', deed('link'));

    expect([before, shown(tree)]).toEqual([['D /a'], ['C /a']]);
    expect([...tree.changes()].map(({ bytes, last }) => [bytes, last?.action])).toEqual([[7, 'link']]);
  });

  test('nothing is wanted but what a wanted deed was done to', () => {
    const tree = new FileTree();
    tree.make(['a'], 'regular', deed(), false);
    tree.make(['b'], 'regular', deed(), false);
    tree.change(['b'], 'regular', [deed()], true);
    tree.remove(['c'], 'regular', deed(), true);

    expect([...tree.changes()].map(({ parts, isWanted }) => [parts[0], isWanted])).toEqual([
      ['a', false],
      ['b', true],
      ['c', true],
    ]);
  });

  test('evidence that cannot be ends in no circle', () => {
    const tree = after('make /a', 'link /a /a/b', 'link /a/b /a/b/c', 'write /a/b/c/d', 'link /a /d', 'make /d/x');

    expect(shown(tree).length).toBeLessThan(20);
  });
});

/** Directories and files by what they are: equal numbers are one file. */
type Disk = { [name: string]: Disk | { file: { id: number; written: number } } };

const isFile = (one: Disk[string] | undefined): one is { file: { id: number; written: number } } =>
  one !== undefined && 'file' in one && typeof (one as { file: { id?: unknown } }).file?.id === 'number';

describe('whatever is done', () => {
  const name = fc.constantFrom('p', 'q', 'r');
  const path = fc.array(name, { minLength: 1, maxLength: 3 });
  const step = fc.tuple(fc.constantFrom('make', 'mkdir', 'write', 'remove', 'rename', 'link', 'exchange'), path, path);

  test('the tree says what a file system says that was looked at before and after', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const disk = imageOf();
        const tree = new FileTree();
        for (const [what, one, other] of steps) apply(disk, tree, what, one, other);

        const found = [...tree.changes()].filter(({ inRemoved, ...one }) => !inRemoved && !isMadeAgain(one));
        const lines = found.map(({ change, parts }) => `${change} /${parts.join('/')}`);
        expect(lines).toEqual(differences(imageOf(), disk));
      }),
      { numRuns: 5000 },
    );
  });
});

function isMadeAgain({ change, fileType }: Pick<Change, 'change' | 'fileType'>): boolean {
  return change === 'C' && fileType === 'directory';
}

let ids = 100;

/** Two levels of directories with files; renames of these directories are left out, as an overlay refuses them. */
function imageOf(): Disk {
  const file = (id: number) => ({ file: { id, written: 0 } });
  return { p: { p: file(1), q: { p: file(2), q: file(3) } }, q: file(4), r: { r: {} } };
}

function directoryAt(disk: Disk, path: readonly string[]): Disk | null {
  let directory: Disk = disk;
  for (const part of path) {
    const next = directory[part];
    if (next === undefined || isFile(next)) return null;
    directory = next;
  }
  return directory;
}

/** Does it where a file system would, and tells the tree so. */
function apply(disk: Disk, tree: FileTree, what: string, one: string[], other: string[]): void {
  const [directory, last] = [directoryAt(disk, one.slice(0, -1)), one.at(-1) as string];
  const [toDirectory, toLast] = [directoryAt(disk, other.slice(0, -1)), other.at(-1) as string];
  if (directory === null) return;
  const file = directory[last];
  if (what === 'make' || what === 'mkdir') {
    if (file !== undefined) return;
    ids += 1;
    directory[last] = what === 'make' ? { file: { id: ids, written: 0 } } : {};
    tree.make(one, what === 'make' ? 'regular' : 'directory', deed('create'));
    return;
  }
  if (file === undefined) return;
  if (what === 'write') {
    if (!isFile(file)) return;
    file.file.written += 1;
    tree.change(one, 'regular', [deed()]);
    return;
  }
  if (what === 'remove') {
    if (!isFile(file) && Object.keys(file).length > 0) return;
    delete directory[last];
    tree.remove(one, isFile(file) ? 'regular' : 'directory', deed('unlink'));
    return;
  }
  if (toDirectory === null || !isFile(file)) return;
  const target = toDirectory[toLast];
  if (what === 'rename') {
    if (target !== undefined && !isFile(target)) return;
    if (target !== undefined && isFile(target) && target.file === file.file) return;
    delete directory[last];
    toDirectory[toLast] = file;
    tree.rename(one, other, 'regular', target !== undefined, deed('rename'));
  } else if (what === 'link') {
    if (target !== undefined) return;
    toDirectory[toLast] = { file: file.file };
    tree.link(one, other, 'regular', deed('link'));
  } else if (what === 'exchange' && target !== undefined && isFile(target)) {
    directory[last] = target;
    toDirectory[toLast] = file;
    tree.exchange(one, other, ['regular', 'regular'], deed('rename'));
  }
}

/** As docker diff has them, but for directories in which something changed. */
function differences(before: Disk, now: Disk, way = ''): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  return names.flatMap((name) => {
    const [was, is] = [before[name], now[name]];
    const path = `${way}/${name}`;
    if (is === undefined) return [`D ${path}`];
    const below = isFile(is) ? {} : is;
    const belowBefore = was === undefined || isFile(was) ? {} : was;
    const own = changeAt(was, is);
    return [...(own === null ? [] : [`${own} ${path}`]), ...differences(belowBefore, below, path)];
  });
}

function changeAt(was: Disk[string] | undefined, is: Disk[string]): 'A' | 'C' | null {
  if (was === undefined) return 'A';
  // Of directories only what is in them is compared.
  if (!isFile(is)) return null;
  return isFile(was) && was.file.id === is.file.id && is.file.written === 0 ? null : 'C';
}
