import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const source = fileURLToPath(new URL('..', import.meta.url));
const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));

let directory: string;
let result: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'godo-native-build-'));
  mkdirSync(join(directory, 'native'));
  for (const name of ['src', 'binding.gyp', 'build.mjs', 'package.json']) {
    cpSync(join(source, name), join(directory, 'native', name), { recursive: true });
  }
  symlinkSync(modules, join(directory, 'node_modules'));
  result = join(directory, 'native/build/Release/godo_native.node');
});

afterEach(() => rmSync(directory, { recursive: true }));

function build(env: Record<string, string>) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(directory, 'native/build.mjs')], {
    cwd: directory,
    env: { PATH: process.env.PATH ?? '', ...env },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('build.mjs', { timeout: 240_000 }, () => {
  it('builds silently with no home and with an npm configuration that points nowhere, and then only anew', () => {
    const hostile = {
      HOME: '',
      npm_config_nodedir: '/nowhere',
      npm_config_target: '0.10.0',
      npm_config_devdir: '/proc',
    };
    expect(build(hostile)).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(Object.keys(createRequire(import.meta.url)(result))).toContain('receiveAudit');
    const { mtimeMs } = statSync(result);

    expect(build(hostile)).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(statSync(result).mtimeMs).toBe(mtimeMs);
  });

  it('shows the compiler output and fails when the sources do not compile', () => {
    appendFileSync(join(directory, 'native/src/clocks.h'), '#error no clock today\n');
    const { status, stderr } = build({ HOME: directory });
    expect(status).toBe(1);
    expect(stderr).toMatch(/no clock today[\s\S]*could not be built: it needs g\+\+, make, python3/);
    expect(existsSync(result)).toBe(false);
  });
});
