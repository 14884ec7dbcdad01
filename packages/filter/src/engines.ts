import { none, ReferenceColumn } from './columns.ts';
import { services } from './container-programs.ts';
import { containerNumberOf, finalFacts, settleInheritance } from './inheritance.ts';
import type { ProcessTable } from './process-table.ts';
import { markTree, starAbove } from './process-tree.ts';

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

function argvOf(table: ProcessTable, row: number): readonly string[] {
  return finalFacts(table, row).argv ?? [];
}

/** Whether a containerd listens at the address: as told by --address, else beside its --config, else by default. */
function listensAt(argv: readonly string[], address: string): boolean {
  const own = optionOf(argv, 'address') ?? optionOf(argv, 'a');
  if (own !== null) return normalPath(own) === address;
  const config = optionOf(argv, 'config') ?? optionOf(argv, 'c');
  if (config === null || config.startsWith('/etc/')) return address === '/run/containerd/containerd.sock';
  // A dockerd writes the configuration of its containerd into the folder of the socket.
  return address === `${normalPath(config.slice(0, config.lastIndexOf('/')))}/containerd.sock`;
}

function isAncestor(table: ProcessTable, ancestor: number, of: number): boolean {
  for (let row = of; row !== none; row = table.places.parentOf(row)) if (row === ancestor) return true;
  return false;
}

/**
 * Of engines that follow each other, for no two can listen at one place: the one that ran when the shim started, the
 * latest that began before it; else the earliest.
 */
function runningAt(table: ProcessTable, engines: readonly Engine[], shim: number): number {
  const sorted = [...engines].sort((a, b) => table.compareStart(a.row, b.row));
  const earliest = sorted[0]?.row ?? none;
  const shimNs = table.startNs.at(shim);
  if (shimNs === null) return earliest;
  const before = sorted.findLast(({ row }) => {
    const startNs = table.startNs.at(row);
    const exitNs = table.exitNs.at(row);
    return startNs !== null && startNs <= shimNs && (exitNs === null || exitNs >= shimNs);
  });
  return before?.row ?? earliest;
}

/** dockerd runs itself anew for single tasks (docker-untar …): those are no engines, but children of one. */
function withoutHelpers(table: ProcessTable, dockerds: readonly number[]): number[] {
  const all = new Set(dockerds);
  return dockerds.filter((dockerd) => {
    for (let row = table.places.parentOf(dockerd); row !== none; row = table.places.parentOf(row)) {
      if (all.has(row)) return containerNumberOf(table, row) !== containerNumberOf(table, dockerd);
    }
    return true;
  });
}

/** The folder in which a dockerd keeps the sockets of what it runs. */
function execRootOf({ argv }: Engine): string {
  return normalPath(optionOf(argv, 'exec-root') ?? '/run/docker');
}

/** The socket of a containerd of its own that a dockerd was told to use; null: it has none, or starts one. */
function containerdOf({ argv }: Engine): string | null {
  const address = optionOf(argv, 'containerd');
  return address === null ? null : normalPath(address);
}

interface Engine {
  readonly row: number;
  readonly argv: readonly string[];
}

interface Engines {
  readonly dockerds: readonly Engine[];
  readonly containerds: readonly Engine[];
  readonly crios: readonly Engine[];
}

/** The engine that a process serves which holds a container; {@link none}: it is not known. */
function engineOf(table: ProcessTable, holder: number, engines: Engines): number {
  if (table.programOf(holder) === 'shim') return engineOfShim(table, holder, engines);
  // podman makes a conmon for each container, and is gone; CRI-O stays, and has its conmons tell it of exits.
  const exitFolder = normalPath(optionOf(argvOf(table, holder), 'exit-dir') ?? '');
  if (!exitFolder.split('/').includes('crio')) return none;
  const container = containerNumberOf(table, holder);
  const usable = engines.crios.filter(
    ({ row }) =>
      table.areOfOneBoot(row, holder) && containerNumberOf(table, row) === container && !isAncestor(table, holder, row),
  );
  return runningAt(table, usable, holder);
}

function engineOfShim(table: ProcessTable, shim: number, { dockerds, containerds }: Engines): number {
  const argv = argvOf(table, shim);
  const address = normalPath(optionOf(argv, 'address') ?? '');
  const container = containerNumberOf(table, shim);
  const usable = ({ row }: Engine): boolean => table.areOfOneBoot(row, shim) && !isAncestor(table, shim, row);
  const beside = (engines: readonly Engine[]): readonly Engine[] => {
    const able = engines.filter(usable);
    // An engine within a container has its shims within it too (docker in docker).
    const together = able.filter(({ row }) => containerNumberOf(table, row) === container);
    return together.length > 0 ? together : able;
  };

  const listening = beside(containerds).filter((containerd) => listensAt(containerd.argv, address));
  const candidates = optionOf(argv, 'namespace') === 'moby' ? beside(dockerds) : [];
  if (candidates.length === 0) return runningAt(table, listening, shim);
  const byRoot = candidates.filter((dockerd) => isUnder(address, execRootOf(dockerd)));
  if (byRoot.length > 0) return runningAt(table, byRoot, shim);
  const byOption = candidates.filter((dockerd) => containerdOf(dockerd) === address);
  if (byOption.length > 0) return runningAt(table, byOption, shim);
  // dockerd's own containerd, or one that was named a root; a service of others would hide whose containers these are.
  const inTree = listening.filter(({ row }) => table.places.isInside(row));
  if (inTree.length > 0) return runningAt(table, inTree, shim);
  // Nothing tells the dockerds apart: the earliest, or what came after it in its place.
  const [earliest] = [...candidates].sort((a, b) => table.compareStart(a.row, b.row));
  if (earliest === undefined) return none;
  const execRoot = execRootOf(earliest);
  return runningAt(
    table,
    candidates.filter((dockerd) => execRootOf(dockerd) === execRoot),
    shim,
  );
}

/** Whether the root above it is none of its own place: the shim of an engine within a container, adopted by its init. */
function isAdopted(table: ProcessTable, row: number): boolean {
  const star = starAbove(table, row);
  return star !== none && containerNumberOf(table, star) !== containerNumberOf(table, row);
}

/**
 * Hangs the shims and monitors of containers that no star reaches under the engine that uses them. With containerd as a
 * service of its own, or when the shim ran before the listener and was adopted by init, no fork leads from the engine to
 * its containers. The marks of the tree are made anew. Descendants of a hung shim come with it.
 *
 * @param isTaken - Whether a process that no star reaches counts as an engine all the same.
 */
export function hangShims(table: ProcessTable, isTaken: (row: number) => boolean = () => false): void {
  const holders: number[] = [];
  const dockerds: number[] = [];
  const containerds: number[] = [];
  const crios: number[] = [];
  for (const row of table.rows()) {
    const program = table.programOf(row);
    if (program === null) continue;
    const inside = table.places.isInside(row);
    if (program === 'shim' || program === 'conmon') {
      if (!inside || isAdopted(table, row)) holders.push(row);
    } else if (program === 'dockerd') {
      if (table.isStar(row)) dockerds.push(row);
    } else if (services.has(program) && (inside || isTaken(row))) {
      (program === 'crio' ? crios : containerds).push(row);
    }
  }
  if (holders.length === 0) return;

  const withArgv = (row: number): Engine => ({ row, argv: argvOf(table, row) });
  const engines = {
    dockerds: withoutHelpers(table, dockerds).map(withArgv),
    containerds: containerds.map(withArgv),
    crios: crios.map(withArgv),
  };
  const waiting = new Set(holders);
  /** The hung shim that a process is, or comes with; itself where it does not come with any. */
  const covered = new ReferenceColumn();
  let hung = 0;
  for (const holder of holders) {
    const path: number[] = [];
    let top = holder;
    for (; top !== none && covered.at(top) === none; top = table.places.parentOf(top)) path.push(top);
    let above = top === none || covered.at(top) === top ? none : covered.at(top);
    for (let row = path.pop(); row !== undefined; row = path.pop()) {
      // An engine within a container has its shims within it, too: those do not come with the shim of that container.
      const comes = above !== none && containerNumberOf(table, above) === containerNumberOf(table, row);
      const engine = !comes && waiting.has(row) ? engineOf(table, row, engines) : none;
      if (engine !== none && !isAncestor(table, engine, row)) {
        settleInheritance(table, row);
        table.places.setParent(row, engine, 'engine');
        hung += 1;
        above = row;
      }
      covered.set(row, above === none ? row : above);
    }
  }
  if (hung > 0) markTree(table);
}
