/** What changed files held, beside the sessions that changed them. The database's content is not trusted. */

import type { CookedEventDocument, CookedFileDocument, CookedReader } from '@godo/evidence';
import { fields, ns, text } from './render/lenient.ts';

/** The contents that were read, in the order of time. */
export async function* contentsOf(reader: CookedReader): AsyncGenerator<CookedEventDocument> {
  for await (const event of reader.find('events', {})) if (event.kind === 'content') yield event;
}

/** Adds to each file the latest content that was read of it since it was opened. */
export async function* withContents(
  reader: CookedReader,
  files: AsyncIterable<CookedFileDocument>,
): AsyncGenerator<CookedFileDocument & { readonly content?: unknown }> {
  const latest = new Map<string, unknown>();
  for await (const { bootId, data } of contentsOf(reader)) latest.set(fileOf(bootId, data), data);
  for await (const file of files) {
    const content = latest.size === 0 ? undefined : latest.get(fileOf(file.bootId, file));
    const isLater = (ns(fields(content).hashedNs) ?? -1n) >= (ns(file.openedNs) ?? 0n);
    yield content === undefined || !isLater ? file : { ...file, content };
  }
}

/** Inodes are given out again, names too; a file that has both is the same one, or stands in its place. */
function fileOf(bootId: unknown, file: unknown): string {
  const { dev, inode, path } = fields(file);
  return JSON.stringify([bootId, text(dev), text(inode), text(path)]);
}
