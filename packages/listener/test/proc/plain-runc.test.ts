import { describe, expect, it } from 'vitest';
import { cgroupsOf, namedContainer } from '../../src/proc/plain-runc.ts';
import { containerMadeBy } from '../../src/proc/runtime-command.ts';

describe('the container that a runtime by itself makes', () => {
  it('is the last word of its command line, by any name', () => {
    const made = (...argv: string[]) => containerMadeBy('/usr/sbin/runc', ['runc', ...argv]);

    expect([
      made('run', 'web-1'),
      made('--root', '/srv/runc', 'create', '--bundle', '/srv/b', 'web_1.2+x'),
      made('restore', '-d', 'web-1'),
      containerMadeBy('/usr/bin/crun', ['crun', 'run', 'web-1']),
    ]).toEqual(['web-1', 'web_1.2+x', 'web-1', 'web-1']);
  });

  it('is none where it makes none, where the name is none, or of another program', () => {
    const made = (...argv: string[]) => containerMadeBy('/usr/sbin/runc', ['runc', ...argv]);

    expect([
      made('exec', 'web-1', 'sh'),
      made('state', 'web-1'),
      made('run'),
      made('run', '..'),
      made('run', 'a/b'),
      made('run', ''),
      containerMadeBy('/usr/bin/make', ['make', 'run', 'web-1']),
    ]).toEqual([null, null, null, null, null, null, null]);
  });
});

describe('the cgroups of such a container', () => {
  const own = '9:name=systemd:/user\n2:cpu:/\n0::/user.slice/session-1.scope\n';

  it('lie in v1 below that of the runtime, in v2 beside it', () => {
    expect(cgroupsOf('web-1', null, own)).toEqual(['/user/web-1', '/web-1', '/user.slice/web-1']);
    expect(cgroupsOf('web-1', 'build/w', '0::/\n')).toEqual(['/build/w']);
  });

  it('lie where the configuration says, if it names a path from the root', () => {
    expect(cgroupsOf('web-1', '/build/web-1', own)).toEqual(['/build/web-1']);
  });

  it('are a scope where systemd makes them', () => {
    expect(cgroupsOf('web-1', 'system.slice:ci:web-1', own)).toEqual(['/system.slice/ci-web-1.scope']);
    expect(cgroupsOf('web-1', 'odd:one', own)).toEqual([]);
  });

  it('are in its state, under the places where the hierarchies are mounted', () => {
    const state = (paths: unknown) => ({ id: 'web-1', cgroup_paths: paths });
    const named = (cgroups: string[]) => ({ id: 'web-1', runtime: 'runc', cgroups });

    expect(namedContainer(state({ cpu: '/sys/fs/cgroup/cpu/web-1' }), 'runc')).toEqual(named(['/cpu/web-1', '/web-1']));
    expect(namedContainer(state({ '': '/sys/fs/cgroup/web-1' }), 'runc')).toEqual(named(['/web-1']));
    expect(namedContainer(state({ cpu: 7, x: '/elsewhere/web-1' }), 'runc')).toEqual(named([]));
  });

  it('are unknown where the state is none', () => {
    const states = [null, 7, {}, { id: 'a/b', cgroup_paths: {} }, { id: 'web-1' }, { id: 'web-1', cgroup_paths: null }];

    expect(states.map((state) => namedContainer(state, 'runc'))).toEqual(states.map(() => null));
  });
});
