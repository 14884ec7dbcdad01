/** dockerd does not start where no cgroup hierarchy is mounted, as in a small virtual machine without systemd. */

import { listMounts } from './mounts.ts';
import { runOrThrow } from './run-program.ts';

/** Mounts the unified hierarchy if the machine has mounted none at all; v1, v2 and hybrid setups are left alone. */
export async function ensureCgroups(): Promise<void> {
  const mounted = (await listMounts()).some((mount) => mount.type === 'cgroup' || mount.type === 'cgroup2');
  if (!mounted) await runOrThrow('mount', ['-t', 'cgroup2', 'none', '/sys/fs/cgroup']);
}
