/** A container image of nothing but a static busybox, made on the spot: no registry is asked. */

import { readFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram, type Need } from './needs.ts';
import { runOrThrow } from './run-program.ts';

/** An image without libraries needs a busybox that needs none: a static one has no program interpreter in its header. */
export const staticBusybox: Need = () => {
  const path = findProgram('busybox');
  if (path === null) return 'There is no program busybox (Debian package busybox-static).';
  return hasInterpreter(readFileSync(path))
    ? `${path} is not static: install the Debian package busybox-static.`
    : null;
};

/** Looks for PT_INTERP among the program headers of a 64-bit little-endian ELF file (elf(5)). */
function hasInterpreter(elf: Buffer): boolean {
  const interpreter = 3;
  const [table, size, count] = [Number(elf.readBigUInt64LE(32)), elf.readUInt16LE(54), elf.readUInt16LE(56)];
  return Array.from({ length: count }, (_, index) => elf.readUInt32LE(table + index * size)).includes(interpreter);
}

/** Lays out a root file system in `folder` (made by this call). Every applet is a link to /bin/busybox. */
export async function makeBusyboxRoot(folder: string): Promise<void> {
  const busybox = findProgram('busybox');
  if (busybox === null) throw new Error('There is no busybox: install the package busybox-static.');
  for (const name of ['bin', 'root', 'etc', 'proc', 'sys', 'dev', 'tmp']) {
    await mkdir(join(folder, name), { recursive: true });
  }
  await chmod(join(folder, 'tmp'), 0o1777);
  await copyFile(busybox, join(folder, 'bin/busybox'));
  await chmod(join(folder, 'bin/busybox'), 0o755);
  const applets = (await runOrThrow(busybox, ['--list'])).stdout.split('\n');
  for (const applet of applets) {
    if (applet !== '' && applet !== 'busybox') await symlink('busybox', join(folder, 'bin', applet));
  }
  await writeFile(join(folder, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n');
  await writeFile(join(folder, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n');
}
