import {
  type ContainerDocument,
  type ContainerFacts,
  type ContainerMount,
  type ContainerRuntime,
  type EventDocument,
  isoTime,
} from '@godo/evidence';
import { textOf } from './values.ts';

/** What was learnt of a container beside what its processes did. */
export type LearntFacts = ContainerFacts &
  Pick<ContainerDocument, 'runtime' | 'outermostContainerId' | 'engine' | 'createdNs'>;

export const nothingLearnt: LearntFacts = {
  runtime: null,
  outermostContainerId: null,
  engine: null,
  name: null,
  image: null,
  imageId: null,
  labels: null,
  createdNs: null,
  created: null,
  mounts: null,
};

const runtimes: ReadonlySet<unknown> = new Set<ContainerRuntime>(['docker', 'containerd', 'podman', 'cri-o', 'runc']);

/** Gathers what events of the kind `container` say; they come in order of time. */
export class LearntContainers {
  readonly #facts = new Map<string, LearntFacts>();
  readonly #isWanted: (id: string) => boolean;

  /** @param isWanted - Whether a container (`<bootId>:<container id>`) is of the tree: of others nothing is kept. */
  constructor(isWanted: (id: string) => boolean) {
    this.#isWanted = isWanted;
  }

  /** The latest word of an engine counts: containers are renamed. One that could not be asked again changes nothing. */
  add({ kind, bootId, containerId, data }: EventDocument): void {
    if (kind !== 'container' || textOf(containerId) === null || typeof data !== 'object' || data === null) return;
    const id = `${bootId}:${containerId}`;
    if (!this.#isWanted(id)) return;
    const facts = factsOf(data, containerId);
    const before = this.#facts.get(id);
    if (before === undefined || before.engine === null || facts.engine !== null) this.#facts.set(id, facts);
  }

  of(id: string): LearntFacts {
    return this.#facts.get(id) ?? nothingLearnt;
  }
}

function factsOf(data: Readonly<Record<string, unknown>>, containerId: string | null): LearntFacts {
  const outermost = textOf(data.outermostContainerId);
  const created = createdOf(data.created);
  return {
    runtime: runtimeOf(data.runtime),
    outermostContainerId: outermost === containerId ? null : outermost,
    engine: runtimeOf(data.engine),
    name: textOf(data.name),
    image: textOf(data.image),
    imageId: textOf(data.imageId),
    labels: labelsOf(data.labels),
    createdNs: created?.ns ?? null,
    created: created?.text ?? null,
    mounts: Array.isArray(data.mounts) ? data.mounts.map(mountOf).filter((mount) => mount !== null) : null,
  };
}

function runtimeOf(value: unknown): ContainerRuntime | null {
  return runtimes.has(value) ? (value as ContainerRuntime) : null;
}

function labelsOf(value: unknown): Readonly<Record<string, string>> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return Object.values(value).every((label) => typeof label === 'string') ? (value as Record<string, string>) : null;
}

function mountOf(value: unknown): ContainerMount | null {
  if (typeof value !== 'object' || value === null) return null;
  const { source, destination, type, rw } = value as Record<string, unknown>;
  const place = textOf(destination);
  if (place === null) return null;
  return { source: textOf(source), destination: place, type: textOf(type), rw: typeof rw === 'boolean' ? rw : null };
}

/** Engines write up to nine digits of a second, and their own zone. */
function createdOf(value: unknown): { readonly ns: bigint; readonly text: string } | null {
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?\d*(Z|[+-]\d\d:\d\d)$/.exec(textOf(value) ?? '');
  const [, seconds, fraction = '', zone] = parts ?? [];
  const ms = Date.parse(`${seconds}${zone}`);
  if (Number.isNaN(ms) || ms < 0) return null;
  const ns = BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
  return { ns, text: isoTime(ns) };
}
