import { readFileSync, readlinkSync } from 'node:fs';

export interface NetlinkRow {
  /** What others send to. */
  port: number;
  /** How often a message found no room. */
  drops: number;
}

/** What the kernel shows of a netlink socket of ours (/proc/net/netlink). */
export function netlinkRow(fd: number): NetlinkRow {
  const inode = /\d+/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[0];
  for (const line of readFileSync('/proc/net/netlink', 'latin1').split('\n')) {
    const [, , port, , , , , , drops, row] = line.trim().split(/\s+/);
    if (row === inode) return { port: Number(port), drops: Number(drops) };
  }
  throw new Error(`the kernel shows no netlink socket ${inode}`);
}
