import { overlay } from './facts.ts';
import { containerOf, finalFacts, settleInheritance } from './inheritance.ts';
import { compareStart } from './order.ts';
import type { ProcessNode, ProcessTable } from './process-node.ts';
import { markTree } from './process-tree.ts';

/** The value of `-name V`, `--name V`, `-name=V` or `--name=V`, or null. */
export function optionOf(argv: readonly string[], name: string): string | null {
  for (const [index, argument] of argv.entries()) {
    const bare = argument.replace(/^--?/, '');
    if (bare === argument) continue;
    if (bare === name) return argv[index + 1] ?? null;
    if (bare.startsWith(`${name}=`)) return bare.slice(name.length + 1);
  }
  return null;
}

/** /var/run is a link to /run on today's systems, and either is written. */
function normalPath(path: string): string {
  const short = path.replace(/^\/var\/run(?=\/|$)/, '/run').replace(/\/+/g, '/');
  return short.length > 1 ? short.replace(/\/$/, '') : short;
}

function isUnder(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? folder : `${folder}/`);
}

/** The program of a process by what was observed of itself: what a shim forked without an exec is not a shim. */
function ownProgram(node: ProcessNode): string {
  const execution = node.executions.findLast((one) => one.success)?.facts;
  const own = execution === undefined ? overlay(node.initial, node.latest) : overlay(execution, node.latest);
  const program = own.exe ?? own.argv?.[0] ?? '';
  return program.slice(program.lastIndexOf('/') + 1).replace(/ \(deleted\)$/, '');
}

function argvOf(node: ProcessNode): readonly string[] {
  return finalFacts(node).argv ?? [];
}

/** Whether a containerd listens at the address: as told by --address, else beside its --config, else by default. */
function listensAt(containerd: ProcessNode, address: string): boolean {
  const argv = argvOf(containerd);
  const own = optionOf(argv, 'address') ?? optionOf(argv, 'a');
  if (own !== null) return normalPath(own) === address;
  const config = optionOf(argv, 'config') ?? optionOf(argv, 'c');
  if (config === null || config.startsWith('/etc/')) return address === '/run/containerd/containerd.sock';
  // A dockerd writes the configuration of its containerd into the folder of the socket.
  return address === `${normalPath(config.slice(0, config.lastIndexOf('/')))}/containerd.sock`;
}

function isAncestor(ancestor: ProcessNode, of: ProcessNode): boolean {
  for (let node: ProcessNode | null = of; node !== null; node = node.parent) if (node === ancestor) return true;
  return false;
}

/**
 * Of engines that follow each other, for no two can listen at one place: the one that ran when the shim started, the
 * latest that began before it; else the earliest.
 */
function runningAt(engines: readonly ProcessNode[], shim: ProcessNode): ProcessNode | null {
  const sorted = [...engines].sort(compareStart);
  const startNs = shim.startNs;
  if (startNs === null) return sorted[0] ?? null;
  const before = sorted.findLast(
    (one) => one.startNs !== null && one.startNs <= startNs && (one.exitNs === null || one.exitNs >= startNs),
  );
  return before ?? sorted[0] ?? null;
}

/** dockerd runs itself anew for single tasks (docker-untar …): those are no engines, but children of one. */
function withoutHelpers(dockerds: readonly ProcessNode[]): ProcessNode[] {
  const all = new Set(dockerds);
  return dockerds.filter((dockerd) => {
    for (let node = dockerd.parent; node !== null; node = node.parent) {
      if (all.has(node)) return containerOf(node) !== containerOf(dockerd);
    }
    return true;
  });
}

/** The folder in which a dockerd keeps the sockets of what it runs. */
function execRootOf(dockerd: ProcessNode): string {
  return normalPath(optionOf(argvOf(dockerd), 'exec-root') ?? '/run/docker');
}

interface Engines {
  readonly dockerds: readonly ProcessNode[];
  readonly containerds: readonly ProcessNode[];
}

function engineOf(shim: ProcessNode, { dockerds, containerds }: Engines): ProcessNode | null {
  const argv = argvOf(shim);
  const address = normalPath(optionOf(argv, 'address') ?? '');
  const usable = (engine: ProcessNode): boolean => engine.bootId === shim.bootId && !isAncestor(shim, engine);
  const beside = (engines: readonly ProcessNode[]): readonly ProcessNode[] => {
    const able = engines.filter(usable);
    // An engine within a container has its shims within it too (docker in docker).
    const together = able.filter((engine) => containerOf(engine) === containerOf(shim));
    return together.length > 0 ? together : able;
  };

  const moby = optionOf(argv, 'namespace') === 'moby';
  const candidates = moby ? beside(dockerds) : [];
  const byRoot = candidates.filter((dockerd) => isUnder(address, execRootOf(dockerd)));
  if (byRoot.length > 0) return runningAt(byRoot, shim);
  const byAddress = beside(containerds).filter((containerd) => listensAt(containerd, address));
  if (byAddress.length > 0) return runningAt(byAddress, shim);
  // Nothing tells the dockerds apart: the earliest, or what came after it in its place.
  const [earliest] = [...candidates].sort(compareStart);
  if (earliest === undefined) return null;
  const execRoot = execRootOf(earliest);
  return runningAt(
    candidates.filter((dockerd) => execRootOf(dockerd) === execRoot),
    shim,
  );
}

/**
 * Hangs container shims that no star reaches under the engine that uses them. With containerd as a service of its own,
 * or when the shim ran before the listener and was adopted by init, no fork leads from the engine to its containers.
 * The marks of the tree are made anew. Descendants of a hung shim come with it.
 */
export function hangShims(table: ProcessTable): void {
  const shims: ProcessNode[] = [];
  const dockerds: ProcessNode[] = [];
  const containerds: ProcessNode[] = [];
  for (const node of table.values()) {
    const program = ownProgram(node);
    if (node.membership !== 'inside') {
      if (program.startsWith('containerd-shim')) shims.push(node);
    } else if (program === 'containerd') containerds.push(node);
    else if (program === 'dockerd' && node.star) dockerds.push(node);
  }
  if (shims.length === 0) return;

  const engines = { dockerds: withoutHelpers(dockerds), containerds };
  const waiting = new Set(shims);
  /** Whether a process comes with a hung shim: it is one, or stands below one. */
  const covered = new Map<ProcessNode, boolean>();
  let hung = 0;
  for (const shim of shims) {
    const path: ProcessNode[] = [];
    let top: ProcessNode | null = shim;
    for (; top !== null && !covered.has(top); top = top.parent) path.push(top);
    let above = top !== null && covered.get(top) === true;
    for (let node = path.pop(); node !== undefined; node = path.pop()) {
      const engine = !above && waiting.has(node) ? engineOf(node, engines) : null;
      if (engine !== null) {
        settleInheritance(node);
        node.parent = engine;
        node.parentSource = 'engine';
        hung += 1;
        above = true;
      }
      covered.set(node, above);
    }
  }
  if (hung > 0) markTree(table);
}
