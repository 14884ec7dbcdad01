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

/** What a task's cgroups say of its container. */
export interface ContainerReading {
  readonly innermost: string | null;
  /**
   * Every line of cgroup v1 says `/`. So it is for a task in no group at all, but also for any that is exiting
   * (kernel/cgroup/cgroup.c, proc_cgroup_show): then the reading says nothing.
   */
  readonly likeExiting: boolean;
}

const maxTexts = 4096;

/** Most tasks of a host share a few cgroups: each text is taken apart once. */
export class ContainerReadings {
  readonly #byText = new Map<string, ContainerReading>();

  of(cgroup: string): ContainerReading {
    const known = this.#byText.get(cgroup);
    if (known !== undefined) return known;
    const reading = { innermost: containerPath(cgroup)?.innermost ?? null, likeExiting: isOfExiting(cgroup) };
    // Texts of cgroups that are gone are not worth telling from the others.
    if (this.#byText.size >= maxTexts) this.#byText.clear();
    this.#byText.set(cgroup, reading);
    return reading;
  }
}

function isOfExiting(cgroup: string): boolean {
  const older = cgroup.split('\n').filter((line) => line !== '' && !line.startsWith('0::'));
  return older.length > 0 && older.every((line) => line.endsWith(':/'));
}

function idOfSegment(segment: string): string | null {
  for (const form of segmentForms) {
    const id = form.exec(segment)?.[1];
    if (id !== undefined) return id;
  }
  return null;
}
