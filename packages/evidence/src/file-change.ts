import type { FileSessionDocument, FileType } from './raw-documents.ts';

/** Kinds of file that keep what is written to them. Evidence that does not tell the kind counts as such. */
const kept: ReadonlySet<FileType | null | undefined> = new Set<FileType | null | undefined>([
  'regular',
  'block',
  'unknown',
  null,
  undefined,
]);

/** O_TRUNC and O_PATH: the same bits on x86 and arm64. */
const truncateFlag = 0o1000;
const pathFlag = 0o10000000;

/**
 * Whether the open call emptied the file, if there was something in it. Linux does so whatever the access mode is
 * (build_open_flags of fs/open.c asks for the permission to write), but for O_PATH, which makes it mean nothing.
 */
export function truncates(file: Pick<FileSessionDocument, 'flags'>): boolean {
  // The database's content is not trusted, here and below.
  const flags = typeof file.flags === 'number' ? file.flags : 0;
  return (flags & truncateFlag) !== 0 && (flags & pathFlag) === 0;
}

/**
 * Whether the session changed a file: made it, emptied it, wrote to it, changed it by another call, or was seen to have
 * written through a mapping. Terminals, /dev/null, pipes and sockets are
 * written to, but nothing is changed by it.
 */
export function changesFile(
  file: Pick<FileSessionDocument, 'created' | 'flags'> & {
    readonly changes?: readonly unknown[] | null;
    readonly mapped?: { readonly written: boolean | null } | null;
    readonly fileType?: FileType | null;
    readonly writes: { readonly count: number };
  },
): boolean {
  const count: unknown = file.writes?.count;
  const wrote =
    (typeof count === 'number' && count > 0) || (file.changes?.length ?? 0) > 0 || file.mapped?.written === true;
  return kept.has(file.fileType) && (file.created === true || truncates(file) || wrote);
}
