/** laurel's settings for a bench. */

import { readFileSync } from 'node:fs';

/** Debian's config.toml with another folder and without rotation, which would delete what a bench counts. */
export function laurelSettings(directory) {
  const user = laurelUser();
  return [
    `directory = "${directory}"`,
    ...(user === null ? [] : [`user = "${user.name}"`]),
    'statusreport-period = 0',
    '[auditlog]',
    'file = "audit.log"',
    'size = 5000000000',
    'generations = 10',
    '[transform]',
    'execve-argv = [ "array" ]',
    '[translate]',
    'universal = false',
    'user-db = false',
    '[enrich]',
    'pid = true',
    'execve-env = [ "LD_PRELOAD", "LD_LIBRARY_PATH" ]',
    'container = true',
    'script = true',
    '[label-process]',
    'label-keys = [ "software_mgmt" ]',
    'propagate-labels = [ "software_mgmt", "amazon-ssm-agent" ]',
    '',
  ].join('\n');
}

/** { name, uid, gid } of the user that Debian's package makes for laurel, or null. */
export function laurelUser() {
  const line = /^(_laurel):[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'));
  return line === null ? null : { name: line[1], uid: Number(line[2]), gid: Number(line[3]) };
}
