/** What a test needs from the machine. Without it the test is skipped with the reason, but fails where CI=true. */

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, it } from 'vitest';

/** One unmet need as a sentence, or null when it is met. */
export type Need = () => string | null;

export const root: Need = () => (process.getuid?.() === 0 ? null : 'It must run as root (sudo npm test).');

/** A program on the PATH or in one of the system's own folders. */
export function program(name: string, debianPackage: string): Need {
  return () => (findProgram(name) === null ? `There is no program ${name} (Debian package ${debianPackage}).` : null);
}

/** Path of a program, or null. The sbin folders are searched too: a user's PATH often lacks them. */
export function findProgram(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  for (const folder of folders) {
    if (folder === '') continue;
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here: look in the next folder.
    }
  }
  return null;
}

/** Like `describe`, for tests that have needs. */
export function describeWith(name: string, needs: readonly Need[], tests: () => void): void {
  const unmet = needs.map((need) => need()).filter((reason) => reason !== null);
  if (unmet.length === 0) {
    describe(name, tests);
  } else if (process.env.CI === 'true') {
    describe(name, () => {
      it('finds what it needs on this machine', () => {
        throw new Error(unmet.join(' '));
      });
    });
  } else {
    describe.skip(`${name} (skipped: ${unmet.join(' ')})`, tests);
  }
}
