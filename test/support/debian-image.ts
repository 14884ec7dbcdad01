/**
 * A container image of a small Debian with real programs in it, made by debootstrap. That takes minutes and a mirror, so the
 * archive is kept outside of the repository: in $GODO_TEST_CACHE, or else in /var/tmp.
 */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DockerEngine } from './docker-engine.ts';
import { findProgram } from './needs.ts';
import { runOrThrow } from './run-program.ts';

const suite = 'bookworm';
const packages = [
  ...['git', 'gcc', 'libc6-dev', 'make', 'rsync', 'cpio', 'sqlite3', 'python3', 'postgresql', 'logrotate'],
  ...['attr', 'bzip2', 'xz-utils'],
];
/** Nothing in a test reads these. */
const leftOut = ['var/cache/apt/archives/*.deb', 'var/lib/apt/lists/*', 'usr/share/locale/*', 'usr/share/man/*'];

export const debianImage = 'godo-test:debian';

/** Loads an archive into the engine as {@link debianImage}. */
export async function importDebianImage(engine: DockerEngine, archive: string): Promise<void> {
  await engine.dockerOrThrow(['import', archive, debianImage], 5 * 60_000);
}

/** Path of the archive, which is made if it is not there. */
export async function debianArchive(): Promise<string> {
  const folder = process.env.GODO_TEST_CACHE ?? '/var/tmp';
  const recipe = createHash('sha256')
    .update(JSON.stringify([suite, process.arch, packages, leftOut]))
    .digest('hex');
  const archive = join(folder, `godo-debian-image-${recipe.slice(0, 12)}.tar`);
  if (existsSync(archive) && (await stat(archive)).size > 0) return archive;
  const debootstrap = findProgram('debootstrap');
  if (debootstrap === null) throw new Error('There is no debootstrap: install the package debootstrap.');
  await mkdir(folder, { recursive: true });
  const scratch = await mkdtemp(join(folder, 'godo-debootstrap-'));
  try {
    const root = join(scratch, 'root');
    const mirror = process.env.DEBIAN_MIRROR ?? 'http://deb.debian.org/debian';
    const options = ['--variant=minbase', `--include=${packages.join(',')}`];
    await runOrThrow(debootstrap, [...options, suite, root, mirror], { timeoutMs: 20 * 60_000 });
    const made = join(scratch, 'image.tar');
    const without = leftOut.map((pattern) => `--exclude=./${pattern}`);
    await runOrThrow('tar', ['-C', root, '-cf', made, ...without, '.'], { timeoutMs: 5 * 60_000 });
    // Whoever makes it at the same time makes the same.
    await rename(made, archive);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return archive;
}
