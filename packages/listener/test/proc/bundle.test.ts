import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundleOf } from '../../src/proc/bundle.ts';
import { auditDevice } from '../../src/proc/device.ts';

const id = 'c'.repeat(64);

describe('the bundle that a runtime is started with', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'godo-bundle-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const configure = (config: unknown) => writeFileSync(join(directory, 'config.json'), JSON.stringify(config));
  const create = (...options: string[]) => [
    'runc',
    '--root',
    '/run/docker/runtime-runc/moby',
    'create',
    ...options,
    id,
  ];

  it('says where the container’s root file system lies, and on which device', () => {
    mkdirSync(join(directory, 'rootfs'));
    configure({ root: { path: 'rootfs' } });
    const dev = auditDevice(statSync(directory, { bigint: true }).dev);
    const root = { containerId: id, rootfs: join(directory, 'rootfs'), dev };
    const bundle = { root, directory, cgroupsPath: null };

    expect(bundleOf('/usr/bin/runc', create('--bundle', directory), null)).toEqual(bundle);
    // A runtime that executes a copy of itself has no name.
    expect(bundleOf('/', create('--bundle', directory), null)).toEqual(bundle);
    expect(bundleOf('/usr/bin/runc', create(`--bundle=${directory}`), null)).toEqual(bundle);
    expect(bundleOf('/usr/local/bin/crun', create('-b', directory), null)).toEqual(bundle);
  });

  it('is where a runtime that is used by itself was started, and its container has any name', () => {
    configure({ root: { path: '/nowhere' }, linux: { cgroupsPath: '/build/web-1' } });
    const bundle = {
      root: { containerId: 'web-1', rootfs: '/nowhere', dev: null },
      directory,
      cgroupsPath: '/build/web-1',
    };

    expect(bundleOf('/usr/bin/runc', ['runc', 'run', '-d', 'web-1'], directory)).toEqual(bundle);
    expect(bundleOf('/usr/bin/runc', ['runc', 'create', '-b', '.', 'web-1'], directory)).toEqual(bundle);
  });

  it('may name a root that is mounted later, or an absolute one', () => {
    configure({ root: { path: '/nowhere/merged' } });

    expect(bundleOf('/usr/bin/runc', create('--bundle', directory), null)).toEqual({
      root: { containerId: id, rootfs: '/nowhere/merged', dev: null },
      directory,
      cgroupsPath: null,
    });
  });

  it('is none of another program, without a directory or without an id', () => {
    configure({ root: { path: 'rootfs' } });

    expect(bundleOf('/usr/bin/sh', create('--bundle', directory), null)).toBeNull();
    expect(bundleOf('/usr/bin/runc', create(), null)).toBeNull();
    expect(bundleOf('/usr/bin/runc', create('--bundle', 'relative'), null)).toBeNull();
    expect(bundleOf('/usr/bin/runc', ['runc', 'state', '--bundle', directory, 'web-1'], null)).toBeNull();
    expect(bundleOf('/usr/bin/runc', ['runc', 'create', id, '--bundle'], null)).toBeNull();
  });

  it('is none where its configuration cannot be read or does not say', () => {
    const asked = () => bundleOf('/usr/bin/runc', create('--bundle', directory), null);

    expect(asked()).toBeNull();
    writeFileSync(join(directory, 'config.json'), '{"root":');
    expect(asked()).toBeNull();
    for (const config of [null, 7, {}, { root: null }, { root: { path: 7 } }]) {
      configure(config);
      expect(asked()).toBeNull();
    }
    writeFileSync(join(directory, 'config.json'), `{"root":{"path":"rootfs"},"x":"${'x'.repeat(1024 * 1024)}"}`);
    expect(asked()).toBeNull();
  });

  it('is not read through a link, nor from what is no file', () => {
    writeFileSync(join(directory, 'target'), JSON.stringify({ root: { path: 'rootfs' } }));
    symlinkSync('target', join(directory, 'config.json'));
    expect(bundleOf('/usr/bin/runc', create('--bundle', directory), null)).toBeNull();

    rmSync(join(directory, 'config.json'));
    mkdirSync(join(directory, 'config.json'));
    expect(bundleOf('/usr/bin/runc', create('--bundle', directory), null)).toBeNull();
  });
});
