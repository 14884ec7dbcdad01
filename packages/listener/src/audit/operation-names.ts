/**
 * Which PATH item of an operation is what. The kernel (kernel/auditsc.c, fs/namei.c) tells the directory of a name that
 * it makes or takes away as PARENT, and the name itself as CREATE or DELETE once it gets as far as that. A name that it
 * could not look up stays UNKNOWN, and so does the target of a symbolic link. Names that were looked up are NORMAL.
 */

import type { OperationName } from '@godo/evidence';
import { nametype } from './entry-layout.ts';
import type { PathItem } from './path-items.ts';

export interface NamedItems {
  /** The file, by its first name; undefined: not told. */
  readonly file: PathItem | undefined;
  /** rename, link: the second name. */
  readonly to: PathItem | undefined;
  readonly target: PathItem | undefined;
  /** Names of which it is not told which of two they are: the kernel lists both in the order of its own compiler. */
  readonly unsorted: readonly PathItem[];
  /** Inodes of rename. */
  readonly replaced: string | null;
  readonly exchanged: string | null;
}

/** @param exchanges the call can exchange two files. */
export function namedItems(
  operation: OperationName,
  items: readonly PathItem[],
  { success, exchanges }: { readonly success: boolean; readonly exchanges: boolean },
): NamedItems {
  const of = (type: number) => items.filter((item) => item.nametype === type);
  const nothing = { to: undefined, target: undefined, unsorted: [], replaced: null, exchanged: null };
  const unknown = of(nametype.unknown).filter(({ name }) => name !== null);
  const [made, otherMade] = of(nametype.create);
  switch (operation) {
    case 'rename':
      return {
        ...nothing,
        ...renamed(of(nametype.delete), [made, otherMade], { success, exchanges }),
        unsorted: unknown,
      };
    case 'link':
      return { ...nothing, file: lookedUp(items), to: made, ...(made === undefined && { unsorted: unknown }) };
    case 'symlink': {
      // Without its directory nothing says which of the two names is the link.
      const isTold = made !== undefined || of(nametype.parent).length > 0;
      return isTold ? { ...nothing, file: made, target: unknown[0] } : { ...nothing, file: made, unsorted: unknown };
    }
    case 'mkdir':
    case 'mknod':
      return { ...nothing, file: made ?? unknown[0] };
    case 'unlink':
    case 'rmdir':
      return { ...nothing, file: of(nametype.delete)[0] ?? unknown[0] };
    default:
      return { ...nothing, file: lookedUp(items) ?? unknown[0] };
  }
}

/** What a name led to: with a trailing slash there may be items without one beside it. */
function lookedUp(items: readonly PathItem[]): PathItem | undefined {
  const found = items.filter((item) => item.nametype === nametype.normal);
  return found.find(({ name }) => name !== null) ?? found[0];
}

/**
 * The old name is taken away first, then what was at the new one. Where both have the same last part, in directories
 * with names of the same length, the kernel takes the second for the first, so that the old name stands with the inode
 * of the file that was replaced: whose it was before tells the new name.
 */
function renamed(
  removed: readonly PathItem[],
  [made, otherMade]: readonly (PathItem | undefined)[],
  { success, exchanges }: { readonly success: boolean; readonly exchanges: boolean },
): Partial<NamedItems> & Pick<NamedItems, 'file' | 'to'> {
  const [first, second] = removed;
  if (!success) return { file: first, to: made ?? second };
  const moved = made?.inode ?? first?.inode ?? null;
  const file = first === undefined || made === undefined ? first : { ...made, name: first.name };
  if (exchanges && otherMade !== undefined) return { file, to: made, exchanged: otherMade.inode };
  const replaced = removed.find(({ inode }) => inode !== null && inode !== moved);
  return { file, to: made, replaced: replaced?.inode ?? null };
}
