/**
 * What is done under the listeners' eyes. Each copy of a workload is one process that begins to work at once:
 *
 * prepare(folder, copies)  makes what it needs, before anything listens; gives the command (`{}`: number of the copy)
 * expected(copies)         how many of its doings a listener must have stored
 * inLog(line, folder)      whether a line of an audit.log tells of one of them
 * isStored                 the same for godo's evidence: { of: 'closedFiles' | 'tasks', matches(document, folder) }
 * calls(copies)            audited system calls, where they are known exactly
 */

import { statfsSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { requirePrograms, temporaryFolder } from '../support/programs.mjs';
import { compiledFiles, writeProject } from './c-project.mjs';

const tmpfsMagic = 0x01021994;

export function workloads({ sessions, spawns, tools }) {
  return [fileLoop(sessions, tools), spawnLoop(spawns, tools), build()];
}

function fileLoop(sessions, tools) {
  const memory = '/dev/shm';
  return {
    name: 'files',
    about: `${sessions} times open, write 16 bytes, close on tmpfs`,
    async prepare(_, copies) {
      if (statfsSync(memory).type !== tmpfsMagic) throw new Error(`${memory} is no tmpfs here.`);
      const folder = temporaryFolder(memory);
      for (let copy = 1; copy <= copies; copy += 1) await mkdir(join(folder, String(copy)));
      return { folder, command: [tools['file-loop'], join(folder, '{}'), String(sessions)] };
    },
    expected: (copies) => copies * sessions,
    calls: (copies) => copies * sessions * 3,
    // 2 is open, 257 openat on x86-64; 56 openat on aarch64.
    inLog: (line) => line.includes('comm="file-loop"') && / syscall=(2|257|56) .*success=yes/.test(line),
    inJson: ({ SYSCALL }) => SYSCALL?.comm === 'file-loop' && [2, 257, 56].includes(SYSCALL.syscall),
    isStored: {
      of: 'closedFiles',
      matches: (file, folder) => file.path?.startsWith(`${folder}/`) === true && file.writes.count === 1,
    },
  };
}

function spawnLoop(spawns, tools) {
  const program = '/bin/true';
  return {
    name: 'spawns',
    about: `${spawns} times posix_spawn of ${program}`,
    prepare: async (folder) => ({ folder, command: [tools['spawn-loop'], String(spawns), program] }),
    expected: (copies) => copies * spawns,
    calls: () => null,
    inLog: (line) => line.startsWith('type=EXECVE ') && line.includes(` a0="${program}"`),
    inJson: ({ EXECVE }) => EXECVE?.ARGV?.[0] === program,
    isStored: { of: 'tasks', matches: (task) => executed(task) && task.argv?.[0] === program },
  };
}

function build() {
  return {
    name: 'build',
    about: `make of ${compiledFiles} C files (gcc, as, ld)`,
    async prepare(folder, copies) {
      const { make } = requirePrograms({ make: 'make', gcc: 'gcc', as: 'binutils' });
      await writeProject(join(folder, '1'));
      for (let copy = 2; copy <= copies; copy += 1)
        await cp(join(folder, '1'), join(folder, String(copy)), { recursive: true });
      return { folder, command: [make, '--silent', '-C', join(folder, '{}')] };
    },
    // One assembler run for each file.
    expected: (copies) => copies * compiledFiles,
    calls: () => null,
    inLog: (line) => line.startsWith('type=EXECVE ') && / a0="[^" ]*\bas" /.test(line),
    inJson: ({ EXECVE }) => /(^|\/)as$/.test(EXECVE?.ARGV?.[0] ?? ''),
    isStored: {
      of: 'tasks',
      matches: (task) => executed(task) && /(^|\/)as$/.test(task.argv?.[0] ?? ''),
    },
  };
}

/** What audit told of an exec; the proc connector tells of it in a document of its own. */
function executed({ observation, source, success }) {
  return observation === 'exec' && source === 'audit' && success !== false;
}
