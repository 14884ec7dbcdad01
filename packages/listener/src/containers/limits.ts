/** How much of a container is kept: an engine lets its users write what they like, as long as they like. */

import type { ContainerFacts, ContainerMount } from '@godo/evidence';

const mostText = 4096;
const mostLabels = 256;
const mostMounts = 256;

/** A text that is not empty, cut where it is too long; null for anything else. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.slice(0, mostText) : null;
}

export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Labels by name, in order of their names; null where they are none. */
export function labelsOf(value: unknown): Readonly<Record<string, string>> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const labels: [string, string][] = [];
  for (const [name, label] of Object.entries(value)) {
    if (name === '' || name === '__proto__' || typeof label !== 'string') continue;
    labels.push([name.slice(0, mostText), label.slice(0, mostText)]);
  }
  labels.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(labels.slice(0, mostLabels));
}

/** In order of their places in the container. */
export function mountsOf(mounts: readonly (ContainerMount | null)[]): readonly ContainerMount[] {
  return mounts
    .filter((mount) => mount !== null)
    .sort((a, b) => (a.destination < b.destination ? -1 : 1))
    .slice(0, mostMounts);
}

/** A moment as the engine wrote it; null for anything else, and for the year 1, which engines write for "never". */
export function createdOf(value: unknown): string | null {
  return typeof value === 'string' && value.length <= 40 && /^\d{4}-\d\d-\d\dT/.test(value) && !value.startsWith('0001')
    ? value
    : null;
}

export const noFacts: ContainerFacts = {
  name: null,
  image: null,
  imageId: null,
  labels: null,
  created: null,
  mounts: null,
};
