/** What engines say of a container, in their own words, as facts. Pure; a field of a wrong type counts as absent. */

import type { ContainerFacts, ContainerMount } from '@godo/evidence';
import { createdOf, fieldsOf, labelsOf, listOf, mountsOf, noFacts, textOf } from './limits.ts';

/** Docker: the answer to GET /containers/ID/json, or config.v2.json. null: it is of another container. */
export function dockerFacts(answer: unknown, id: string): ContainerFacts | null {
  const container = fieldsOf(answer);
  // One is called so in the answer, the other in the file.
  if ((container.Id ?? container.ID) !== id) return null;
  const config = fieldsOf(container.Config);
  const mounts = Array.isArray(container.Mounts) ? container.Mounts : Object.values(fieldsOf(container.MountPoints));
  return {
    name: textOf(textOf(container.Name)?.replace(/^\//, '')),
    image: textOf(config.Image),
    imageId: textOf(container.Image),
    labels: labelsOf(config.Labels),
    created: createdOf(container.Created),
    mounts: mountsOf(mounts.map(dockerMount)),
  };
}

function dockerMount(value: unknown): ContainerMount | null {
  const mount = fieldsOf(value);
  const destination = textOf(mount.Destination);
  if (destination === null) return null;
  return {
    // The file has no path of a named volume.
    source: textOf(mount.Source) ?? textOf(mount.Name),
    destination,
    type: textOf(mount.Type),
    rw: typeof mount.RW === 'boolean' ? mount.RW : null,
  };
}

/** Of the kernel's own, no container's: they are in every one. */
const kernelsOwn: ReadonlySet<unknown> = new Set(['proc', 'sysfs', 'devpts', 'mqueue', 'cgroup', 'cgroup2']);

/** config.json of an OCI bundle: its mounts, but for those of the kernel. null: there is no list of them. */
export function specificationMounts(config: unknown): readonly ContainerMount[] | null {
  const { mounts } = fieldsOf(config);
  return Array.isArray(mounts) ? mountsOf(mounts.map(specificationMount)) : null;
}

function specificationMount(value: unknown): ContainerMount | null {
  const mount = fieldsOf(value);
  const destination = textOf(mount.destination);
  if (destination === null || kernelsOwn.has(mount.type)) return null;
  const options = listOf(mount.options);
  return { source: textOf(mount.source), destination, type: textOf(mount.type), rw: !options.includes('ro') };
}

/**
 * containerd: config.json of the task. Labels stand in its database alone; what its clients (Kubernetes, nerdctl) put
 * into the annotations is taken for them.
 */
export function containerdFacts(config: unknown): ContainerFacts {
  const annotations = fieldsOf(fieldsOf(config).annotations);
  return {
    ...noFacts,
    name:
      textOf(annotations['io.kubernetes.cri.container-name']) ??
      textOf(annotations['nerdctl/name']) ??
      textOf(annotations['io.kubernetes.cri.sandbox-name']),
    image: textOf(annotations['io.kubernetes.cri.image-name']),
    labels: labelsOf(annotations),
    mounts: specificationMounts(config),
  };
}

/** podman, CRI-O: containers.json of containers/storage. null: this container is not in it. */
export function storageFacts(containers: unknown, id: string): ContainerFacts | null {
  const found = listOf(containers).find((container) => fieldsOf(container).id === id);
  if (found === undefined) return null;
  const container = fieldsOf(found);
  const metadata = parsed(container.metadata);
  return {
    ...noFacts,
    name: textOf(metadata.name) ?? textOf(listOf(container.names)[0]),
    image: textOf(metadata['image-name']),
    imageId: textOf(container.image) ?? textOf(metadata['image-id']),
    created: createdOf(container.created),
  };
}

/** The name of an image in images.json of containers/storage. */
export function storageImage(images: unknown, imageId: string): string | null {
  const found = listOf(images).find((image) => fieldsOf(image).id === imageId);
  return textOf(listOf(fieldsOf(found).names)[0]);
}

function parsed(text: unknown): Readonly<Record<string, unknown>> {
  if (typeof text !== 'string') return {};
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return {};
  }
}

/** runc: config.json of the bundle, for a container whose state is gone again. */
export function bundleFacts(config: unknown, id: string): ContainerFacts {
  return {
    ...noFacts,
    name: id,
    labels: labelsOf(fieldsOf(config).annotations),
    mounts: specificationMounts(config),
  };
}

/** MS_RDONLY (mount(2)). */
const readOnly = 1;

/** runc: its state.json. null: it is of another container. */
export function runcFacts(state: unknown, id: string): ContainerFacts | null {
  const container = fieldsOf(state);
  if (container.id !== id) return null;
  const config = fieldsOf(container.config);
  const labels = listOf(config.labels).flatMap((label) => {
    const cut = typeof label === 'string' ? label.indexOf('=') : -1;
    return cut < 0 ? [] : [[(label as string).slice(0, cut), (label as string).slice(cut + 1)] as const];
  });
  return {
    ...noFacts,
    name: id,
    labels: labelsOf(Object.fromEntries(labels)),
    created: createdOf(container.created),
    mounts: Array.isArray(config.mounts) ? mountsOf(config.mounts.map(runcMount)) : null,
  };
}

function runcMount(value: unknown): ContainerMount | null {
  const mount = fieldsOf(value);
  const destination = textOf(mount.destination);
  if (destination === null || kernelsOwn.has(mount.device)) return null;
  const rw = typeof mount.flags === 'number' ? (mount.flags & readOnly) === 0 : null;
  return { source: textOf(mount.source), destination, type: textOf(mount.device), rw };
}
