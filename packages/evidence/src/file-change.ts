import type { FileSessionDocument, FileType } from './raw-documents.ts';

/** Kinds of file that keep what is written to them. Evidence that does not tell the kind counts as such. */
const kept: ReadonlySet<FileType | undefined> = new Set<FileType | undefined>([
  'regular',
  'block',
  'unknown',
  undefined,
]);

/**
 * Whether the session changed a file: wrote to it, or made it. Terminals, /dev/null, pipes and sockets are written to,
 * but nothing is changed by it.
 */
export function changesFile(file: Pick<FileSessionDocument, 'writes' | 'created' | 'fileType'>): boolean {
  // The database's content is not trusted: `writes` may be missing.
  return kept.has(file.fileType) && (file.created === true || file.writes?.count > 0);
}
