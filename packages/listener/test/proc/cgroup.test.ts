import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContainerReadings, containerPath } from '../../src/proc/cgroup.ts';

const a = '3cf200bb9ce23fefef9c5dadc466fecc1ff59d0c8863caa031e56744dec8518b';
const b = 'f'.repeat(64);
const uid = '8a0c5d4e-1b2c-4d3e-9f80-a1b2c3d4e5f6';
const uidUnderscores = uid.replaceAll('-', '_');

describe('the container of a task', () => {
  it.each([
    ['docker with the cgroupfs driver', `/docker/${a}`],
    ['docker with the systemd driver', `/system.slice/docker-${a}.scope`],
    ['docker with the systemd driver in a slice of its own', `/machine.slice/docker-${a}.scope`],
    ['docker, rootless', `/user.slice/user-1000.slice/user@1000.service/app.slice/docker-${a}.scope`],
    ['docker with --cgroup-parent', `/build/agents/${a}`],
    ['docker, a cgroup that the container made below its own', `/docker/${a}/init.scope`],
    ['docker, systemd in the container', `/system.slice/docker-${a}.scope/system.slice/nginx.service`],
    ['docker, seen from a cgroup namespace beside it', `/../../docker/${a}`],
    ['containerd with its own client', `/default/${a}`],
    ['nerdctl with the systemd driver', `/system.slice/nerdctl-${a}.scope`],
    ['containerd in Kubernetes, cgroupfs driver, guaranteed', `/kubepods/pod${uid}/${a}`],
    ['containerd in Kubernetes, cgroupfs driver, besteffort', `/kubepods/besteffort/pod${uid}/${a}`],
    ['containerd in Kubernetes, cgroupfs driver, burstable', `/kubepods/burstable/pod${uid}/${a}`],
    [
      'containerd in Kubernetes, systemd driver, besteffort',
      `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${uidUnderscores}.slice/cri-containerd-${a}.scope`,
    ],
    [
      'containerd in Kubernetes, systemd driver, burstable',
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${uidUnderscores}.slice/cri-containerd-${a}.scope`,
    ],
    [
      'containerd in Kubernetes, systemd driver, guaranteed',
      `/kubepods.slice/kubepods-pod${uidUnderscores}.slice/cri-containerd-${a}.scope`,
    ],
    [
      'containerd in Kubernetes with a systemd path under the cgroupfs driver',
      `/kubepods-besteffort-pod${uidUnderscores}.slice:cri-containerd:${a}`,
    ],
    [
      'the same below the service of containerd',
      `/system.slice/containerd.service/kubepods-burstable-pod${uidUnderscores}.slice:cri-containerd:${a}`,
    ],
    ['Kubernetes in a container (kind)', `/kubelet/kubepods/besteffort/pod${uid}/${a}`],
    ['Docker in Kubernetes', `/kubepods.slice/kubepods-pod${uidUnderscores}.slice/docker-${a}.scope`],
    ['CRI-O with the systemd driver', `/kubepods.slice/kubepods-pod${uidUnderscores}.slice/crio-${a}.scope`],
    ['CRI-O, below its scope', `/kubepods.slice/kubepods-pod${uidUnderscores}.slice/crio-${a}.scope/container`],
    ['CRI-O with the cgroupfs driver', `/kubepods/burstable/pod${uid}/crio-${a}`],
    ['Podman with the systemd driver', `/machine.slice/libpod-${a}.scope`],
    ['Podman with crun', `/machine.slice/libpod-${a}.scope/container`],
    ['Podman with the cgroupfs driver', `/libpod_parent/libpod-${a}`],
    ['Podman, rootless', `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${a}.scope/container`],
    ['Podman in a pod', `/machine.slice/machine-libpod_pod_${b}.slice/libpod-${a}.scope`],
    ['Amazon ECS', `/ecs/0123456789abcdef0123456789abcdef/${a}`],
  ])('of %s is known on cgroup v2 and v1', (_, path) => {
    expect(containerPath(`0::${path}\n`)).toEqual({ innermost: a, outermost: a });
    expect(containerPath(`12:cpu,cpuacct:${path}\n1:name=systemd:${path}\n`)).toEqual({ innermost: a, outermost: a });
  });

  it('is taken from any line of a hybrid hierarchy', () => {
    const hybrid = ['3:rdma:/', `2:pids:/docker/${a}`, '1:name=systemd:/', '0::/system.slice/containerd.service'];

    expect(containerPath(hybrid.join('\n'))).toEqual({ innermost: a, outermost: a });
    expect(containerPath(hybrid.toReversed().join('\n'))).toEqual({ innermost: a, outermost: a });
  });

  it.each([
    `/docker/${b}/docker/${a}`,
    `/system.slice/docker-${b}.scope/docker/${a}`,
    `/docker/${b}/kubepods/besteffort/pod${uid}/${a}`,
    `/docker/${b}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod${uidUnderscores}.slice/cri-containerd-${a}.scope`,
    `/machine.slice/libpod-${b}.scope/container/libpod_parent/libpod-${a}`,
  ])('in a container is the inner one, and the outer one is kept: %s', (path) => {
    expect(containerPath(`0::${path}\n`)).toEqual({ innermost: a, outermost: b });
  });

  it('is the deepest that any controller names', () => {
    const lines = [`2:pids:/docker/${b}`, `1:name=systemd:/docker/${b}/docker/${a}`];

    expect(containerPath(lines.join('\n'))).toEqual({ innermost: a, outermost: b });
    expect(containerPath(lines.toReversed().join('\n'))).toEqual({ innermost: a, outermost: b });
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
    expect(['', '\n', 'rubbish', `0:/docker/${a}`].map(containerPath)).toEqual([null, null, null, null]);
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
        expect(containerPath(`0::/${[...before, container, ...behind].join('/')}\n`)).toEqual({
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
});
