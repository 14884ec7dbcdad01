/** A change as `--json` shows it. */

import { type FileType, isoTime, type OperationName } from '@godo/evidence';
import { openerAt, type ProcessesByKey } from '../render/file-rows.ts';
import { fields, list, text } from '../render/lenient.ts';
import { facts } from '../render/process.ts';
import type { Deed } from './deed.ts';
import type { Change, ChangeKind } from './file-tree.ts';
import type { ChangedSystem } from './final-changes.ts';
import { pathOf } from './path-parts.ts';

/** Somebody who changed a file, and what he did then. */
export interface ChangeWriter {
  readonly key: string;
  readonly tgid: number | null;
  readonly comm: string | null;
  readonly exe: string | null;
  /** null: not known. */
  readonly argv: readonly unknown[] | null;
  readonly argvHex?: readonly unknown[];
  /** write, create and truncate are of file sessions. */
  readonly action: 'create' | 'truncate' | 'write' | OperationName;
  readonly timeNs: bigint;
  readonly time: string;
}

/** One path that is not what it was. */
export interface ChangeDocument {
  readonly host: string;
  readonly machineId: string | null;
  readonly bootId: string;
  /** Whose files; null: the host's. */
  readonly containerId: string | null;
  readonly change: ChangeKind;
  /** Below the root of the container, or of the host. */
  readonly path: string;
  readonly pathHex?: string;
  readonly fileType: FileType;
  /** Of the file that is there now, since it was made or the recording began. */
  readonly writes: { readonly count: number; readonly bytes: number };
  readonly firstWriter: ChangeWriter | null;
  readonly lastWriter: ChangeWriter | null;
  /** In a removed directory, which stands for all that was in it. */
  readonly inRemoved?: true;
  /** The container ran before the recording did: what it had changed until then is taken for what was there before. */
  readonly ranBefore?: true;
  readonly warnings?: readonly string[];
}

export function changeDocument(
  { host, machineId, bootId, containerId }: ChangedSystem,
  change: Change,
  processes: ProcessesByKey,
  ranBefore: boolean,
): ChangeDocument {
  const warnings = warningsOf(change);
  return {
    host,
    machineId,
    bootId,
    containerId,
    change: change.change,
    ...pathOf(change.parts),
    fileType: change.fileType,
    writes: { count: change.writes, bytes: change.bytes },
    firstWriter: writerOf(change.first, processes),
    lastWriter: writerOf(change.last, processes),
    ...(change.inRemoved && { inRemoved: true }),
    ...(ranBefore && { ranBefore }),
    ...(warnings.length > 0 && { warnings }),
  };
}

function warningsOf({ contentsUnknown, isUnsure }: Change): string[] {
  return [
    ...(contentsUnknown ? ['it was renamed: what was in it before is not told one by one'] : []),
    ...(isUnsure ? ['what was written to it is not all known or not sure: warnings of its sessions say why'] : []),
  ];
}

/** Keys of the processes that the document tells more of. */
export function keysOf({ first, last }: Change): string[] {
  return [first, last].flatMap((deed) => (deed === null ? [] : [deed.by.key]));
}

function writerOf(deed: Deed | null, processes: ProcessesByKey): ChangeWriter | null {
  if (deed === null) return null;
  const { key, tgid, comm, exe } = deed.by;
  const process = processes.get(key);
  const then = openerAt({ key, exe, openedNs: deed.timeNs }, facts(process));
  const argv = process === undefined || then.argv === null || then.argv === undefined ? null : list(then.argv);
  return {
    key,
    tgid,
    comm: comm ?? text(fields(process).comm),
    exe: exe ?? text(fields(process).exe),
    argv,
    ...(then.argvHex !== undefined && { argvHex: list(then.argvHex) }),
    action: deed.action,
    timeNs: deed.timeNs,
    time: isoTime(deed.timeNs),
  };
}
