import type { ProcessDocument } from '@godo/evidence';
import { ns, text } from '../render/lenient.ts';

/** What the tree needs of a process to find its place; the rest is read when its line is due. */
export interface Node {
  readonly key: string;
  readonly parentKey: string | null;
  readonly startNs: bigint | null;
  readonly containerId: string | null;
  /** Host and boot: the trees of several hosts stand apart. */
  readonly origin: string;
  /** False: shown only as an ancestor of one that was asked for. */
  readonly asked: boolean;
}

export type Skeleton = ReadonlyMap<string, Node>;

export function nodeOf(process: ProcessDocument, asked: boolean): Node {
  return {
    key: text(process._id) ?? text(process.key) ?? '',
    parentKey: text(process.parentKey),
    startNs: ns(process.startNs),
    containerId: text(process.containerId),
    origin: `${text(process.host) ?? '?'} ${text(process.bootId) ?? '?'}`,
    asked,
  };
}

/** A process in the order of the tree. */
export interface Place {
  readonly node: Node;
  /** 0 for a root. */
  readonly depth: number;
  /** For the nearest `maxLevels` levels, outermost first and the process itself last: is it the last child there? Empty for a root. */
  readonly last: readonly boolean[];
  /** The parent, where it is in the tree. */
  readonly parent: Node | null;
}

/**
 * Every process of the skeleton once, parents before children, children in order of their start, depth first. A parent
 * that is not there makes a root; where parents form a circle (the database may be damaged) the earliest is the root.
 */
export function* treeOrder(skeleton: Skeleton, maxLevels: number): Generator<Place> {
  const children = new Map<string, Node[]>();
  const roots: Node[] = [];
  for (const node of skeleton.values()) {
    if (node.parentKey === null || !skeleton.has(node.parentKey)) roots.push(node);
    else {
      const siblings = children.get(node.parentKey);
      if (siblings) siblings.push(node);
      else children.set(node.parentKey, [node]);
    }
  }
  const seen = new Set<string>();
  yield* descend(byOrigin(roots.sort(byStart)), children, seen, maxLevels);
  if (seen.size === skeleton.size) return;
  for (const node of [...skeleton.values()].sort(byStart)) {
    if (!seen.has(node.key)) yield* descend([node], children, seen, maxLevels);
  }
}

/** Without recursion: a chain of forks may be deeper than any call stack. */
function* descend(
  roots: readonly Node[],
  children: ReadonlyMap<string, Node[]>,
  seen: Set<string>,
  maxLevels: number,
): Generator<Place> {
  const path: { readonly parent: Node | null; readonly nodes: readonly Node[]; next: number }[] = [
    { parent: null, nodes: roots, next: 0 },
  ];
  for (let level = path.at(-1); level; level = path.at(-1)) {
    const node = level.nodes[level.next];
    level.next += 1;
    if (!node) {
      path.pop();
      continue;
    }
    if (seen.has(node.key)) continue;
    seen.add(node.key);
    const last = path.slice(Math.max(1, path.length - maxLevels)).map((open) => open.next >= open.nodes.length);
    yield { node, depth: path.length - 1, last, parent: level.parent };
    const below = children.get(node.key);
    if (below) path.push({ parent: node, nodes: below.sort(byStart), next: 0 });
  }
}

/** Unknown starts first: such a process ran before anything was seen. */
function byStart(a: Node, b: Node): number {
  if (a.startNs !== b.startNs) {
    if (a.startNs === null) return -1;
    if (b.startNs === null) return 1;
    return a.startNs < b.startNs ? -1 : 1;
  }
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

/** Brings the roots of one host and boot together, in order of their first. */
function byOrigin(roots: readonly Node[]): Node[] {
  const groups = new Map<string, Node[]>();
  for (const root of roots) {
    const group = groups.get(root.origin);
    if (group) group.push(root);
    else groups.set(root.origin, [root]);
  }
  return [...groups.values()].flat();
}
