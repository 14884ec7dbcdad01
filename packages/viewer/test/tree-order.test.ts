import { expect, test } from 'vitest';
import { type Node, treeOrder } from '../src/tree/skeleton.ts';

function skeleton(
  ...nodes: readonly [key: string, parent: string | null, start: bigint | null, origin?: string][]
): Map<string, Node> {
  return new Map(
    nodes.map(([key, parentKey, startNs, origin = 'host boot']) => [
      key,
      { key, parentKey, startNs, origin, containerId: null, asked: true },
    ]),
  );
}

function drawn(nodes: Map<string, Node>, levels = 100): string[] {
  return [...treeOrder(nodes, levels)].map(
    ({ node, depth, last }) => `${depth} ${node.key} ${last.map((one) => (one ? 'L' : 'T')).join('')}`,
  );
}

test('children follow their parent in order of start, unknown starts first', () => {
  const nodes = skeleton(['b', 'a', 3n], ['a', null, 9n], ['c', 'a', 2n], ['d', 'c', 5n], ['e', 'a', null]);
  expect(drawn(nodes)).toEqual(['0 a ', '1 e T', '1 c T', '2 d TL', '1 b L']);
});

test('a process whose parent is not in the evidence is a root', () => {
  expect(drawn(skeleton(['b', 'gone', 2n], ['a', null, 1n]))).toEqual(['0 a ', '0 b ']);
});

test('processes that name each other as parents are shown once', () => {
  const nodes = skeleton(['a', 'b', 1n], ['b', 'a', 2n], ['c', 'b', 3n], ['self', 'self', 4n], ['root', null, 9n]);
  expect(drawn(nodes)).toEqual(['0 root ', '0 a ', '1 b L', '2 c LL', '0 self ']);
});

test('the trees of one host and boot stand together', () => {
  const nodes = skeleton(['a', null, 1n, 'h1 b1'], ['b', null, 2n, 'h2 b2'], ['c', null, 3n, 'h1 b1']);
  expect(drawn(nodes)).toEqual(['0 a ', '0 c ', '0 b ']);
});

test('a chain of a hundred thousand forks is neither too deep nor too slow, and shows its nearest branches only', () => {
  const nodes = skeleton(
    ...Array.from({ length: 100_000 }, (_, i): [string, string | null, bigint] => [
      `${i}`,
      i ? `${i - 1}` : null,
      BigInt(i),
    ]),
  );
  const places = [...treeOrder(nodes, 5)];
  expect(places.at(-1)).toEqual({
    node: nodes.get('99999'),
    depth: 99_999,
    last: Array(5).fill(true),
    parent: nodes.get('99998'),
  });
});
