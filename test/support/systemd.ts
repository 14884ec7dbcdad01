/**
 * A real systemd beside whatever is process 1 here: root's own manager of user services, in a mount namespace that looks
 * like a host of systemd's (mounts are shared, /run is a tmpfs, a journal listens) and in a cgroup of its own. Root's
 * manager confines services as that of the system does. Nothing outside sees any of it.
 */

import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureCgroups } from './cgroups.ts';
import { parseJsonLines } from './programs.ts';
import { type Outcome, runOrThrow, runProgram } from './run-program.ts';
import { waitFor } from './wait-for.ts';

export interface JournalEntry {
  readonly PRIORITY: string;
  readonly MESSAGE: string;
}

export interface SystemdManager {
  readonly pid: number;
  /** Words before a command that is to see what services see. */
  readonly inside: readonly string[];
  run(command: readonly string[]): Promise<Outcome>;
  systemctl(...words: string[]): Promise<string>;
  /** Properties of a unit. */
  show<Name extends string>(unit: string, ...names: Name[]): Promise<Readonly<Record<Name, string>>>;
  /** Writes a unit, or a file of one (`godo.service.d/x.conf`), and has it read. */
  install(files: Readonly<Record<string, string>>): Promise<void>;
  /** What programs of this name have logged. */
  journal(identifier: string): Promise<JournalEntry[]>;
  stop(): Promise<void>;
}

const program = '/lib/systemd/systemd';
const startTimeoutMs = 30_000;
const unitFolder = '/run/systemd/user';
const environment = {
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  // So that the folders of services are those of the system's: /run/NAME and /var/lib/NAME.
  XDG_RUNTIME_DIR: '/run',
  XDG_CONFIG_HOME: '/var/lib',
  XDG_STATE_HOME: '/var/lib',
  SYSTEMD_UNIT_PATH: unitFolder,
  SYSTEMD_GENERATOR_PATH: '',
  SYSTEMD_ENVIRONMENT_GENERATOR_PATH: '',
};

/**
 * $1: the folder to be /var/lib/godo; the others: cgroups to be in. A journal of a namespace does not read the kernel's
 * log; it is kept from audit, which is ours.
 */
const script = `
state=$1; shift
mount --make-rshared / && mount -t tmpfs tmpfs /run && mount --bind "$state" /var/lib/godo || exit 1
mkdir -p /run/systemd/system ${unitFolder} /run/lock /run/log/journal /run/systemd/journal /run/systemd/journal.godo \\
  /run/systemd/journald@godo.conf.d
printf '[Journal]\\nAudit=no\\nStorage=volatile\\nRuntimeMaxUse=16M\\n' > /run/systemd/journald@godo.conf.d/test.conf
mount --bind /run/systemd/journal.godo /run/systemd/journal || exit 1
# What the manager and services ask for, without what a distribution adds to it.
for unit in basic shutdown; do printf '[Unit]\\nDefaultDependencies=no\\n' > ${unitFolder}/$unit.target; done
for cgroup; do echo $$ > "$cgroup/cgroup.procs" || exit 1; done
setpriv --bounding-set -audit_control,-audit_read,-audit_write,-syslog /lib/systemd/systemd-journald godo &
for turn in 1 2 3 4 5 6 7 8 9 10; do [ -S /run/systemd/journal/stdout ] || sleep 0.5; done
exec ${program} --user --unit=basic.target --log-target=journal
`;

/** @throws Error with all that it said when it does not answer within half a minute. */
export async function startSystemd(state: string): Promise<SystemdManager> {
  await ensureCgroups();
  const cgroups = await makeCgroups(`godo-service-${process.pid}`);
  const madeFolder = await mkdir('/var/lib/godo', { recursive: true, mode: 0o700 });
  const child = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', state, ...cgroups], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment,
    detached: true,
  });
  let saidText = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      saidText += text;
    });
  }
  const pid = child.pid ?? Number.NaN;
  const inside = ['nsenter', '--target', String(pid), '--mount'];
  const run = (command: readonly string[]) =>
    runProgram('nsenter', [...inside.slice(1), ...command], { env: { XDG_RUNTIME_DIR: environment.XDG_RUNTIME_DIR } });
  const systemctl = async (...words: string[]) => {
    const { code, stdout, stderr } = await run(['systemctl', '--user', ...words]);
    if (code !== 0) throw new Error(`systemctl ${words.join(' ')} ended with ${code}: ${stdout}${stderr}`);
    return stdout;
  };
  const stop = async () => {
    await endAll(cgroups);
    if (madeFolder !== undefined) await rmdir('/var/lib/godo');
  };
  const killAtExit = () => {
    for (const pid of cgroups.flatMap(processesAtExit)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
  };
  process.once('exit', killAtExit);
  const install = async (files: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(files)) {
      const path = join(`/proc/${pid}/root`, unitFolder, name);
      await mkdir(join(path, '..'), { recursive: true });
      await writeFile(path, text);
    }
    await systemctl('daemon-reload');
  };
  try {
    await waitFor(
      'systemd to answer',
      async () => {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error('systemd ended at once.');
        return (await run(['systemctl', '--user', 'show', '--property=Version'])).code === 0;
      },
      startTimeoutMs,
      100,
    );
  } catch (error) {
    await stop();
    throw new Error(`systemd could not be started: ${(error as Error).message}\n${saidText}`);
  }
  return {
    pid,
    inside,
    run,
    systemctl,
    async show<Name extends string>(unit: string, ...names: Name[]) {
      const lines = (await systemctl('show', `--property=${names.join(',')}`, unit)).split('\n');
      const found = lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
      return Object.fromEntries(found.filter(([name]) => name !== '')) as Record<Name, string>;
    },
    install,
    async journal(identifier) {
      const words = ['sh', '-c', 'exec journalctl -D /run/log/journal/*.godo -q -o json -t "$1"', 'sh', identifier];
      return parseJsonLines<JournalEntry>((await run(words)).stdout);
    },
    async stop() {
      process.removeListener('exit', killAtExit);
      await stop();
    },
  };
}

/** One in each hierarchy that systemd keeps its groups in: the unified one, and in a mixed setup one of its own. */
async function makeCgroups(name: string): Promise<string[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map((line) => line.split(' '));
  const mountPoints = lines
    .filter((words) => words.includes('cgroup2') || words.at(-1)?.split(',').includes('name=systemd'))
    .map((words) => words[4] ?? '');
  const cgroups = [...new Set(mountPoints)].map((mountPoint) => join(mountPoint, name));
  for (const cgroup of cgroups) await runOrThrow('mkdir', [cgroup]);
  return cgroups;
}

/** The manager, the journal and what services may have left, and their cgroups. */
async function endAll(cgroups: readonly string[]): Promise<void> {
  await waitFor(
    'the processes of systemd to end',
    async () => {
      const pids = (await Promise.all(cgroups.map(processesIn))).flat();
      for (const pid of pids) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
        }
      }
      return pids.length === 0;
    },
    15_000,
  );
  for (const cgroup of cgroups) {
    await waitFor(
      `the end of ${cgroup}`,
      () =>
        removeTree(cgroup)
          .then(() => true)
          .catch(() => undefined),
      5_000,
    );
  }
}

/** Those of it alone and of what is below it, as far as one call tells. */
function processesAtExit(cgroup: string): number[] {
  try {
    const own = readFileSync(join(cgroup, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
    const children = readdirSync(cgroup, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [...own, ...children.flatMap(({ name }) => processesAtExit(join(cgroup, name)))];
  } catch {
    return [];
  }
}

async function processesIn(cgroup: string): Promise<number[]> {
  const own = (await readFile(join(cgroup, 'cgroup.procs'), 'utf8').catch(() => '')).split('\n').filter(Boolean);
  return [...own.map(Number), ...(await Promise.all((await below(cgroup)).map(processesIn))).flat()];
}

async function removeTree(cgroup: string): Promise<void> {
  for (const child of await below(cgroup)) await removeTree(child);
  await rmdir(cgroup);
}

async function below(cgroup: string): Promise<string[]> {
  const entries = await readdir(cgroup, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(cgroup, entry.name));
}
