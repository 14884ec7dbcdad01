/** Options that several commands share, and their parsers. */

import { resolveTarget, type StoreTarget } from '@godo/evidence';
import { type Command, InvalidArgumentError, Option } from 'commander';

export interface SharedOptions {
  readonly db?: string;
  readonly mongo?: string;
  readonly rawDb?: string;
  readonly diag?: string;
  readonly backlog: number;
  readonly bpf: boolean;
  readonly envNames?: boolean;
  readonly root: readonly string[];
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** dockerd where Docker's own packages and Debian's put it. */
export const defaultStars = [
  '/usr/bin/dockerd',
  '/usr/sbin/dockerd',
  '/usr/local/bin/dockerd',
  '/usr/local/sbin/dockerd',
] as const;

/**
 * Programs of other engines, by name, for distributions put them anywhere. Those of them are roots of the tree that made
 * containers and stand below no other.
 */
export const engineNames = [
  ...['containerd', 'crio', 'podman', 'runc', 'crun', 'youki'],
  // Where the engine has ended, or was not found, what holds its containers is the root of them.
  ...['containerd-shim', 'conmon'],
] as const;

export function addStoreOptions(command: Command): Command {
  return command
    .option(
      '--db <url|directory>',
      'where evidence is kept: mongodb://… or a directory (default: $GODO_DB, or /var/lib/godo for root)',
    )
    .option('--mongo <host:port|uri>', 'MongoDB server')
    .option('--raw-db <name>', 'MongoDB database of the raw evidence (default: test)');
}

export function addListenOptions(command: Command): Command {
  return addStoreOptions(command)
    .option('--diag <file>', 'keep everything the pipeline took in, in audit.log form; `godo replay` reads it')
    .addOption(
      new Option(
        '--backlog <records>',
        'audit records the kernel may queue for us; what does not fit is lost and counted',
      )
        .argParser(parseBacklog)
        .default(65_536),
    )
    .addOption(
      new Option(
        '--root <exe>',
        'executable whose processes are roots of the tree, beside container engines (repeatable)',
      )
        .argParser((value, previous: readonly string[]) => [...previous, parseExe(value)])
        .default([]),
    )
    .option('--env-names', 'keep the names (never the values) of the environment of what is executed')
    .option('--no-bpf', 'receive audit records by system calls, not through memory shared with a BPF program')
    .option('-q, --quiet', 'no progress line, warnings only')
    .option('-v, --verbose', 'say more');
}

/** @throws StoreError BAD_TARGET */
export function targetOf(options: Pick<SharedOptions, 'db' | 'mongo' | 'rawDb'>): StoreTarget {
  const given = {
    ...(options.db !== undefined && { db: options.db }),
    ...(options.mongo !== undefined && { mongo: options.mongo }),
    ...(options.rawDb !== undefined && { rawDb: options.rawDb }),
  };
  return resolveTarget(given, { uid: process.getuid?.() ?? -1, environment: process.env });
}

/**
 * `audit_backlog_limit` counts records and is 32 bits. The original took bytes and had 1 GiB as its default; such a
 * value is taken as a number of records, which is what the kernel always made of it.
 */
export function parseBacklog(value: string): number {
  const records = Number(value);
  if (!/^\d+$/.test(value) || records < 64 || records > 0xffff_ffff) {
    throw new InvalidArgumentError('It must be a whole number of records, from 64 to 4294967295.');
  }
  return records;
}

function parseExe(value: string): string {
  if (!value.startsWith('/')) throw new InvalidArgumentError('It must be an absolute path.');
  return value;
}
