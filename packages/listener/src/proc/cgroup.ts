/** Container ids in /proc/PID/cgroup. */

export interface ContainerPath {
  /** The container the task is in. */
  readonly innermost: string;
  /** Differs from innermost for a container inside a container. */
  readonly outermost: string;
}

const hexId = '[0-9a-f]{64}';

/**
 * Forms of one path segment that name a container. `conmon` segments are the monitor beside a container, not in it.
 * docker-, cri-containerd-, crio-, libpod-ID.scope: systemd driver; bare ID: cgroupfs driver (below docker/, kubepods/…,
 * libpod_parent/…); SLICE:cri-containerd:ID: containerd with the systemd path form under cgroupfs.
 */
const segmentForms = [
  new RegExp(`^(?:docker|cri-containerd|crio|libpod|nerdctl|containerd)-(${hexId})\\.scope$`),
  new RegExp(`^(?:crio|libpod)-(${hexId})$`),
  new RegExp(`^[^:]*:[^:]+:(${hexId})$`),
  new RegExp(`^(${hexId})$`),
];

/** Takes every line of the file (v1, v2 or hybrid); null when none names a container. */
export function containerPath(cgroup: string): ContainerPath | null {
  let found: ContainerPath | null = null;
  for (const line of cgroup.split('\n')) {
    const colon = line.indexOf(':', line.indexOf(':') + 1);
    if (colon < 0) continue;
    const ids = line
      .slice(colon + 1)
      .split('/')
      .map(idOfSegment)
      .filter((id) => id !== null);
    const outermost = ids[0];
    const innermost = ids.at(-1);
    if (outermost === undefined || innermost === undefined) continue;
    // In a hybrid hierarchy a controller may be nested deeper than another: the deepest tells most.
    if (found === null || (innermost !== outermost && found.innermost === found.outermost))
      found = { innermost, outermost };
  }
  return found;
}

function idOfSegment(segment: string): string | null {
  for (const form of segmentForms) {
    const id = form.exec(segment)?.[1];
    if (id !== undefined) return id;
  }
  return null;
}
