/** Options that several commands share, and their parsers. */

import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { ownTarget, redactUri, resolveTarget, type StoreTarget } from '@godo/evidence';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type MetricsAddress, parseMetricsAddress } from '../metrics/address.ts';
import { isWatchable } from '../rules/sensitive-paths.ts';
import type { SpoolPlace } from '../stages/messages.ts';
import { sizeParser } from './size.ts';

/** Paths that were given, and whether the usual ones are watched beside them. */
export interface SensitiveChoice {
  readonly usual: boolean;
  readonly paths: readonly string[];
}

export interface SharedOptions {
  readonly db?: string;
  readonly dbFile?: string;
  readonly mongo?: string;
  readonly rawDb?: string;
  readonly diag?: string;
  readonly backlog: number;
  readonly receiveBuffer: number;
  /** ms; true: the usual number of them. */
  readonly lossless?: number | true;
  readonly metrics?: MetricsAddress;
  readonly bpf: boolean;
  /** false: --no-spool. */
  readonly spool?: string | boolean;
  readonly spoolMax: number;
  readonly envNames?: boolean;
  readonly hash?: boolean;
  readonly hashMax: number;
  readonly hashRate: number;
  readonly signKey?: string;
  readonly root: readonly string[];
  readonly reads?: boolean;
  /** false: none; absent: the usual ones. */
  readonly sensitive?: SensitiveChoice | false;
  readonly scope: 'host' | 'containers';
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
    .option('--db-file <file>', 'a file, readable by nobody else, with what --db takes (default: $GODO_DB_FILE)')
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
        '--lossless [ms]',
        `let processes wait where that queue is full, at most so long for each record, before one is lost (default: ${defaultWaitMs})`,
      ).argParser(parseWait),
    )
    .addOption(
      new Option('--receive-buffer <bytes>', 'what may wait in each of our sockets (K, M, G)')
        .argParser(sizeParser('4K', '1G'))
        .default(32 * 1024 ** 2, '32M'),
    )
    .addOption(
      new Option(
        '--metrics <address>',
        'tell Prometheus what is counted: unix:/PATH, or 127.0.0.1:PORT and no other address',
      ).argParser(parseMetricsAddress),
    )
    .addOption(
      new Option(
        '--root <exe>',
        'executable whose processes are roots of the tree, beside container engines (repeatable)',
      )
        .argParser((value, previous: readonly string[]) => [...previous, parseExe(value)])
        .default([]),
    )
    .option(
      '--spool <directory>',
      'where evidence waits while the database does not take it (default: spool in the directory of --db, or /var/lib/godo/spool)',
    )
    .option('--no-spool', 'keep what waits in memory only')
    .addOption(
      new Option(
        '--spool-max <bytes>',
        'what the spool may hold (K, M, G); the oldest goes, and is stated, where it is full',
      )
        // Two segments of each kind.
        .argParser(sizeParser('16M'))
        .default(1024 ** 3, '1G'),
    )
    .option('--reads', 'record opens for reading too, of all files (how much is read is not told)')
    .addOption(
      new Option(
        '--sensitive <path>',
        'file or folder whose opens for reading are always recorded, beside the usual ones (repeatable)',
      ).argParser(addSensitive),
    )
    .option('--no-sensitive', 'not of the usual ones, as /etc/shadow; before --sensitive: of none but those')
    .addOption(
      new Option(
        '--scope <scope>',
        'what is stored of file sessions and operations: of all processes, or of containers',
      )
        .choices(['host', 'containers'])
        .default('host'),
    )
    .option('--hash', 'keep SHA-256 and size of regular files when they were changed and closed')
    .addOption(
      new Option('--hash-max <bytes>', 'larger files are not read (K, M, G)')
        .argParser(sizeParser('1'))
        .default(64 * 1024 ** 2, '64M'),
    )
    .addOption(
      new Option('--hash-rate <bytes/s>', 'no more is read in a second (K, M, G)')
        .argParser((value) => sizeParser('1')(value.replace(/\/s$/, '')))
        .default(32 * 1024 ** 2, '32M'),
    )
    .option('--env-names', 'keep the names (never the values) of the environment of what is executed')
    .option('--sign-key <file>', 'Ed25519 private key (PEM, 0600) that the chain of the evidence is signed with')
    .option('--no-bpf', 'receive audit records by system calls, not through memory shared with a BPF program')
    .option('-q, --quiet', 'no progress line, warnings only')
    .option('-v, --verbose', 'say more');
}

/** Options that say which database is meant. */
type NamesDatabase = 'db' | 'dbFile' | 'mongo' | 'rawDb';

/** A folder for each database: what waits is for that one alone. @throws StoreError BAD_TARGET */
export function spoolOf(options: Pick<SharedOptions, NamesDatabase | 'spool' | 'spoolMax'>): SpoolPlace | null {
  if (options.spool === false) return null;
  const target = targetOf(options);
  const mostBytes = options.spoolMax;
  if (target.kind === 'sqlite') {
    const isGiven = typeof options.spool === 'string';
    const directory = isGiven ? resolve(options.spool, nameOf(target.directory)) : join(target.directory, 'spool');
    return { directory, mostBytes };
  }
  const own = resolveTarget({}, { uid: process.getuid?.() ?? -1, environment: { HOME: process.env.HOME } });
  const state = own.kind === 'sqlite' ? own.directory : '/var/lib/godo';
  const top = typeof options.spool === 'string' ? options.spool : join(state, 'spool');
  return { directory: resolve(top, nameOf(`${redactUri(target.uri)} ${target.rawDb}`)), mostBytes };
}

function nameOf(database: string): string {
  return createHash('sha256').update(database).digest('hex').slice(0, 16);
}

export const defaultWaitMs = 60;
const mostWaitMs = 1_000;

/** More than a second for each record would be a host that stands still where we do. */
export function parseWait(value: string): number {
  const ms = Number(value);
  if (!/^\d+$/.test(value) || ms < 1 || ms > mostWaitMs) {
    throw new InvalidArgumentError(`It must be a whole number of milliseconds, from 1 to ${mostWaitMs}.`);
  }
  return ms;
}

/** @throws StoreError BAD_TARGET */
export function targetOf(options: Pick<SharedOptions, NamesDatabase>): StoreTarget {
  const given = {
    ...(options.db !== undefined && { db: options.db }),
    ...(options.dbFile !== undefined && { dbFile: options.dbFile }),
    ...(options.mongo !== undefined && { mongo: options.mongo }),
    ...(options.rawDb !== undefined && { rawDb: options.rawDb }),
  };
  return ownTarget(given);
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

function addSensitive(value: string, previous: SensitiveChoice | false | undefined): SensitiveChoice {
  const path = parsePath(value);
  if (previous === false) return { usual: false, paths: [path] };
  return { usual: previous?.usual ?? true, paths: [...(previous?.paths ?? []), path] };
}

function parsePath(value: string): string {
  const path = value.length > 1 ? value.replace(/\/+$/, '') : value;
  if (!isWatchable(path)) throw new InvalidArgumentError('It must be an absolute path of a file or folder.');
  return path;
}

function parseExe(value: string): string {
  if (!value.startsWith('/')) throw new InvalidArgumentError('It must be an absolute path.');
  return value;
}
