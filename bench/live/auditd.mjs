/** auditd with Debian's default settings in a folder of its own, alone or with laurel as its plugin. */

import { existsSync, readdirSync, statSync } from 'node:fs';
import { chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { auditState, loadRules, setKernel } from '../support/audit.mjs';
import { processTree } from '../support/cpu.mjs';
import { laurelSettings, laurelUser } from '../support/laurel.mjs';
import { startMeasured } from '../support/measured.mjs';
import { findProgram } from '../support/programs.mjs';
import { readAuditLog, readJsonLog } from './audit-log.mjs';

const packages = { auditd: 'auditd', auditctl: 'auditd' };
/** Jiffies that a process waits when the queue is full: the kernel's default, which auditd leaves as it is. */
export const kernelDefaultQueue = { backlog: 65_536, waitTime: 15_000 };
const droppingQueue = { backlog: 65_536, waitTime: 0 };

export const auditdListeners = [
  auditd('auditd', 'auditd, log_format ENRICHED (its default); processes wait when it is slow (the default)', {
    format: 'ENRICHED',
  }),
  auditd('auditd-raw', 'the same with log_format RAW', { format: 'RAW' }),
  auditd('auditd-drops', 'auditd ENRICHED with backlog_wait_time 0, as godo sets it: what it is too slow for is lost', {
    format: 'ENRICHED',
    queue: droppingQueue,
  }),
  auditd('laurel', 'auditd (writing no log) with laurel as its plugin', { format: 'RAW', laurel: true }),
];

function auditd(name, about, { format, laurel = false, queue = kernelDefaultQueue }) {
  return {
    name,
    about,
    needs: { ...packages, ...(laurel && { laurel: 'laurel' }) },
    async start({ folder, tools, rules, workload }) {
      const settings = join(folder, 'auditd');
      const log = join(settings, 'audit.log');
      await writeSettings(settings, log, format, laurel);
      await setKernel(queue);
      const command = [findProgram('auditd'), '-n', '-c', settings, '-s', 'nochange'];
      const measured = await startMeasured(tools.measure, folder, command);
      const [pid] = measured.pids;
      await until('auditd to take the audit role', async () => (await auditState()).pid === pid);
      if (laurel) await until('laurel to start', () => laurelLogs(settings).length > 0);
      const pids = processTree(pid);
      await loadRules(
        rules,
        pids.filter((one) => one !== pid),
        folder,
      );
      return {
        pids,
        async stop() {
          const cost = await measured.stop();
          const told = laurel
            ? await readJsonLog(laurelLogs(settings), { ...laurelEvents, matches: workload.inJson })
            : await readAuditLog(log, workload.inLog);
          const outputBytes = laurel ? bytesOf(laurelLogs(settings)) : statSync(log).size;
          return { cost, ...told, stored: told.found, outputBytes };
        },
      };
    },
  };
}

/** Debian's auditd.conf but for: its own log, no rotation (it would delete what we count), no e-mail, no other plugins. */
async function writeSettings(folder, log, format, laurel) {
  const plugins = join(folder, 'plugins.d');
  await mkdir(plugins, { recursive: true, mode: 0o700 });
  const settings = {
    local_events: 'yes',
    write_logs: laurel ? 'no' : 'yes',
    log_file: log,
    log_group: 'root',
    log_format: format,
    flush: 'INCREMENTAL_ASYNC',
    freq: 50,
    max_log_file: 8,
    num_logs: 5,
    priority_boost: 4,
    name_format: 'NONE',
    max_log_file_action: 'IGNORE',
    space_left: 75,
    space_left_action: 'IGNORE',
    admin_space_left: 50,
    admin_space_left_action: 'IGNORE',
    disk_full_action: 'IGNORE',
    disk_error_action: 'IGNORE',
    q_depth: 2000,
    overflow_action: 'IGNORE',
    max_restarts: 10,
    plugin_dir: plugins,
    end_of_event_timeout: 2,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
  await writeFile(join(folder, 'auditd.conf'), lines.join(''), { mode: 0o600 });
  if (laurel) await writeLaurelSettings(folder, plugins);
}

/** It runs as its own user, if there is one. */
async function writeLaurelSettings(folder, plugins) {
  const output = join(folder, 'laurel');
  await mkdir(output, { mode: 0o755 });
  await writeFile(join(folder, 'laurel.toml'), laurelSettings(output), { mode: 0o600 });
  const plugin = {
    active: 'yes',
    direction: 'out',
    type: 'always',
    format: 'string',
    path: findProgram('laurel'),
    args: `--config ${join(folder, 'laurel.toml')}`,
  };
  const lines = Object.entries(plugin).map(([name, value]) => `${name} = ${value}\n`);
  await writeFile(join(plugins, 'laurel.conf'), lines.join(''), { mode: 0o600 });
  const user = laurelUser();
  if (user !== null) await chown(output, user.uid, user.gid);
}

function laurelLogs(folder) {
  const output = join(folder, 'laurel');
  if (!existsSync(output)) return [];
  return readdirSync(output)
    .filter((name) => name.startsWith('audit.log'))
    .map((name) => join(output, name));
}

/**
 * laurel names an event by its stamp (`1700000000.123:4567`) and its records by their types, each with one object or a
 * list of them. auditd's own events have numbers of their own.
 */
const laurelEvents = {
  serialOf: ({ ID, ...records }) =>
    ID === undefined || Object.keys(records).some((type) => type.startsWith('DAEMON_'))
      ? null
      : Number(ID.slice(ID.indexOf(':') + 1)),
  recordsOf: (event) =>
    Object.entries(event)
      .filter(([type]) => /^[A-Z][A-Z_]+$/.test(type) && type !== 'ID' && type !== 'NODE')
      .reduce((sum, [, records]) => sum + (Array.isArray(records) ? records.length : 1), 0),
};

function bytesOf(files) {
  return files.reduce((sum, file) => sum + statSync(file).size, 0);
}

async function until(what, ask) {
  const end = performance.now() + 20_000;
  while (!(await ask())) {
    if (performance.now() > end) throw new Error(`Waited in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
