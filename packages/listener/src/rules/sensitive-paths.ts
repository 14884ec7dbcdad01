/** Which files are sensitive, and where the kernel is to watch them. */

import { lstatSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { SensitivePlace } from './sensitive-rules.ts';

/** What somebody looks for who has broken in, or wants to break out of a container. */
export const defaultSensitivePaths = [
  ...['/etc/shadow', '/etc/shadow-', '/etc/gshadow', '/etc/gshadow-', '/etc/sudoers', '/etc/sudoers.d'],
  ...['/root/.ssh', '/root/.kube', '/etc/ssl/private'],
  ...['rsa', 'ecdsa', 'ed25519', 'dsa'].map((kind) => `/etc/ssh/ssh_host_${kind}_key`),
  ...['/etc/kubernetes', '/var/lib/kubelet/pki', '/var/run/secrets/kubernetes.io'],
  ...['/var/run/docker.sock', '/run/containerd/containerd.sock', '/run/podman/podman.sock', '/run/crio/crio.sock'],
] as const;

/** The part of the file system that is asked; null: there is no such file. */
export interface PathFacts {
  realPath(path: string): string | null;
  /** Of the file itself, a link not followed. */
  kind(path: string): 'directory' | 'socket' | 'symlink' | 'other' | null;
}

export const realPaths: PathFacts = {
  realPath(path) {
    try {
      return realpathSync(path);
    } catch {
      return null;
    }
  },
  kind(path) {
    try {
      const stat = lstatSync(path);
      if (stat.isDirectory()) return 'directory';
      return stat.isSocket() ? 'socket' : stat.isSymbolicLink() ? 'symlink' : 'other';
    } catch {
      return null;
    }
  },
};

/** Absolute, without a slash at its end: what auditctl's rules for paths ask for. */
export function isWatchable(path: string): boolean {
  return path.startsWith('/') && path.length > 1 && Buffer.byteLength(path) < 4096 && !path.includes('\0');
}

/**
 * Where the kernel is to watch a path. A file need not be there yet, its directory must be; null: it is not. A link is
 * followed, for it is the file behind it that is opened.
 */
export function placeOf(path: string, facts: PathFacts): SensitivePlace | null {
  const real = facts.realPath(path);
  if (real !== null) {
    const kind = facts.kind(real);
    if (kind === 'directory') return real === '/' ? null : { field: 'dir', path: real, isSocket: false };
    return { field: 'path', path: real, isSocket: kind === 'socket' || mayBeSocket(real) };
  }
  const directory = facts.realPath(dirname(path));
  if (directory === null || facts.kind(directory) !== 'directory') return null;
  const missing = join(directory, basename(path));
  return { field: 'path', path: missing, isSocket: mayBeSocket(missing) };
}

/**
 * The same below the root of a container, whose files are its own to change: no link is followed, and only files that
 * are there are watched.
 */
export function placeInside(root: string, path: string, facts: PathFacts): SensitivePlace | null {
  let at = root;
  const parts = path.split('/').filter((part) => part !== '');
  if (parts.length === 0 || parts.includes('..')) return null;
  for (const [index, part] of parts.entries()) {
    at = join(at, part);
    if (facts.kind(at) !== (index === parts.length - 1 ? 'other' : 'directory')) return null;
  }
  return { field: 'path', path: at, isSocket: false };
}

function mayBeSocket(path: string): boolean {
  return path.endsWith('.sock');
}
