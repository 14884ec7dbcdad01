/**
 * Makes names absolute that hang on directory descriptors: by what is known of the descriptor, else by the identity of
 * the directory that the kernel tells beside the name. What neither tells stays as it was given, and is counted.
 */

import { directoryPart, entryName, pathBelow } from '../audit/paths.ts';
import { openFlag } from '../audit/syscalls.ts';
import type {
  BinaryString,
  CloseEvent,
  CloseRangeEvent,
  DescriptorFlagsEvent,
  DupEvent,
  ExecEvent,
  FileIdentity,
  GivenName,
  OpenEvent,
  OperationEvent,
  SnapshotEvent,
} from '../events.ts';
import { ChangedLinks } from './changed-links.ts';
import { coarseClockMs } from './coarse-clock.ts';
import type { KnownFile, PathView } from './directory-descriptors.ts';
import { nanosecondsPerMs } from './documents.ts';
import { isSameMounts, isSameView, KnownDirectories } from './known-directories.ts';
import type { MissedCalls } from './missed-calls.ts';
import { follow, isBelow } from './moved-directory.ts';
import type { ProcessState } from './process-table.ts';

interface RelativeName {
  readonly path: BinaryString;
  /** null: not told. */
  readonly dirfd: number | null;
  readonly parents: readonly FileIdentity[] | undefined;
  readonly inRoot: boolean;
}

/** A name that was resolved, or not; and what is to be said of that. */
interface Resolution {
  readonly path: BinaryString | null;
  readonly warning: string | null;
  /** Of a path that is not sure: when its directory was learnt of. */
  readonly learntMs?: number;
  /** Its descriptor may be of another directory: nothing is concluded from such a path. */
  readonly isGuess?: boolean;
}

interface NamedFile {
  readonly name: GivenName;
  readonly isGuess?: boolean;
  readonly learntMs?: number;
}

const notKnown: Resolution = { path: null, warning: null };
const unsurePath =
  'calls were missed since its directory was met: it may have been renamed, or another one have its number by now';
const unsureDescriptor = 'calls were missed since its directory descriptor was opened: it may be of another directory';
/** EBADF: there was no such descriptor. */
const badDescriptor = -9;

export class NameResolver {
  readonly #known = new KnownDirectories();
  readonly #links = new ChangedLinks();
  readonly #missed: MissedCalls;
  /** Names that could not be made absolute. */
  unresolved = 0;

  constructor(missed: MissedCalls) {
    this.#missed = missed;
  }

  /** The same event, its name absolute where that can be told. What the descriptor refers to from now on is kept. */
  open(process: ProcessState, event: OpenEvent): OpenEvent {
    const { path, dirfd } = event;
    let named = event;
    let found: Resolution | undefined;
    if (!event.pathResolved && path !== null && dirfd !== null) {
      const name = { path, dirfd, parents: event.parents, inRoot: event.inRoot === true };
      found = this.#resolve(process, event.ms, name);
      if (found.path !== null) named = { ...event, path: found.path, pathResolved: true, dirfd: null };
      if (found.warning !== null) named = { ...named, warnings: [...(event.warnings ?? []), found.warning] };
    }
    const { directories } = process.descriptors;
    const isDirectory = event.fileType === 'directory';
    if (isDirectory || (event.flags !== null && (event.flags & openFlag.path) !== 0)) {
      const file = this.#fileOf(process, named.pathResolved ? named.path : null, event, found?.learntMs);
      directories.set(event.fd, file, event.closeOnExec);
      if (isDirectory && file.path !== null && found?.isGuess !== true) this.#known.learn(file);
    } else directories.delete(event.fd);
    return named;
  }

  /** Those that were open when the listener started. */
  adopt(process: ProcessState, event: SnapshotEvent): void {
    // What /proc shows counts from the root of the mount namespace.
    const view = { ...viewOf(process), chroot: '' };
    for (const { fd, path, closeOnExec, dev, inode, fileType } of event.directories ?? []) {
      const what = { view, path, dev, inode, fileType, isPhysical: true, openedBefore: true };
      const learntMs = Number(event.timeNs / nanosecondsPerMs);
      const file: KnownFile = { ...what, changes: this.#links.changes, learntMs };
      process.descriptors.directories.set(fd, file, closeOnExec);
      if (fileType === 'directory') this.#known.learn(file);
    }
  }

  close(process: ProcessState, { fd, ms }: CloseEvent): void {
    const { directories } = process.descriptors;
    const file = directories.get(fd);
    if (file !== undefined && !isOlder(process, file, ms)) directories.delete(fd);
  }

  closeRange(process: ProcessState, { first, last, onExec, ms }: CloseRangeEvent): void {
    const { directories } = process.descriptors;
    for (const fd of directories.numbers()) {
      if (fd >>> 0 < first || fd >>> 0 > last) continue;
      const file = directories.get(fd);
      if (file === undefined || isOlder(process, file, ms)) continue;
      if (onExec) directories.mark(fd, true);
      else directories.delete(fd);
    }
  }

  /** Some descriptor was closed, and it is not told which. */
  closedAny({ descriptors: { directories } }: ProcessState): void {
    for (const fd of directories.numbers()) directories.delete(fd);
  }

  dup(process: ProcessState, { from, to, closeOnExec, ms }: DupEvent): void {
    const { directories } = process.descriptors;
    const held = directories.get(to);
    if (from === to || (held !== undefined && isOlder(process, held, ms))) return;
    directories.copy(from, to, closeOnExec);
  }

  setFlags(process: ProcessState, { fd, closeOnExec }: DescriptorFlagsEvent): void {
    process.descriptors.directories.mark(fd, closeOnExec);
  }

  exec(process: ProcessState, ms: number): void {
    process.descriptors.directories.deleteOnExec((file) => !isOlder(process, file, ms));
  }

  /** The file that was executed, by its absolute name where that can be told. */
  executed(process: ProcessState, event: ExecEvent): ExecEvent {
    const { name, dirfd } = event;
    if (dirfd === undefined) return event;
    const found =
      name === null
        ? { path: this.#surelyHeldBy(process, dirfd, event.ms)?.path ?? null, warning: null }
        : this.#resolve(process, event.ms, { path: name, dirfd, parents: undefined, inRoot: false });
    // Nothing could be said of a path that is not sure.
    return found.path === null || found.warning !== null ? event : { ...event, name: found.path };
  }

  /** What a descriptor is known to refer to, if an operation was done to it. */
  operatedOn(process: ProcessState, { fd, ms, dev, inode, fileType }: OperationEvent): KnownFile | undefined {
    if (fd === null) return undefined;
    const held = this.#heldBy(process, fd, ms);
    const isIt = held !== undefined && (!this.#isUnsure(held, ms) || isSurelyFile(held, { dev, inode }));
    const file =
      (isIt ? held : undefined) ?? (fileType === 'directory' ? this.#met(viewOf(process), { dev, inode }) : undefined);
    if (file === undefined || file.path === null) return undefined;
    const path = pathIn(process, file);
    return path === null ? undefined : { ...file, path };
  }

  /** The same event, its names absolute where that can be told. */
  operation(process: ProcessState, event: OperationEvent, all: () => Iterable<ProcessState>): OperationEvent {
    const warnings: string[] = [];
    const file = this.#named(process, event, event.file, warnings);
    const to = event.to === null ? null : this.#named(process, event, event.to, warnings);
    const isSame = file.name === event.file && (to?.name ?? null) === event.to && warnings.length === 0;
    const named = isSame ? event : { ...event, file: file.name, to: to?.name ?? null };
    if (event.success) {
      const hasGuess = file.isGuess === true || to?.isGuess === true;
      const sure = hasGuess ? { ...event, file: sureName(file, event.file), to: to && sureName(to, event.to) } : named;
      this.#apply(process, sure, all, file.learntMs);
    }
    return warnings.length === 0 ? named : { ...named, warnings: [...(event.warnings ?? []), ...warnings] };
  }

  /** The path that the directory was met under, as the process sees it. */
  directory(process: ProcessState, identity: FileIdentity): BinaryString | null {
    return this.#met(viewOf(process), identity)?.path ?? null;
  }

  /** What the process holds has in the copy of its mount namespace the path that it had. */
  copiedMounts(process: ProcessState, before: PathView): void {
    const view = viewOf(process);
    process.descriptors.directories.replace((file) => (isSameView(file.view, before) ? { ...file, view } : file));
  }

  /** Mounts on the host may reach into other namespaces, and so does their end. */
  unmounted(process: ProcessState): void {
    const view = viewOf(process);
    const isOfHost = view.containerId === null && view.mounts === 0;
    this.#known.clear(isOfHost ? () => true : (file) => isSameMounts(file.view, view));
  }

  /** The same name, absolute where its directory is known; what it hangs on is not told. */
  place<Name extends Omit<GivenName, 'dirfd'>>(process: ProcessState, ms: number, name: Name): Name {
    const { path, pathResolved, parents } = name;
    if (pathResolved || path === null || parents === undefined) return name;
    const found = this.#resolve(process, ms, { path, dirfd: null, parents, inRoot: false });
    return found.path === null ? name : { ...name, path: found.path, pathResolved: true };
  }

  #named(process: ProcessState, event: OperationEvent, given: GivenName, warnings: string[]): NamedFile {
    const { path, dirfd, pathResolved, parents } = given;
    if (pathResolved || path === null || event.exit === badDescriptor) return { name: given };
    if (dirfd === null && parents === undefined) return { name: given };
    const found = this.#resolve(process, event.ms, { path, dirfd, parents, inRoot: false });
    if (found.warning !== null) warnings.push(found.warning);
    const name = found.path === null ? given : { path: found.path, pathResolved: true, dirfd: null };
    const { isGuess, learntMs } = found;
    return { name, ...(isGuess && { isGuess }), ...(learntMs !== undefined && { learntMs }) };
  }

  /** What the operation makes known of directories. */
  #apply(process: ProcessState, event: OperationEvent, all: () => Iterable<ProcessState>, learntMs = event.ms): void {
    const { operation, file, to, fileType, dev, inode } = event;
    const identity = { dev, inode };
    if (operation === 'mkdir') {
      if (file.pathResolved) this.#known.learn(this.#fileOf(process, file.path, event, learntMs));
    } else if (operation === 'rmdir') this.#known.forget(identity);
    else if (operation === 'unlink' && fileType === 'symlink') this.#linkChanged(process, file);
    else if (operation === 'rename') {
      if (event.replacedInode !== null) this.#known.forget({ dev, inode: event.replacedInode });
      if (fileType === 'symlink') {
        this.#linkChanged(process, file);
        // What it is put over may be one too: so links are changed that are in use.
        if (to !== null) this.#linkChanged(process, to);
      }
      if (fileType !== 'directory' && !event.exchange) return;
      const from = file.pathResolved ? file.path : null;
      const next = to?.pathResolved ? to.path : null;
      const files = [...this.#known.all()];
      for (const { descriptors } of all()) files.push(...descriptors.directories.files());
      // The links move with their directories, and would not be found any more.
      for (const one of files) this.#links.check(one);
      follow(files, viewOf(process), { from, to: next, moved: identity, exchange: event.exchange });
    }
  }

  #linkChanged(process: ProcessState, { path, pathResolved }: GivenName): void {
    if (path !== null && pathResolved) this.#links.note(viewOf(process), path);
  }

  #resolve(process: ProcessState, ms: number, name: RelativeName): Resolution {
    const found = this.#byDescriptor(process, ms, name) ?? this.#byParent(process, ms, name) ?? notKnown;
    if (found.path === null) this.unresolved += 1;
    return found;
  }

  /** null: the descriptor is not known. */
  #byDescriptor(process: ProcessState, ms: number, { path, dirfd, parents, inRoot }: RelativeName): Resolution | null {
    const held = dirfd === null ? undefined : this.#heldBy(process, dirfd, ms);
    if (held === undefined || dirfd === null) return null;
    if (directoryPart(path) === '' && parents !== undefined && !parents.some((parent) => isSameFile(held, parent))) {
      process.descriptors.directories.delete(dirfd);
      return { path: null, warning: 'the directory descriptor was of another directory than was known of it' };
    }
    if (held.path === null) return null;
    const isUnsure = this.#isUnsure(held, ms);
    const parent = directoryPart(path) === '' ? onlyOne(parents ?? []) : null;
    const isGuess = isUnsure && (parent === null || !isSurelyFile(held, parent));
    const met = isGuess ? this.#byParent(process, ms, { path, parents }) : null;
    if (met !== null) return met;
    const directory = pathIn(process, held);
    if (directory !== null) {
      const whole = pathBelow(directory, path, { isPhysical: held.isPhysical, isRoot: inRoot });
      if (whole === null) return null;
      if (isGuess) return { path: whole, warning: unsureDescriptor, learntMs: held.learntMs, isGuess };
      return isUnsure ? unsure(whole, held) : { path: whole, warning: null };
    }
    return { path: null, warning: 'it is not known where its directory lies below the root of the process' };
  }

  /** By the directory that the last part of the name lies in. */
  #byParent(
    process: ProcessState,
    ms: number,
    { path: name, parents }: Pick<RelativeName, 'path' | 'parents'>,
  ): Resolution | null {
    const parent = onlyOne(parents ?? []);
    const entry = entryName(name);
    if (parent === null || entry === null) return null;
    const met = this.#met(viewOf(process), parent);
    if (met === undefined || met.path === null) return null;
    const path = `${met.path === '/' ? '' : met.path}/${entry}`;
    return this.#isUnsure(met, ms) ? unsure(path, met) : { path, warning: null };
  }

  #heldBy(process: ProcessState, fd: number, ms: number): KnownFile | undefined {
    const file = process.descriptors.directories.get(fd);
    if (file === undefined || isOlder(process, file, ms)) return undefined;
    this.#links.check(file);
    return file;
  }

  #surelyHeldBy(process: ProcessState, fd: number, ms: number): KnownFile | undefined {
    const file = this.#heldBy(process, fd, ms);
    return file !== undefined && this.#isUnsure(file, ms) ? undefined : file;
  }

  /** Calls may have been missed between what told of it and a call with the stamp `ms`. */
  #isUnsure({ learntMs }: KnownFile, ms: number): boolean {
    const since = this.#missed.sinceMoment(learntMs);
    return since !== null && ms + coarseClockMs >= since;
  }

  /** The directory of that identity, as it was met in that view. */
  #met(view: PathView, identity: FileIdentity): KnownFile | undefined {
    const file = this.#known.find(view, identity);
    if (file !== undefined) this.#links.check(file);
    return file;
  }

  /** A path that leads upwards gives way to one that the directory was met under before. */
  #fileOf(
    process: ProcessState,
    path: BinaryString | null,
    { dev, inode, fileType, ms }: Pick<OpenEvent, 'dev' | 'inode' | 'fileType' | 'ms'>,
    learntMs = ms,
  ): KnownFile {
    const view = viewOf(process);
    const known = path?.includes('/..') ? this.#met(view, { dev, inode })?.path : null;
    const { changes } = this.#links;
    return {
      view,
      path: known ?? path,
      dev,
      inode,
      fileType,
      isPhysical: false,
      openedBefore: false,
      changes,
      learntMs,
    };
  }
}

function sureName<Given extends GivenName | null>({ name, isGuess }: NamedFile, given: Given): GivenName | Given {
  return isGuess === true ? given : name;
}

function unsure(path: BinaryString, { learntMs }: KnownFile): Resolution {
  return { path, warning: unsurePath, learntMs };
}

/** Where several are told, it is known which only if they are one. */
function onlyOne(parents: readonly FileIdentity[]): FileIdentity | null {
  const [first, ...others] = parents;
  const isOne = others.every(({ dev, inode }) => dev === first?.dev && inode === first.inode);
  return first !== undefined && isOne ? first : null;
}

export function viewOf({ containerId, mounts, chroot }: ProcessState): PathView {
  return { containerId: containerId ?? null, mounts, chroot };
}

/** The path as the process sees it; null: it does not, or that is not known. */
function pathIn(process: ProcessState, { view, path }: KnownFile): BinaryString | null {
  const own = viewOf(process);
  if (path === null || isSameView(view, own)) return path;
  if (!isSameMounts(view, own) || view.chroot === null || own.chroot === null) return null;
  const whole = view.chroot + path;
  if (own.chroot === '') return whole;
  return isBelow(whole, own.chroot) ? whole.slice(own.chroot.length) || '/' : null;
}

/** What is not told is no difference; what /proc tells of a device may not be what audit does (btrfs). */
function isSameFile(held: KnownFile, { dev, inode }: FileIdentity): boolean {
  if (held.inode !== null && inode !== null && held.inode !== inode) return false;
  return held.openedBefore || held.dev === null || dev === null || held.dev === dev;
}

function isSurelyFile(held: KnownFile, identity: FileIdentity): boolean {
  return held.inode !== null && identity.inode !== null && isSameFile(held, identity);
}

/** A call from before the snapshot was about what the number meant then, not about what the snapshot saw. */
function isOlder(process: ProcessState, file: KnownFile, ms: number): boolean {
  return file.openedBefore && process.snapshotMs !== null && ms + coarseClockMs < process.snapshotMs;
}
