/** The mounts of this machine as /proc/self/mountinfo (proc(5)) tells them. */

import { readFile } from 'node:fs/promises';
import { runProgram } from './run-program.ts';

export interface Mount {
  readonly mountPoint: string;
  readonly type: string;
}

export async function listMounts(): Promise<Mount[]> {
  return parseMountinfo(await readFile('/proc/self/mountinfo', 'utf8'));
}

/** The optional fields before ` - ` vary in number; the kernel writes blanks in paths as octal escapes. */
export function parseMountinfo(text: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split('\n')) {
    const [left, right] = line.split(' - ');
    const mountPoint = left?.split(' ')[4];
    const type = right?.split(' ')[0];
    if (mountPoint === undefined || type === undefined) continue;
    const path = mountPoint.replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    mounts.push({ mountPoint: path, type });
  }
  return mounts;
}

/** Unmounts everything below a folder, the last mounted first; what is busy is detached. */
export async function unmountBelow(folder: string): Promise<void> {
  const below = (await listMounts()).filter((mount) => mount.mountPoint.startsWith(`${folder}/`));
  for (const { mountPoint } of below.reverse()) {
    if ((await runProgram('umount', [mountPoint])).code !== 0) await runProgram('umount', ['--lazy', mountPoint]);
  }
}
