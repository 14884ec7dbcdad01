/**
 * Keeps the kernel's rules about sensitive files as they are to be. Unlike the others they come and go by themselves:
 * the kernel drops one whose directory or file system is gone, files appear that were not there, and each container has
 * files of its own.
 */

import { isoTime } from '@godo/evidence';
import type { Architecture } from '../audit/syscalls.ts';
import type { LossFacts } from '../loss-event.ts';
import { type AuditRule, encodeRule } from '../rules/audit-rule.ts';
import { type PathFacts, placeInside, placeOf } from '../rules/sensitive-paths.ts';
import { type SensitivePlace, sensitiveRules } from '../rules/sensitive-rules.ts';

/** Containers whose files are watched; of more, the oldest is given up. */
export const mostContainers = 64;

/** The kernel's side. */
export interface SensitiveRules {
  /** Those that are loaded, as the kernel lists them. */
  list(): Uint8Array[];
  /** null: it is loaded; else the code of the error. */
  add(rule: Uint8Array): string | null;
  remove(rule: Uint8Array): void;
}

export interface SensitiveWatchOptions {
  readonly paths: readonly string[];
  readonly architectures: readonly Architecture[];
  readonly rules: SensitiveRules;
  readonly facts: PathFacts;
  /** Device of the file system that a directory is on, as audit writes it; null: it is not there. */
  device(path: string): string | null;
  nowNs(): bigint;
  tell(loss: LossFacts): void;
}

/** A container whose root is a file system of its own. */
export interface WatchedRoot {
  readonly containerId: string;
  readonly rootfs: string;
  readonly dev: string;
}

/** What is watched for one path. */
interface Watched {
  readonly place: SensitivePlace;
  readonly rules: readonly AuditRule[];
}

export class SensitiveWatch {
  readonly #options: SensitiveWatchOptions;
  /** By the path that was given. */
  readonly #watched = new Map<string, Watched>();
  readonly #containers = new Map<string, { readonly root: WatchedRoot; readonly watched: readonly Watched[] }>();
  readonly #refused = new Set<string>();
  #lookedNs: bigint;
  #givenUp = 0;

  constructor(options: SensitiveWatchOptions) {
    this.#options = options;
    this.#lookedNs = options.nowNs();
  }

  /** Loads what there is. Returns the rules, and the paths that are not watched because they are not there. */
  begin(): { readonly rules: readonly AuditRule[]; readonly missing: readonly string[] } {
    this.#settle(false);
    const rules = [...this.#watched.values()].flatMap((watched) => watched.rules);
    return { rules, missing: this.#options.paths.filter((path) => !this.#watched.has(path)) };
  }

  /** Makes it again as it is to be. To be called now and then, and when audit's rules have changed. */
  look(): void {
    this.#dropContainers();
    this.#settle(true);
    this.#lookedNs = this.#options.nowNs();
  }

  /** A container that is being made, or that runs. */
  addContainer(root: WatchedRoot): void {
    const { facts, paths, architectures, device } = this.#options;
    if (this.#containers.has(root.containerId) || paths.length === 0) return;
    // Directories on the file system of the host may outlive the container, and nobody would tell us.
    if (!root.dev.startsWith('00:') || device(root.rootfs) !== root.dev) return;
    const watched: Watched[] = [];
    for (const path of paths) {
      const place = placeInside(root.rootfs, path, facts);
      if (place === null) continue;
      const rules = sensitiveRules(architectures, place);
      if (this.#load(rules, place) > 0) watched.push({ place, rules });
    }
    if (watched.length === 0) return;
    this.#containers.set(root.containerId, { root, watched });
    const oldest = this.#containers.keys().next().value;
    if (this.#containers.size <= mostContainers || oldest === undefined) return;
    this.#forget(oldest);
    this.#givenUp += 1;
    if (this.#givenUp > 1) return;
    const reason = `More than ${mostContainers} containers run: sensitive files of the older ones are not watched any more.`;
    this.#options.tell({ severity: 'warning', source: 'blind-spot', from: oldest, reason });
  }

  #settle(again: boolean): void {
    const { paths, facts, rules, architectures } = this.#options;
    const loaded = new Set(rules.list().map(textOf));
    const used = new Set<string>();
    const back: string[] = [];
    const come: string[] = [];
    for (const path of paths) {
      const place = placeOf(path, facts);
      const before = this.#watched.get(path);
      if (before !== undefined && !isSame(before.place, place)) this.#unload(before, loaded);
      this.#watched.delete(path);
      // Two names of one file need one rule.
      if (place === null || used.has(place.path)) continue;
      used.add(place.path);
      const wanted = sensitiveRules(architectures, place);
      const missing = wanted.filter((rule) => !loaded.has(textOf(encodeRule(rule))));
      if (missing.length === 0 || this.#load(missing, place) > 0) this.#watched.set(path, { place, rules: wanted });
      if (missing.length > 0 && this.#watched.has(path)) (before === undefined ? come : back).push(path);
    }
    for (const { root, watched } of this.#containers.values()) {
      const missing = watched.flatMap((one) => one.rules).filter((rule) => !loaded.has(textOf(encodeRule(rule))));
      const places = watched.map((one) => one.place);
      if (missing.length > 0 && places[0] && this.#load(missing, places[0]) > 0) back.push(root.rootfs);
    }
    if (again) this.#tellChanges(back, come);
  }

  #tellChanges(back: readonly string[], come: readonly string[]): void {
    const between = { from: isoTime(this.#lookedNs), to: isoTime(this.#options.nowNs()) };
    const facts = { source: 'audit-rules', ...between };
    if (back.length > 0) {
      const reason = `The rules for ${listed(back)} were gone (somebody removed them, or the folder was replaced): who read there between these times may not be recorded.`;
      this.#options.tell({ ...facts, count: null, reason });
    }
    if (come.length === 0) return;
    const reason = `From now on it is recorded who reads ${listed(come)}: the folder was not there before.`;
    this.#options.tell({ ...facts, severity: 'warning', reason });
  }

  /** Returns how many of them are loaded now. */
  #load(rules: readonly AuditRule[], place: SensitivePlace): number {
    let count = 0;
    for (const rule of rules) {
      const error = this.#options.rules.add(encodeRule(rule));
      if (error === null) count += 1;
      // It was removed meanwhile: the next look will tell.
      else if (error !== 'ENOENT') this.#refuse(place.path, error);
    }
    return count;
  }

  #refuse(path: string, error: string): void {
    if (this.#refused.has(path)) return;
    this.#refused.add(path);
    const reason = `Who reads ${path} is not recorded: the kernel takes no rule for it (${error}).`;
    this.#options.tell({ severity: 'warning', source: 'blind-spot', reason });
  }

  #unload({ rules }: Watched, loaded: ReadonlySet<string>): void {
    for (const rule of rules) {
      const bytes = encodeRule(rule);
      if (loaded.has(textOf(bytes))) this.#options.rules.remove(bytes);
    }
  }

  /** Of those that are gone the kernel has dropped most by itself, with their file systems. */
  #dropContainers(): void {
    for (const [containerId, { root }] of this.#containers) {
      if (this.#options.device(root.rootfs) !== root.dev) this.#forget(containerId);
    }
  }

  #forget(containerId: string): void {
    const container = this.#containers.get(containerId);
    this.#containers.delete(containerId);
    for (const { rules } of container?.watched ?? []) {
      for (const rule of rules) this.#options.rules.remove(encodeRule(rule));
    }
  }
}

function isSame(before: SensitivePlace, now: SensitivePlace | null): boolean {
  return now !== null && before.field === now.field && before.path === now.path && before.isSocket === now.isSocket;
}

function textOf(rule: Uint8Array): string {
  return Buffer.from(rule.buffer, rule.byteOffset, rule.byteLength).toString('latin1');
}

const mostListed = 8;

function listed(paths: readonly string[]): string {
  const more = paths.length - mostListed;
  return `${paths.slice(0, mostListed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
