import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContainerReadings, containerPath } from '../../src/proc/cgroup.ts';

const a = '3cf200bb9ce23fefef9c5dadc466fecc1ff59d0c8863caa031e56744dec8518b';
const b = 'f'.repeat(64);
const uid = '8a0c5d4e-1b2c-4d3e-9f80-a1b2c3d4e5f6';
const uidUnderscores = uid.replaceAll('-', '_');

describe('the container of a task', () => {
  it.each([
    ['docker', 'docker with the cgroupfs driver', `/docker/${a}`],
    ['docker', 'docker with the systemd driver', `/system.slice/docker-${a}.scope`],
    ['docker', 'docker with the systemd driver in a slice of its own', `/machine.slice/docker-${a}.scope`],
    ['docker', 'docker, rootless', `/user.slice/user-1000.slice/user@1000.service/app.slice/docker-${a}.scope`],
    [null, 'docker with --cgroup-parent', `/build/agents/${a}`],
    ['docker', 'docker, a cgroup that the container made below its own', `/docker/${a}/init.scope`],
    ['docker', 'docker, systemd in the container', `/system.slice/docker-${a}.scope/system.slice/nginx.service`],
    ['docker', 'docker, seen from a cgroup namespace beside it', `/../../docker/${a}`],
    ['containerd', 'containerd with its own client', `/default/${a}`],
    ['containerd', 'nerdctl with the systemd driver', `/system.slice/nerdctl-${a}.scope`],
    [null, 'containerd in Kubernetes, cgroupfs driver, guaranteed', `/kubepods/pod${uid}/${a}`],
    [null, 'containerd in Kubernetes, cgroupfs driver, besteffort', `/kubepods/besteffort/pod${uid}/${a}`],
    [null, 'containerd in Kubernetes, cgroupfs driver, burstable', `/kubepods/burstable/pod${uid}/${a}`],
    [
      'containerd',
      'containerd in Kubernetes, systemd driver, besteffort',
      `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${uidUnderscores}.slice/cri-containerd-${a}.scope`,
    ],
    [
      'containerd',
      'containerd in Kubernetes, systemd driver, burstable',
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${uidUnderscores}.slice/cri-containerd-${a}.scope`,
    ],
    [
      'containerd',
      'containerd in Kubernetes, systemd driver, guaranteed',
      `/kubepods.slice/kubepods-pod${uidUnderscores}.slice/cri-containerd-${a}.scope`,
    ],
    [
      'containerd',
      'containerd in Kubernetes with a systemd path under the cgroupfs driver',
      `/kubepods-besteffort-pod${uidUnderscores}.slice:cri-containerd:${a}`,
    ],
    [
      'containerd',
      'the same below the service of containerd',
      `/system.slice/containerd.service/kubepods-burstable-pod${uidUnderscores}.slice:cri-containerd:${a}`,
    ],
    [null, 'Kubernetes in a container (kind)', `/kubelet/kubepods/besteffort/pod${uid}/${a}`],
    ['docker', 'Docker in Kubernetes', `/kubepods.slice/kubepods-pod${uidUnderscores}.slice/docker-${a}.scope`],
    ['cri-o', 'CRI-O with the systemd driver', `/kubepods.slice/kubepods-pod${uidUnderscores}.slice/crio-${a}.scope`],
    [
      'cri-o',
      'CRI-O, below its scope',
      `/kubepods.slice/kubepods-pod${uidUnderscores}.slice/crio-${a}.scope/container`,
    ],
    ['cri-o', 'CRI-O with the cgroupfs driver', `/kubepods/burstable/pod${uid}/crio-${a}`],
    ['podman', 'Podman with the systemd driver', `/machine.slice/libpod-${a}.scope`],
    ['podman', 'Podman with crun', `/machine.slice/libpod-${a}.scope/container`],
    ['podman', 'Podman with the cgroupfs driver', `/libpod_parent/libpod-${a}`],
    [
      'podman',
      'Podman, rootless',
      `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${a}.scope/container`,
    ],
    ['podman', 'Podman in a pod', `/machine.slice/machine-libpod_pod_${b}.slice/libpod-${a}.scope`],
    [null, 'Amazon ECS', `/ecs/0123456789abcdef0123456789abcdef/${a}`],
    ['podman', 'Podman with the cgroupfs driver, in a group of the container’s own', `/libpod_parent/libpod-${a}/init`],
    ['runc', 'runc by itself with the systemd driver', `/system.slice/runc-${a}.scope`],
  ] as const)('with %s is known on cgroup v2 and v1: %s', (runtime, _, path) => {
    const expected = { runtime, innermost: a, outermost: a };

    expect(containerPath(`0::${path}\n`)).toEqual(expected);
    expect(containerPath(`12:cpu,cpuacct:${path}\n1:name=systemd:${path}\n`)).toEqual(expected);
  });

  it('may have any name where a runtime is used by itself with the systemd driver', () => {
    const expected = { runtime: 'runc', innermost: 'web_1.2', outermost: 'web_1.2' };

    expect(containerPath('0::/system.slice/runc-web_1.2.scope\n')).toEqual(expected);
  });

  it('with a cgroup that does not tell is known where its runtime told of it', () => {
    const named = new Map([['/build/web-1', { runtime: 'runc', id: 'web-1' }]] as const);
    const web = { runtime: 'runc', innermost: 'web-1', outermost: 'web-1' };

    expect(
      [
        '0::/build/web-1\n',
        '2:pids:/\n1:cpu:/build/web-1/own\n',
        `0::/build/web-1/docker/${a}\n`,
        '0::/build/web-10\n',
        '0::/build\n',
      ].map((text) => containerPath(text, named)),
    ).toEqual([web, web, { runtime: 'docker', innermost: a, outermost: 'web-1' }, null, null]);
  });

  it('is taken from any line of a hybrid hierarchy', () => {
    const hybrid = ['3:rdma:/', `2:pids:/docker/${a}`, '1:name=systemd:/', '0::/system.slice/containerd.service'];

    const expected = { runtime: 'docker', innermost: a, outermost: a };
    expect(containerPath(hybrid.join('\n'))).toEqual(expected);
    expect(containerPath(hybrid.toReversed().join('\n'))).toEqual(expected);
  });

  it.each([
    ['docker', `/docker/${b}/docker/${a}`],
    ['docker', `/system.slice/docker-${b}.scope/docker/${a}`],
    [null, `/docker/${b}/kubepods/besteffort/pod${uid}/${a}`],
    [
      'containerd',
      `/docker/${b}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod${uidUnderscores}.slice/cri-containerd-${a}.scope`,
    ],
    ['podman', `/machine.slice/libpod-${b}.scope/container/libpod_parent/libpod-${a}`],
  ] as const)('in a container is the inner one (%s), and the outer one is kept: %s', (runtime, path) => {
    expect(containerPath(`0::${path}\n`)).toEqual({ runtime, innermost: a, outermost: b });
  });

  it('is the deepest that any controller names', () => {
    const lines = [`2:pids:/docker/${b}`, `1:name=systemd:/docker/${b}/docker/${a}`];

    const expected = { runtime: 'docker', innermost: a, outermost: b };
    expect(containerPath(lines.join('\n'))).toEqual(expected);
    expect(containerPath(lines.toReversed().join('\n'))).toEqual(expected);
  });

  it.each([
    '/',
    '/init.scope',
    '/system.slice/docker.service',
    '/system.slice/containerd.service',
    '/user.slice/user-1000.slice/session-3.scope',
    '/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-1234.scope',
    `/system.slice/crio-conmon-${a}.scope`,
    `/kubepods.slice/kubepods-pod${uidUnderscores}.slice/crio-conmon-${a}.scope`,
    `/machine.slice/libpod-conmon-${a}.scope`,
    `/libpod_parent/conmon`,
    `/kubepods/besteffort/pod${uid}`,
    `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${uidUnderscores}.slice`,
    `/machine.slice/machine-libpod_pod_${a}.slice`,
    '/process_api/0123456789abcdef0123456789abcdef',
    `/docker/${a.slice(1)}`,
    `/docker/${a}0`,
    `/docker/${a.toUpperCase()}`,
    '/docker/buildkit/ul5c1v3x8k2q9w7e6r4t0y1u2',
  ])('is none in %s', (path) => {
    expect(containerPath(`0::${path}\n`)).toBeNull();
  });

  it('is none where there is nothing to read', () => {
    expect(['', '\n', 'rubbish', `0:/docker/${a}`].map((text) => containerPath(text))).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  it('is what its engine made it, wherever other segments lie about it', () => {
    const segment = fc.constantFrom('system.slice', 'init.scope', 'a', `libpod-conmon-${b}.scope`, 'kubepods');
    const engine = fc.constantFrom(
      `docker-${a}.scope`,
      a,
      `cri-containerd-${a}.scope`,
      `crio-${a}`,
      `libpod-${a}.scope`,
    );
    fc.assert(
      fc.property(fc.array(segment), engine, fc.array(segment), (before, container, behind) => {
        expect(containerPath(`0::/${[...before, container, ...behind].join('/')}\n`)).toMatchObject({
          innermost: a,
          outermost: a,
        });
      }),
    );
  });
});

describe('a reading of the cgroups', () => {
  it.each([
    ['2:pids:/\n1:name=systemd:/\n0::/\n', { innermost: null, likeExiting: true }],
    ['2:pids:/\n0::/system.slice/cron.service\n', { innermost: null, likeExiting: true }],
    ['2:pids:/system.slice\n1:name=systemd:/\n0::/\n', { innermost: null, likeExiting: false }],
    ['0::/\n', { innermost: null, likeExiting: false }],
    [`2:pids:/docker/${a}\n0::/\n`, { innermost: a, likeExiting: false }],
  ])('of %j is the same every time', (text, expected) => {
    const readings = new ContainerReadings();

    expect([readings.of(text), readings.of(text)]).toEqual([expected, expected]);
  });

  it('stays right when there were more texts than are kept', () => {
    const readings = new ContainerReadings();
    for (let group = 0; group < 10_000; group += 1) readings.of(`0::/group-${group}\n`);

    expect(readings.of(`0::/docker/${a}\n`)).toEqual({ innermost: a, likeExiting: false });
  });

  it('tells of each container once', () => {
    const found: unknown[] = [];
    const readings = new ContainerReadings((path) => found.push(path));
    for (const text of [`0::/docker/${a}\n`, '0::/\n', `0::/docker/${a}/own\n`, `0::/docker/${a}/docker/${b}\n`]) {
      readings.of(text);
      readings.of(text);
    }

    expect(found).toEqual([
      { runtime: 'docker', innermost: a, outermost: a },
      { runtime: 'docker', innermost: b, outermost: a },
    ]);
  });

  it('is another when its cgroup has become known for a container’s', () => {
    const readings = new ContainerReadings();
    const before = readings.of('0::/web-1\n').innermost;
    readings.name(['/', '/web-1'], 'web-1', 'runc');

    expect([before, readings.of('0::/web-1\n').innermost, readings.of('0::/\n').innermost]).toEqual([
      null,
      'web-1',
      null,
    ]);
  });
});
