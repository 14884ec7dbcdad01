/** Files of container engines: read with bounds, and never beyond the folder of the engine. */

import { constants } from 'node:fs';
import { type FileHandle, open, readdir, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';

/** A file system that does not answer holds a thread that others need: after this the folder is left alone. */
const patienceMs = 2_000;

export class EngineFiles {
  readonly #patienceMs: number;
  /** Folders that did not answer in time. */
  readonly #silent = new Set<string>();

  constructor(patience = patienceMs) {
    this.#patienceMs = patience;
  }

  /**
   * The JSON of a file in a folder, or null where there is none, or none that can be read: it lies, links followed,
   * outside of the folder, is no file, or has more than `mostBytes`.
   */
  async json(folder: string, path: string, mostBytes: number): Promise<unknown> {
    const text = await this.#bounded(folder, () => readInside(folder, path, mostBytes));
    if (text === null) return null;
    try {
      return JSON.parse(text);
    } catch {
      return null;
    }
  }

  /** Names in a folder, at most `most` of them, in order; none where it cannot be read. */
  async names(folder: string, most: number): Promise<string[]> {
    const names = await this.#bounded(folder, async () => await readdir(folder));
    return (names ?? []).sort().slice(0, most);
  }

  async #bounded<Value>(folder: string, read: () => Promise<Value | null>): Promise<Value | null> {
    if (this.#silent.has(folder)) return null;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<null>((resolve) => {
      timer = setTimeout(() => {
        this.#silent.add(folder);
        resolve(null);
      }, this.#patienceMs);
    });
    try {
      return await Promise.race([read(), patience]);
    } catch {
      return null;
    } finally {
      clearTimeout(timer);
    }
  }
}

async function readInside(folder: string, path: string, mostBytes: number): Promise<string | null> {
  const root = await realpath(folder);
  // A pipe in place of a file must not be waited for.
  const file = await open(join(root, path), constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    // Any folder on the way may be a link: where the file lies is asked when it is open, so that nothing can change it.
    const place = await readlink(`/proc/self/fd/${file.fd}`);
    if (!place.startsWith(`${root}/`)) return null;
    return await contents(file, mostBytes);
  } finally {
    await file.close();
  }
}

async function contents(file: FileHandle, mostBytes: number): Promise<string | null> {
  const stat = await file.stat();
  if (!stat.isFile() || stat.size > mostBytes) return null;
  return await file.readFile('utf8');
}
