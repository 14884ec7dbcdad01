/** A checkpoint of a file session, as far as it takes to tell which is the latest. */
export interface Checkpoint {
  readonly _id: string;
  readonly fileSessionId: string;
}

/**
 * The `_id`s of the latest checkpoint of every file session that has not ended: a merge of two sorted streams, so that
 * no look-up per session is needed.
 *
 * @param checkpoints ordered by (fileSessionId, checkpointNs, _id).
 * @param ended documents of `files`, ordered by `_id`, which is the id of the file session.
 */
export async function latestOpen(
  checkpoints: AsyncIterable<Checkpoint>,
  ended: AsyncIterable<{ readonly _id: string }>,
): Promise<Set<string>> {
  const open = new Set<string>();
  const ends = ended[Symbol.asyncIterator]();
  let end = await ends.next();
  const keepUnlessEnded = async (last: Checkpoint) => {
    while (!end.done && !(isText(end.value._id) && compareBytes(end.value._id, last.fileSessionId) >= 0)) {
      end = await ends.next();
    }
    if (end.done || end.value._id !== last.fileSessionId) open.add(last._id);
  };
  try {
    let last: Checkpoint | undefined;
    for await (const checkpoint of checkpoints) {
      // Of another program, which may number its documents.
      if (!isText(checkpoint._id) || !isText(checkpoint.fileSessionId)) continue;
      if (last && last.fileSessionId !== checkpoint.fileSessionId) await keepUnlessEnded(last);
      last = checkpoint;
    }
    if (last) await keepUnlessEnded(last);
  } finally {
    await ends.return?.();
  }
  return open;
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

/** Databases compare the bytes of UTF-8, JavaScript compares UTF-16 units: they differ beyond U+FFFF. */
function compareBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
