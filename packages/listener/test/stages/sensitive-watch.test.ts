/** The kernel's rules about sensitive files are kept as they are to be, and what happens to them is told. */

import { describe, expect, it } from 'vitest';
import type { LossFacts } from '../../src/loss-event.ts';
import type { PathFacts } from '../../src/rules/sensitive-paths.ts';
import { mostContainers, SensitiveWatch } from '../../src/stages/sensitive-watch.ts';

/** A kernel that keeps rules, and a file system of directories and files. */
class Host implements PathFacts {
  readonly rules = new Set<string>();
  readonly directories = new Set<string>(['/', '/etc']);
  readonly files = new Set<string>(['/etc/shadow']);
  readonly devices = new Map<string, string>();
  readonly told: LossFacts[] = [];
  refusal: string | null = null;
  nowNs = 1_700_000_000_000_000_000n;

  realPath(path: string): string | null {
    return this.kind(path) === null ? null : path;
  }

  kind(path: string): 'directory' | 'other' | null {
    if (this.directories.has(path)) return 'directory';
    return this.files.has(path) ? 'other' : null;
  }

  watch(...paths: readonly string[]): SensitiveWatch {
    return new SensitiveWatch({
      paths,
      architectures: ['aarch64'],
      facts: this,
      device: (path) => this.devices.get(path) ?? null,
      nowNs: () => this.nowNs,
      tell: (loss) => this.told.push(loss),
      rules: {
        list: () => [...this.rules].map((rule) => Buffer.from(rule, 'latin1')),
        add: (rule) => {
          if (this.refusal === null) this.rules.add(Buffer.from(rule).toString('latin1'));
          return this.refusal;
        },
        remove: (rule) => void this.rules.delete(Buffer.from(rule).toString('latin1')),
      },
    });
  }

  /** The paths of the loaded rules. */
  get watched(): string[] {
    return [...this.rules].map((rule) => /(\/.*)godo-sensitive$/s.exec(rule)?.[1] ?? '?').sort();
  }
}

describe('sensitive files of the host', () => {
  it('are watched where they are, or their folders', () => {
    const host = new Host();
    const begun = host.watch('/etc/shadow', '/etc/gshadow', '/etc/kubernetes/pki').begin();

    expect(host.watched).toEqual(['/etc/gshadow', '/etc/shadow']);
    expect([begun.rules.length, begun.missing]).toEqual([2, ['/etc/kubernetes/pki']]);
    expect(host.told).toEqual([]);
  });

  it('are watched when they appear, which is told', () => {
    const host = new Host();
    const watch = host.watch('/etc/kubernetes/pki');
    watch.begin();
    host.directories.add('/etc/kubernetes').add('/etc/kubernetes/pki');
    watch.look();
    watch.look();

    expect(host.watched).toEqual(['/etc/kubernetes/pki']);
    expect(host.told).toMatchObject([{ severity: 'warning', source: 'audit-rules' }]);
  });

  it('whose rule is gone are watched again, which is told once', () => {
    const host = new Host();
    const watch = host.watch('/etc/shadow');
    watch.begin();
    host.rules.clear();
    watch.look();
    watch.look();

    expect(host.watched).toEqual(['/etc/shadow']);
    expect(host.told.map(({ severity, reason }) => [severity, reason.slice(0, 35)])).toEqual([
      [undefined, 'The rules for /etc/shadow were gone'],
    ]);
  });

  it('are let go where their folder is gone', () => {
    const host = new Host();
    const watch = host.watch('/etc/shadow');
    watch.begin();
    host.rules.clear();
    host.files.clear();
    host.directories.clear();
    for (let looks = 0; looks < 3; looks += 1) watch.look();

    expect([host.watched, host.told]).toEqual([[], []]);
  });

  it('that became folders are watched as such, and not as what they were', () => {
    const host = new Host();
    const watch = host.watch('/etc/keys');
    watch.begin();
    const before = [...host.rules];
    host.directories.add('/etc/keys');
    watch.look();

    expect(host.watched).toEqual(['/etc/keys']);
    expect(before.some((rule) => host.rules.has(rule))).toBe(false);
  });

  it('that the kernel refuses are told of once', () => {
    const host = new Host();
    host.refusal = 'EINVAL';
    const watch = host.watch('/etc/shadow');
    watch.begin();
    watch.look();

    expect(host.told.map(({ reason }) => reason)).toEqual([
      'Who reads /etc/shadow is not recorded: the kernel takes no rule for it (EINVAL).',
    ]);
  });
});

describe('sensitive files of containers', () => {
  const root = (name: string) => ({ containerId: name, rootfs: `/c/${name}`, dev: '00:2a' });

  function withContainers(...names: readonly string[]): Host {
    const host = new Host();
    for (const name of names) {
      host.directories.add(`/c/${name}/etc`);
      host.files.add(`/c/${name}/etc/shadow`);
      host.devices.set(`/c/${name}`, '00:2a');
    }
    return host;
  }

  it('are watched as long as their file system is there', () => {
    const host = withContainers('a', 'b');
    const watch = host.watch('/etc/shadow');
    watch.begin();
    watch.addContainer(root('a'));
    watch.addContainer(root('b'));
    const both = host.watched;
    host.devices.set('/c/a', 'fe:00');
    watch.look();

    expect(both).toEqual(['/c/a/etc/shadow', '/c/b/etc/shadow', '/etc/shadow']);
    expect(host.watched).toEqual(['/c/b/etc/shadow', '/etc/shadow']);
    expect(host.told).toEqual([]);
  });

  it('are not watched on a file system of the host, nor where another one is there by now', () => {
    const host = withContainers('a', 'b');
    const watch = host.watch('/etc/shadow');
    watch.addContainer({ ...root('a'), dev: 'fe:00' });
    watch.addContainer({ ...root('b'), dev: '00:2b' });

    expect(host.watched).toEqual([]);
  });

  it('are watched in so many containers, and of more in the latest', () => {
    const names = Array.from({ length: mostContainers + 3 }, (_, index) => `n${index}`);
    const host = withContainers(...names);
    const watch = host.watch('/etc/shadow');
    for (const name of names) watch.addContainer(root(name));

    expect(host.watched).toHaveLength(mostContainers);
    expect(host.watched).not.toContain('/c/n2/etc/shadow');
    expect(host.told).toHaveLength(1);
  });
});
