/** go-audit (slackhq), where it is installed: one JSON object an event into a file. */

import { statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { auditState, groupRule, setKernel } from '../support/audit.mjs';
import { startMeasured } from '../support/measured.mjs';
import { findProgram } from '../support/programs.mjs';
import { readJsonLog } from './audit-log.mjs';
import { kernelDefaultQueue } from './auditd.mjs';

const recordTypes = { 1300: 'SYSCALL', 1309: 'EXECVE' };

export const goAudit = {
  name: 'go-audit',
  about: 'go-audit into a file',
  needs: { 'go-audit': 'go install github.com/slackhq/go-audit@latest' },
  optional: true,
  async start({ folder, tools, rules, workload, group }) {
    const log = join(folder, 'go-audit.log');
    const settings = join(folder, 'go-audit.yaml');
    await writeFile(settings, settingsText(log, [groupRule(group), ...rules]), { mode: 0o600 });
    const measured = await startMeasured(tools.measure, folder, [findProgram('go-audit'), '-config', settings]);
    const [pid] = measured.pids;
    const end = performance.now() + 20_000;
    while ((await auditState()).pid !== pid) {
      if (performance.now() > end) throw new Error('go-audit did not take the audit role.');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await setKernel(kernelDefaultQueue);
    return {
      pids: measured.pids,
      async stop() {
        const cost = await measured.stop();
        const told = await readJsonLog([log], {
          serialOf: ({ sequence }) => sequence ?? null,
          recordsOf: ({ messages }) => messages.length,
          matches: ({ messages }) =>
            messages.some(({ type, data }) => workload.inLog(`type=${recordTypes[type] ?? type} ${data}`)),
        });
        return { cost, ...told, stored: told.found, outputBytes: statSync(log).size };
      },
    };
  },
};

/** It deletes all rules when it starts, and loads those that its settings name. */
function settingsText(log, rules) {
  return [
    'socket_buffer:',
    '  receive: 33554432',
    'output:',
    '  file:',
    '    enabled: true',
    '    attempts: 2',
    `    path: ${log}`,
    '    mode: 0600',
    '    user: root',
    '    group: root',
    'rules:',
    ...rules.map((rule) => `  - "${rule}"`),
    '  - "-e 1"',
    '',
  ].join('\n');
}
