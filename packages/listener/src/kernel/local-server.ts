/** Finds the processes of a database server on this host: their writes are our evidence, not the host's doings. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** tgids of the processes that listen on the TCP port on this host. Empty when none does (or it is another host's). */
export function processesListeningOn(port: number): number[] {
  const inodes = new Set(
    ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeningInodes(readOrEmpty(table), port)),
  );
  if (inodes.size === 0) return [];
  return entries('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => entries(`/proc/${pid}/fd`).some((fd) => inodes.has(socketInode(`/proc/${pid}/fd/${fd}`))))
    .map(Number);
}

/** `table` is the text of /proc/net/tcp: local address in hex, state 0A is LISTEN, the tenth field is the inode. */
export function listeningInodes(table: string, port: number): string[] {
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === '0A' && Number.parseInt(fields[1]?.split(':')[1] ?? '', 16) === port)
    .flatMap((fields) => fields[9] ?? []);
}

const localNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1', '[::1]']);

/** The ports of a MongoDB URI's servers that are on this host. */
export function localPorts(uri: string): number[] {
  const hosts = /^mongodb:\/\/(?:[^@/]*@)?([^/?]+)/.exec(uri)?.[1] ?? '';
  return hosts.split(',').flatMap((host) => {
    const [, name, port] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(host) ?? [];
    return name !== undefined && localNames.has(name) ? [Number(port ?? 27017)] : [];
  });
}

function socketInode(path: string): string {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(path))?.[1] ?? '';
  } catch {
    return '';
  }
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
