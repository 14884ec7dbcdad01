import { describe } from 'vitest';

const isRoot = process.getuid?.() === 0;
const mustRun = process.env.CI === 'true';

/** A suite that talks to the kernel as root: skipped for other users with the reason in its name, but never in CI. */
export function describeAsRoot(name: string, suite: () => void): void {
  if (isRoot || mustRun) describe(name, suite);
  else describe.skip(`${name} (skipped: needs root)`, suite);
}
