/** Items of calls on an overlay (device 00:2a) whose layers are on fe:00, as Linux 6.18 told them. */

import { describe, expect, it } from 'vitest';
import { nametype } from '../../src/audit/entry-layout.ts';
import { namedItems } from '../../src/audit/operation-names.ts';
import { withoutLayers } from '../../src/audit/overlay-items.ts';
import type { PathItem } from '../../src/audit/path-items.ts';

type Nametype = 'parent' | 'create' | 'delete' | 'normal';

/** `TYPE NAME INODE DEV`; `-` for what is not told. */
function items(...lines: readonly string[]): PathItem[] {
  return lines.map((line, number) => {
    const [type, name, inode, dev] = line.split(' ').map((text) => (text === '-' ? null : text));
    const mode = inode == null ? null : 0o100644;
    return {
      ...{ number, nametype: nametype[type as Nametype], name: name ?? null, dev: dev ?? null },
      ...{ inode: inode ?? null, fileType: inode == null ? 'unknown' : 'regular', mode },
    };
  });
}

/** sed -i on a file of a lower layer. */
const renamed = items(
  'parent /etc/ 1097805 00:2a',
  'parent /etc/ 1097805 00:2a',
  'delete /etc/sedTxdDZW 1097855 fe:00',
  'delete /etc/deluser.conf 968844 00:2a',
  'parent - 1097730 fe:00',
  'parent - 1097730 fe:00',
  'create - - -',
  'parent - 1097730 fe:00',
  'create - 1097855 fe:00',
  'create /etc/deluser.conf 1097855 00:2a',
);

describe('of a call on an overlay', () => {
  it('what was done in its layers is left out, and their inodes are not those of its files', () => {
    expect(withoutLayers(renamed).map(({ name, inode, dev }) => [name, inode, dev])).toEqual([
      ['/etc/', '1097805', '00:2a'],
      ['/etc/', '1097805', '00:2a'],
      ['/etc/sedTxdDZW', null, '00:2a'],
      ['/etc/deluser.conf', '968844', '00:2a'],
      ['/etc/deluser.conf', '1097855', '00:2a'],
    ]);
  });

  it('the new name of a rename is told, and what it replaced', () => {
    const told = namedItems('rename', withoutLayers(renamed), { success: true, exchanges: false });

    expect([told.file?.name, told.file?.inode, told.to?.name, told.replaced]).toEqual([
      '/etc/sedTxdDZW',
      '1097855',
      '/etc/deluser.conf',
      '968844',
    ]);
  });

  it('a removed directory keeps its name and kind', () => {
    const removed = withoutLayers(
      items('parent /etc/ 1097805 00:2a', 'delete /etc/apt 1097854 fe:00', 'parent - 1097822 fe:00', 'create - - -'),
    );

    expect(removed.slice(1)).toEqual([
      {
        number: 1,
        nametype: nametype.delete,
        name: '/etc/apt',
        dev: '00:2a',
        inode: null,
        fileType: 'regular',
        mode: 0o100644,
      },
    ]);
  });

  it('items that are looked up alone may be on any device', () => {
    const linked = items('parent /a/ 1 00:2a', 'normal /b 2 fe:00', 'create /a/c 2 00:2a', 'parent - 7 fe:00');

    expect(withoutLayers(linked)).toEqual(linked.slice(0, 3));
  });
});

it('items of other file systems stay as they are', () => {
  const onDisk = items('parent /a/ 1 fe:00', 'delete - 2 fe:00', 'create - - -');
  const onTmpfs = items('parent /a/ 1 00:1b', 'delete - 2 00:1b', 'create - - -');

  expect([withoutLayers(onDisk), withoutLayers(onTmpfs)]).toEqual([onDisk, onTmpfs]);
  expect(withoutLayers([])).toEqual([]);
});
