/** What a path leads to in a mount namespace, and where on the host that lies. On binary strings; pure. */

export interface MountEntry {
  readonly id: number;
  /** The mount that it is mounted on. */
  readonly parent: number;
  readonly mountPoint: string;
  /** Directory of the file system that is mounted. */
  readonly root: string;
  /** As audit writes it. */
  readonly dev: string | null;
  readonly fsType: string;
  /** Of an overlay. */
  readonly upperDir: string | null;
}

/** The mount that a path leads into, as the kernel walks it; undefined: the table does not tell. */
export function mountAt(mounts: readonly MountEntry[], path: string): MountEntry | undefined {
  const ids = new Set(mounts.map(({ id }) => id));
  let mount = mounts.find(({ id, parent, mountPoint }) => mountPoint === '/' && (id === parent || !ids.has(parent)));
  for (let steps = 0; mount !== undefined && steps < mounts.length; steps += 1) {
    const next = nextOn(mount, mounts, path);
    if (next === undefined) return mount;
    mount = next;
  }
  return mount;
}

/** Of those that are mounted on it the first that the path comes to. */
function nextOn(mount: MountEntry, mounts: readonly MountEntry[], path: string): MountEntry | undefined {
  let next: MountEntry | undefined;
  for (const one of mounts) {
    if (one.parent !== mount.id || one.id === mount.id || !isBelow(path, one.mountPoint)) continue;
    if (next === undefined || one.mountPoint.length < next.mountPoint.length) next = one;
  }
  return next;
}

/**
 * Where on the host a file lies. The path must lead into a file system of this device; null: it does not, or the file
 * lies nowhere on the host that is known.
 *
 * @param path - Absolute, from the root of the mount namespace.
 * @param host - The host's own mounts; the same table where the path is one of the host.
 */
export function hostPlace(
  path: string,
  dev: string,
  mounts: readonly MountEntry[],
  host: readonly MountEntry[],
): string | null {
  // What is before it may be a symbolic link.
  if (path.split('/').includes('..')) return null;
  const mount = mountAt(mounts, path);
  if (mount === undefined || mount.dev !== dev) return null;
  if (mounts === host) return path;
  const within = joined(mount.root, path.slice(mount.mountPoint === '/' ? 0 : mount.mountPoint.length));
  if (mount.upperDir !== null) return mount.upperDir.startsWith('/') ? joined(mount.upperDir, within) : null;
  for (const one of host) {
    if (one.dev !== dev || !isBelow(within, one.root)) continue;
    const place = joined(one.mountPoint, within.slice(one.root === '/' ? 0 : one.root.length));
    // Something else may be mounted above it.
    if (mountAt(host, place) === one) return place;
  }
  return null;
}

function isBelow(path: string, directory: string): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
}

function joined(directory: string, rest: string): string {
  const base = directory === '/' ? '' : directory;
  return rest === '' || rest === '/' ? base || '/' : `${base}${rest}`;
}
