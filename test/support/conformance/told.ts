/**
 * What is shown of a process and its children, in lines of text that are the same in every run: without
 * process ids, inodes, times and folders of the run. Every field that says something of its own is in its line.
 */

import type { CookedEventDocument, CookedFileDocument, CookedOperationDocument, SharedMapping } from '@godo/evidence';
import { errnoName, openFlagNames } from './kernel-names.ts';

type Fields = Readonly<Record<string, unknown>>;
type Document = CookedFileDocument | CookedOperationDocument | CookedEventDocument;

/** Fields that every document has, or that say again what others do. */
const passedOver = new Set([
  ...[
    'collection',
    '_id',
    'host',
    'machineId',
    'bootId',
    'sessionId',
    'kind',
    'fileSessionId',
    'timeNs',
    'time',
    'key',
    'pid',
  ],
  ...[
    'hostPath',
    'toHostPath',
    'tgid',
    'comm',
    'exe',
    'fd',
    'dev',
    'openedNs',
    'opened',
    'closedNs',
    'closed',
    'access',
    'writes',
    'success',
  ],
]);

/** As `viewer --json` shows them: what is a bigint in them is text, which is not looked at here but by `BigInt`. */
export interface ShownDocuments {
  readonly files: readonly CookedFileDocument[];
  readonly operations: readonly CookedOperationDocument[];
  readonly events: readonly CookedEventDocument[];
}

/**
 * @param own keys of the process and all below it, in order of their starts.
 * @param folders what stands in the text for each folder of the run; one inside another comes first.
 */
export function toldOf(
  { files, operations, events }: ShownDocuments,
  own: readonly string[],
  folders: ReadonlyMap<string, string>,
): string[] {
  const isOwn = ({ key }: { readonly key: string | null }) => key !== null && own.includes(key);
  const documents: Document[] = [
    ...files.filter((file) => isOwn(file) || file.writers.some(isOwn)),
    ...operations.filter(isOwn),
    ...events.filter(isOwn),
  ];
  documents.sort(byOrder);
  const lines = new Lines(own, folders, documents);
  return documents.map((document) => lines.of(document));
}

/** Events come last. A serial tells the order where there is one: stamps are from the calls' beginnings. */
function byOrder(one: Document, other: Document): number {
  if ('data' in one !== 'data' in other) return 'data' in one ? 1 : -1;
  const [a, b] = [serialOf(one), serialOf(other)];
  if (a !== null && b !== null) return a - b;
  const [from, to] = [momentOf(one), momentOf(other)];
  return from < to ? -1 : Number(from > to);
}

function serialOf({ _id }: Document): number | null {
  const serial = /:audit:\d+\.(\d+)$/.exec(_id)?.[1];
  return serial === undefined ? null : Number(serial);
}

function momentOf(document: Document): bigint {
  return BigInt('openedNs' in document ? document.openedNs : document.timeNs);
}

class Lines {
  readonly #own: readonly string[];
  readonly #folders: ReadonlyMap<string, string>;
  /** Number of each file in the text; there where there are several. */
  readonly #inodes: readonly string[];

  constructor(own: readonly string[], folders: ReadonlyMap<string, string>, documents: readonly Document[]) {
    this.#own = own;
    this.#folders = folders;
    const told = documents.flatMap((one) => {
      if ('data' in one) return [];
      return 'operation' in one ? [one.inode, one.replacedInode, one.exchangedInode] : [one.inode];
    });
    this.#inodes = [...new Set(told.filter((one) => typeof one === 'string'))];
  }

  of(document: Document): string {
    if ('data' in document) return this.#event(document);
    return 'operation' in document ? this.#operation(document) : this.#session(document);
  }

  #event({ kind, key, containerId, data }: CookedEventDocument): string {
    return joined([
      `event ${kind}`,
      key !== this.#own[0] && `by ${this.#process(key ?? '')}`,
      ...this.#others(data),
      containerId !== null && ', in a container',
    ]);
  }

  #session(document: CookedFileDocument): string {
    const { path, pathResolved, dirfd, inode, fileType, flags, created, closedBy, warnings, ...rest } = document;
    const { openedBefore, writers, changes, mapped, closeInferred, containerId, ...others } = rest;
    const byOne = writers.length === 1 && writers[0]?.key === document.key && document.key === this.#own[0];
    return joined([
      this.#path(path, pathResolved, dirfd),
      this.#inode(inode),
      kindOf(fileType),
      `(${flags === null ? 'flags unknown' : openFlagNames(flags).join(' ')})`,
      openedBefore && 'open before',
      created && 'made',
      document.key !== this.#own[0] && `by ${this.#process(document.key)}`,
      ...writers.map(
        ({ key, count, bytes }) =>
          `, ${counted(bytes, 'byte')} in ${counted(count, 'write')}${byOne ? '' : ` by ${this.#process(key)}`}`,
      ),
      ...(changes ?? []).map(({ key, count }) => `, ${counted(count, 'other change')} by ${this.#process(key)}`),
      mapped !== undefined && this.#mapping(mapped),
      ...this.#others(others),
      this.#place({ ...document }, 'path', 'hostPath'),
      closedBy === null ? ', end not seen' : `, ended by ${closedBy}`,
      closeInferred && '(inferred)',
      containerId !== null && ', in a container',
      ...this.#warnings(warnings),
    ]);
  }

  #operation(document: CookedOperationDocument): string {
    const { operation, errno, path, pathResolved, dirfd, toPath, toPathResolved, toDirfd, ...rest } = document;
    const { inode, fileType, directories, names, target, mode, modeBefore, replacedInode, ...more } = rest;
    const { exchangedInode, exchange, warnings, ownerUid, ownerGid, ownerUidBefore, ownerGidBefore, ...last } = more;
    const { containerId, fd, ...others } = last;
    return joined([
      operation,
      this.#path(path, pathResolved, dirfd),
      this.#inode(inode),
      toPath !== undefined && `→ ${this.#path(toPath, toPathResolved === true, toDirfd)}`,
      target !== undefined && `→ "${target}"`,
      kindOf(fileType),
      fd !== undefined && '(given by a descriptor)',
      document.key !== this.#own[0] && `by ${this.#process(document.key)}`,
      replacedInode !== undefined && `, replacing${this.#inode(replacedInode)}`,
      exchange && `, exchanged with${this.#inode(exchangedInode ?? null)}`,
      mode !== undefined && `, mode ${octal(mode)}`,
      modeBefore !== undefined && `was ${octal(modeBefore)}`,
      (ownerUid !== undefined || ownerGid !== undefined) && `, owner ${ownerUid ?? '='}:${ownerGid ?? '='}`,
      ownerUidBefore !== undefined && `was ${ownerUidBefore}:${ownerGidBefore}`,
      directories !== undefined && `, in ${this.#list(directories)}`,
      names !== undefined && `, of ${this.#list(names)}`,
      ...this.#others(others),
      this.#place({ ...document }, 'path', 'hostPath'),
      this.#place({ ...document }, 'toPath', 'toHostPath'),
      errno !== undefined && `, failed (${errnoName(-errno)})`,
      containerId !== null && ', in a container',
      ...this.#warnings(warnings),
    ]);
  }

  #mapping({ count, writable, keys, written, unknownBecause }: SharedMapping): string {
    const known =
      written === null ? `not known whether written (${unknownBecause})` : written ? 'written' : 'not written';
    const how = `${writable ? '' : ' to read'} by ${keys.map((key) => this.#process(key)).join(' and ')}`;
    return `, ${counted(count, 'shared mapping')}${how}: ${known}`;
  }

  #process(key: string): string {
    const place = this.#own.indexOf(key);
    return ['another process', 'itself', 'its child'][place + 1] ?? `child ${place}`;
  }

  #inode(inode: string | null): string {
    if (inode === null) return ' (inode unknown)';
    return this.#inodes.length < 2 ? '' : ` #${this.#inodes.indexOf(inode) + 1}`;
  }

  #path(path: string | null, resolved: boolean, dirfd: number | undefined): string {
    if (path === null) return '(no name)';
    const shown = this.#shown(path);
    return resolved ? shown : `${shown} (unresolved${dirfd === undefined ? '' : ', below a descriptor'})`;
  }

  /** Where on the host it lies, if that is elsewhere. */
  #place(document: Fields, name: string, place: string): string | false {
    const [path, hostPath] = [document[name], document[place]];
    const isResolved = document[`${name}Resolved`] === true;
    if (hostPath === undefined || hostPath === path || !isResolved) return false;
    if (typeof hostPath !== 'string') return `, ${name} on the host unknown`;
    return `, ${name} on the host ${this.#shown(hostPath)}`;
  }

  #list(paths: readonly string[]): string {
    const shown = paths.map((path) => this.#shown(path));
    return shown.sort().join(' and ');
  }

  #shown(text: string): string {
    let shown = text;
    for (const [folder, name] of this.#folders) shown = shown.replaceAll(folder, name);
    shown = shown.replaceAll(/\b(inode) \d+ on [\da-f]+:[\da-f]+/g, '$1 …');
    const short = shown.replaceAll(/(.)\1{99,}/g, (all, one: string) => `${one}{${all.length}}`);
    return short.replaceAll(/[\p{Cc}\u2028\u2029]/gu, (one) => JSON.stringify(one).slice(1, -1));
  }

  #warnings(warnings: readonly string[] | undefined): string[] {
    return (warnings ?? []).map((warning) => `; ${this.#shown(warning)}`);
  }

  #others(fields: Fields): string[] {
    return Object.entries(fields)
      .filter(([name, value]) => !passedOver.has(name) && value !== undefined)
      .map(([name, value]) => `, ${name} ${this.#shown(typeof value === 'string' ? value : JSON.stringify(value))}`);
  }
}

function kindOf(fileType: string | undefined): string | false {
  return fileType !== 'regular' && `(${fileType})`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

/** Parts that begin with a blank or a mark bring their own distance. */
function joined(parts: readonly (string | false | undefined)[]): string {
  return parts
    .filter((part) => typeof part === 'string' && part !== '')
    .map((part, place) => (place === 0 || /^[ ,;]/.test(part as string) ? part : ` ${part}`))
    .join('');
}
