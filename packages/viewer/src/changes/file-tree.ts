/**
 * What became of a file system of which nothing is known at first but what is done to it. Whoever makes a file shows that
 * none was there; whoever removes, renames or changes one that was not made here shows that one was.
 *
 * Two trees: of what is there now, whose directories move when they are renamed, and of the places where something was
 * before. Both have only what was touched, and forget what was made and removed again: memory grows with the paths that
 * have changed in the end, not with what was done to them.
 */

import type { FileType } from '@godo/evidence';
import { type Deed, earlier, later } from './deed.ts';

type Names = readonly string[];

/** A: was not there before. C: was, and is changed, or another file is there now. D: was, and is not any more. */
export type ChangeKind = 'A' | 'C' | 'D';

export interface Change {
  readonly parts: Names;
  readonly change: ChangeKind;
  readonly fileType: FileType;
  readonly first: Deed | null;
  readonly last: Deed | null;
  /** Of the file that is there now. */
  readonly writes: number;
  readonly bytes: number;
  /** There may have been more writes, or fewer. */
  readonly isUnsure: boolean;
  /** A directory that was there before has come here by a rename: what lies in it is not known. */
  readonly contentsUnknown: boolean;
  /** In a directory that is gone as well. */
  readonly inRemoved: boolean;
  /** One of its deeds is among those that are looked for. */
  readonly isWanted: boolean;
}

/** A file or directory that is there now. Names that are linked share it. */
class Present {
  children: Map<string, Present> | null = null;
  fileType: FileType;
  /** made: since the start, or nobody knows how it came. before: it was there, at `home`. passage: a directory that was there, of which only what lies in it has changed. */
  origin: 'made' | 'before' | 'passage';
  home: Place | null;
  changed = false;
  wanted = false;
  /** It has, or had, more names than one. */
  linked = false;
  first: Deed | null = null;
  last: Deed | null = null;
  writes = 0;
  bytes = 0;
  unsure = false;

  constructor(origin: 'made' | 'before' | 'passage', fileType: FileType, home: Place | null) {
    this.origin = origin;
    this.fileType = fileType;
    this.home = home;
  }

  add(deed: Deed, wanted: boolean): void {
    this.first = earlier(this.first, deed);
    this.last = later(this.last, deed);
    this.wanted ||= wanted;
  }

  count({ writes, bytes, isUnsure }: Amount): void {
    this.writes += writes;
    this.bytes += bytes;
    this.unsure ||= isUnsure;
  }
}

/** A path at which something was before, or on the way to one. */
class Place {
  children: Map<string, Place> | null = null;
  /** Something was there before. */
  taken = false;
  fileType: FileType = 'unknown';
  wanted = false;
  /** Done to what was there, or came there, and is not there any more. */
  first: Deed | null = null;
  last: Deed | null = null;

  /** Keeps what was done to something that is not there any more. */
  keep({ first, last, wanted }: Pick<Present, 'first' | 'last' | 'wanted'>): void {
    this.first = earlier(this.first, first);
    this.last = later(this.last, last);
    this.wanted ||= wanted;
  }
}

export interface Amount {
  readonly writes: number;
  readonly bytes: number;
  /** There may have been more, or fewer. */
  readonly isUnsure: boolean;
}

/** Files that are remembered though they are not there: they may be open still, or get a name. */
const mostRemembered = 16_384;

/** In all of it, `wanted` says whether the deed is among those that are looked for. */
export class FileTree {
  readonly #now = new Present('passage', 'directory', null);
  readonly #before = new Place();
  /** Files by the paths that they have lost last. */
  readonly #left = new Map<string, Present>();
  /** Files without a name, by the one that they are going to get. */
  readonly #unnamed = new Map<string, Present>();

  /** A file was made, where none was. */
  make(at: Names, fileType: FileType, deed: Deed, wanted = true): void {
    if (at.length === 0) return;
    const made = new Present('made', fileType, null);
    made.add(deed, wanted);
    this.#put(at, made);
  }

  /** A file was made without a name, and gets this one later by a link from no name. */
  makeUnnamed(at: Names, fileType: FileType, deeds: readonly Deed[], wanted: boolean, amount: Amount): void {
    const file = new Present('made', fileType, null);
    for (const deed of deeds) file.add(deed, wanted);
    file.count(amount);
    this.#remember(this.#unnamed, at, file);
  }

  /** A file that is there was changed: what is in it, or its rights. */
  change(at: Names, fileType: FileType, deeds: readonly Deed[], wanted = true, amount?: Amount): void {
    const file = this.#find(at, fileType);
    file.changed = true;
    for (const deed of deeds) file.add(deed, wanted);
    if (amount !== undefined) file.count(amount);
  }

  /**
   * The same by a descriptor, of which is known where the file was when it was opened: what is not there any more, or is
   * elsewhere by now, is not taken for another file.
   */
  changeHeld(at: Names, fileType: FileType, deed: Deed, wanted = true): void {
    const moved = this.#left.get(at.join('/'));
    if (this.#look(at) !== undefined || (moved === undefined && !this.#wasTaken(at))) {
      this.change(at, fileType, [deed], wanted);
    } else if (moved !== undefined) {
      moved.changed = true;
      moved.add(deed, wanted);
    }
  }

  remove(at: Names, fileType: FileType, deed: Deed, wanted = true): void {
    if (at.length === 0) return;
    const file = this.#find(at, fileType);
    file.add(deed, wanted);
    this.#take(at);
    this.#leave(at, file);
    this.#remember(this.#left, at, file);
  }

  /** @param replaces Another file was at the new name. */
  rename(from: Names, to: Names, fileType: FileType, replaces: boolean, deed: Deed, wanted = true): void {
    if (from.length === 0 || to.length === 0) return;
    const file = this.#find(from, fileType);
    // Two names of one file: the call does nothing.
    if (this.#look(to) === file) return;
    file.add(deed, wanted);
    if (replaces) this.#find(to, fileType);
    this.#take(from);
    this.#leave(from, file);
    this.#remember(this.#left, from, file);
    this.#put(to, file);
  }

  exchange(one: Names, other: Names, types: readonly [FileType, FileType], deed: Deed, wanted = true): void {
    if (one.length === 0 || other.length === 0) return;
    const files = [this.#find(one, types[0]), this.#find(other, types[1])] as const;
    for (const file of files) file.add(deed, wanted);
    this.#take(one);
    this.#take(other);
    this.#put(other, files[0]);
    this.#put(one, files[1]);
  }

  /** @param from null: not known which file has got another name. */
  link(from: Names | null, to: Names, fileType: FileType, deed: Deed, wanted = true): void {
    if (to.length === 0) return;
    const known = from === null ? this.#unnamed.get(to.join('/')) : this.#find(from, fileType);
    if (from === null) this.#unnamed.delete(to.join('/'));
    const file = known === undefined || known.children !== null ? new Present('made', fileType, null) : known;
    file.linked = from !== null && file === known;
    file.add(deed, wanted);
    this.#put(to, file);
  }

  #remember(files: Map<string, Present>, at: Names, file: Present): void {
    const path = at.join('/');
    files.delete(path);
    files.set(path, file);
    if (files.size <= mostRemembered) return;
    const oldest = files.keys().next().value;
    if (oldest !== undefined) files.delete(oldest);
  }

  /** Whether something is known of what is there. */
  knows(at: Names): boolean {
    return this.#look(at) !== undefined;
  }

  /** By their paths, a directory before what is in it. */
  *changes(): Generator<Change> {
    const way: string[] = [];
    const levels = [levelOf(this.#now, this.#before, false)];
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const name = level.names[level.at];
      if (name === undefined) {
        levels.pop();
        way.pop();
        continue;
      }
      level.at += 1;
      way.push(name);
      const file = level.now?.children?.get(name);
      const place = level.before?.children?.get(name);
      const change = kindOf(file, place);
      if (change !== null) yield changeOf(change, way, file, place, level.inRemoved);
      levels.push(levelOf(file, place, level.inRemoved || change === 'D'));
    }
  }

  #look(at: Names): Present | undefined {
    let file: Present | undefined = this.#now;
    for (const name of at) file = file?.children?.get(name);
    return file;
  }

  /** The file that is there; where nothing was known of it, it was there before, if that can be. */
  #find(at: Names, fileType: FileType): Present {
    const { file, from } = this.#reach(at, fileType);
    if (file.origin === 'passage' && from !== null && at.length > 0) {
      file.origin = 'before';
      file.home = placeBelow(from);
      file.home.taken = true;
      file.home.fileType = fileType;
    }
    if (file.fileType === 'unknown') file.fileType = fileType;
    return file;
  }

  /** `from`: where it was before, if it was; null: it was not, or is not what was there. */
  #reach(at: Names, fileType: FileType): { readonly file: Present; readonly from: Origin | null } {
    let file = this.#now;
    let from: Origin | null = { base: this.#before, names: [] };
    for (const [depth, name] of at.entries()) {
      const isLast = depth === at.length - 1;
      if (from !== null) from.names.push(name);
      let next: Present | undefined = file.children?.get(name);
      // What has several names is no directory, whatever the evidence says.
      if (next?.linked && !isLast) next = undefined;
      if (next === undefined) {
        // It was taken away, and nobody was seen to make what is there now.
        if (from !== null && placeAt(from)?.taken) from = null;
        next = new Present(from === null ? 'made' : 'passage', isLast ? fileType : 'directory', null);
        file.children ??= new Map();
        file.children.set(name, next);
      } else if (next.origin === 'made') from = null;
      else if (next.home !== null) from = { base: next.home, names: [] };
      file = next;
    }
    return { file, from };
  }

  /** Puts a file at a name; what is there is lost. */
  #put(at: Names, file: Present): void {
    const { file: directory } = this.#reach(at.slice(0, -1), 'directory');
    const name = at.at(-1) as string;
    const replaced = directory.children?.get(name);
    if (replaced !== undefined && replaced !== file) this.#leave(at, replaced);
    directory.children ??= new Map();
    directory.children.set(name, file);
  }

  /** Takes a name away, and the directories that were only the way to it. */
  #take(at: Names): void {
    const way: Present[] = [this.#now];
    for (const name of at.slice(0, -1)) {
      const next = way.at(-1)?.children?.get(name);
      if (next === undefined) return;
      way.push(next);
    }
    for (let depth = at.length - 1; depth >= 0; depth -= 1) {
      const directory = way[depth] as Present;
      directory.children?.delete(at[depth] as string);
      if (directory.children?.size !== 0) return;
      directory.children = null;
      if (directory.origin !== 'passage') return;
    }
  }

  /** What was done to a file that is not at this name any more stays known where something was before. */
  #leave(at: Names, file: Present): void {
    const place = this.#placeOf(at);
    if (place?.taken) place.keep(file);
  }

  #wasTaken(at: Names): boolean {
    return this.#placeOf(at)?.taken === true;
  }

  #placeOf(at: Names): Place | undefined {
    return placeAt({ base: this.#before, names: at });
  }
}

/** A path in what was before: names below a place. */
interface Origin {
  readonly base: Place;
  readonly names: string[];
}

function placeAt({ base, names }: { readonly base: Place; readonly names: Names }): Place | undefined {
  let place: Place | undefined = base;
  for (const name of names) place = place?.children?.get(name);
  return place;
}

function placeBelow({ base, names }: Origin): Place {
  let place = base;
  for (const name of names) {
    let next = place.children?.get(name);
    if (next === undefined) {
      next = new Place();
      place.children ??= new Map();
      place.children.set(name, next);
    }
    place = next;
  }
  return place;
}

/** A directory that is gone through: what is left of its names. */
interface Level {
  readonly now: Present | undefined;
  readonly before: Place | undefined;
  readonly inRemoved: boolean;
  readonly names: readonly string[];
  at: number;
}

function levelOf(now: Present | undefined, before: Place | undefined, inRemoved: boolean): Level {
  const names = new Set([...(now?.children?.keys() ?? []), ...(before?.children?.keys() ?? [])]);
  return { now, before, inRemoved, names: [...names].sort(), at: 0 };
}

function kindOf(file: Present | undefined, place: Place | undefined): ChangeKind | null {
  if (file === undefined) return place?.taken ? 'D' : null;
  if (place?.taken) return file.home === place && !file.changed ? null : 'C';
  return file.origin === 'passage' ? null : 'A';
}

function changeOf(
  change: ChangeKind,
  way: Names,
  file: Present | undefined,
  place: Place | undefined,
  inRemoved: boolean,
): Change {
  const past = place?.taken ? place : undefined;
  return {
    parts: [...way],
    change,
    fileType: file?.fileType ?? past?.fileType ?? 'unknown',
    first: earlier(past?.first ?? null, file?.first ?? null),
    last: later(past?.last ?? null, file?.last ?? null),
    writes: file?.writes ?? 0,
    bytes: file?.bytes ?? 0,
    isUnsure: file?.unsure === true,
    contentsUnknown: file?.origin === 'before' && file.fileType === 'directory' && file.home !== place,
    inRemoved,
    isWanted: file?.wanted === true || past?.wanted === true,
  };
}
