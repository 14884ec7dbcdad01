/** Container ids in /proc/PID/cgroup. */

import type { ContainerRuntime } from '@godo/evidence';

/** What a task's cgroups say of the containers it is in. */
export interface ContainerPath {
  /** Who made the innermost one; null: the path does not tell. */
  readonly runtime: ContainerRuntime | null;
  /** The container the task is in. */
  readonly innermost: string;
  /** Differs from innermost for a container inside a container. */
  readonly outermost: string;
}

interface Segment {
  readonly runtime: ContainerRuntime | null;
  readonly id: string;
}

/** Containers whose cgroups cannot be told from others by their names, by the path. */
export type NamedCgroups = ReadonlyMap<string, Segment>;

const hexId = '[0-9a-f]{64}';

const runtimes: Readonly<Record<string, ContainerRuntime>> = {
  docker: 'docker',
  'cri-containerd': 'containerd',
  containerd: 'containerd',
  nerdctl: 'containerd',
  crio: 'cri-o',
  libpod: 'podman',
  runc: 'runc',
};

/**
 * Forms of one path segment that name a container and its runtime. `conmon` segments are the monitor beside a
 * container, not in it. docker-, cri-containerd-, crio-, libpod-ID.scope: systemd driver; crio-, libpod-ID: cgroupfs
 * driver; SLICE:cri-containerd:ID: containerd with the systemd path form under cgroupfs; runc-NAME.scope: runc by
 * itself with the systemd driver, which takes any name.
 */
const runtimeForms = [
  new RegExp(`^(docker|cri-containerd|crio|libpod|nerdctl|containerd)-(${hexId})\\.scope$`),
  new RegExp(`^(crio|libpod)-(${hexId})$`),
  new RegExp(`^[^:]*:([^:]+):(${hexId})$`),
  /^(runc)-([\w+.-]+)\.scope$/,
];
const bareForm = new RegExp(`^${hexId}$`);
/** Whose cgroupfs driver puts bare ids below a group of this name. Below others (kubepods, ecs) several do. */
const parents: Readonly<Record<string, ContainerRuntime>> = {
  docker: 'docker',
  default: 'containerd',
  libpod_parent: 'podman',
};

const nowhere: NamedCgroups = new Map();

/** Takes every line of the file (v1, v2 or hybrid); null when none names a container. */
export function containerPath(cgroup: string, named: NamedCgroups = nowhere): ContainerPath | null {
  let found: ContainerPath | null = null;
  for (const line of cgroup.split('\n')) {
    const colon = line.indexOf(':', line.indexOf(':') + 1);
    if (colon < 0) continue;
    const segments = segmentsOf(line.slice(colon + 1), named);
    const outermost = segments[0];
    const innermost = segments.at(-1);
    if (outermost === undefined || innermost === undefined) continue;
    const path = { runtime: innermost.runtime, innermost: innermost.id, outermost: outermost.id };
    // In a hybrid hierarchy a controller may be nested deeper than another: the deepest tells most.
    if (found === null || (path.innermost !== path.outermost && found.innermost === found.outermost)) found = path;
  }
  return found;
}

/** The containers that one path names, from the outermost. */
function segmentsOf(path: string, named: NamedCgroups): Segment[] {
  const found: Segment[] = [];
  let above = '';
  let end = 0;
  for (const segment of path.split('/')) {
    end += segment.length + 1;
    const told = named.size === 0 ? undefined : named.get(path.slice(0, end - 1));
    const container = told ?? containerOf(segment, above);
    if (container !== null) found.push(container);
    above = segment;
  }
  return found;
}

function containerOf(segment: string, above: string): Segment | null {
  for (const form of runtimeForms) {
    const [, name = '', id] = form.exec(segment) ?? [];
    if (id !== undefined) return { runtime: runtimes[name] ?? null, id };
  }
  return bareForm.test(segment) ? { runtime: parents[above] ?? null, id: segment } : null;
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
const maxNamed = 1024;
const maxTold = 65_536;

/** Most tasks of a host share a few cgroups: each text is taken apart once. */
export class ContainerReadings {
  readonly #byText = new Map<string, ContainerReading>();
  readonly #named = new Map<string, Segment>();
  readonly #told = new Set<string>();
  readonly #found: (path: ContainerPath) => void;

  /** @param found - Told of each container once. */
  constructor(found: (path: ContainerPath) => void = () => undefined) {
    this.#found = found;
  }

  of(cgroup: string): ContainerReading {
    const known = this.#byText.get(cgroup);
    if (known !== undefined) return known;
    const path = containerPath(cgroup, this.#named);
    const reading = { innermost: path?.innermost ?? null, likeExiting: isOfExiting(cgroup) };
    // Texts of cgroups that are gone are not worth telling from the others.
    if (this.#byText.size >= maxTexts) this.#byText.clear();
    this.#byText.set(cgroup, reading);
    if (path !== null) this.#tell(path);
    return reading;
  }

  /** A container's cgroups in each hierarchy, as its runtime names them: the tasks there are in it. */
  name(paths: readonly string[], id: string, runtime: ContainerRuntime): void {
    let news = false;
    for (const path of paths) {
      // The root group is nobody's own.
      if (path.length < 2 || this.#named.get(path)?.id === id) continue;
      const oldest = this.#named.keys().next().value;
      if (this.#named.size >= maxNamed && oldest !== undefined) this.#named.delete(oldest);
      this.#named.set(path, { id, runtime });
      news = true;
    }
    // What was read of such a group before it was known would hold for ever.
    if (news) this.#byText.clear();
  }

  /**
   * A container that a runtime makes: it is told of before anybody is seen in it, for a short one nobody may be.
   *
   * @param paths - Its cgroups.
   */
  announce(id: string, paths: readonly string[]): void {
    const path = containerPath(paths.map((one) => `0::${one}`).join('\n'), this.#named);
    this.#tell(path?.innermost === id ? path : { runtime: null, innermost: id, outermost: id });
  }

  #tell(path: ContainerPath): void {
    if (this.#told.has(path.innermost)) return;
    if (this.#told.size >= maxTold) this.#told.clear();
    this.#told.add(path.innermost);
    this.#found(path);
  }
}

function isOfExiting(cgroup: string): boolean {
  const older = cgroup.split('\n').filter((line) => line !== '' && !line.startsWith('0::'));
  return older.length > 0 && older.every((line) => line.endsWith(':/'));
}
