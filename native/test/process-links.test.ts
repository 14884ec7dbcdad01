import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, linkSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { closeProcess, exeLinks, openProcess, readNamespaces } from '../index.js';

const kinds = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts'];

describe('what the links of a process lead to', () => {
  const cleanUp: (() => void)[] = [];
  afterEach(() => {
    for (const step of cleanUp.splice(0)) step();
  });
  const open = (pid: number) => {
    const opened = openProcess(pid);
    cleanUp.push(() => closeProcess(opened));
    return opened;
  };

  it('a file with two names, one, and none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'godo-links-'));
    cleanUp.push(() => rmSync(folder, { recursive: true }));
    const [file, other] = [join(folder, 'sleep'), join(folder, 'other')];
    copyFileSync('/bin/sleep', file);
    chmodSync(file, 0o755);
    const child = spawn(file, ['60'], { stdio: 'ignore' });
    cleanUp.push(() => child.kill('SIGKILL'));
    await new Promise((resolve) => child.once('spawn', resolve));
    await expect.poll(() => readlinkSync(`/proc/${child.pid}/exe`)).toBe(file);
    const opened = open(child.pid as number);

    const one = exeLinks(opened);
    linkSync(file, other);
    const two = exeLinks(opened);
    rmSync(file);
    rmSync(other);
    expect([one, two, exeLinks(opened)]).toEqual([1, 2, 0]);

    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    expect([exeLinks(opened), readNamespaces(opened, new Float64Array(7))]).toEqual([-1, false]);
  });

  it('its namespaces', () => {
    const inodes = new Float64Array(7);

    expect(readNamespaces(open(process.pid), inodes)).toBe(true);
    expect([...inodes].map((inode, index) => `${kinds[index]}:[${inode}]`)).toEqual(
      kinds.map((kind) => readlinkSync(`/proc/self/ns/${kind}`)),
    );
  });

  it('nothing of what was not opened, or with too little room', () => {
    const badArgument = expect.objectContaining({ code: 'BAD_ARGUMENT' });

    expect(() => exeLinks(0)).toThrow(badArgument);
    expect(() => readNamespaces(open(process.pid), new Float64Array(6))).toThrow(badArgument);
  });
});
