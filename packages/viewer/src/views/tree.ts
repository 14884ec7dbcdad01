import type { CookedReader } from '@godo/evidence';
import { storeQuery } from '../options/filters.ts';
import { jsonLine } from '../render/json-line.ts';
import { text } from '../render/lenient.ts';
import { branchLevels, treeLine } from '../render/tree-line.ts';
import { visible } from '../render/visible.ts';
import { groupSize, noneUnresolved, processesByKey, selectProcesses } from '../select.ts';
import { type Node, nodeOf, type Place, type Skeleton, treeOrder } from '../tree/skeleton.ts';
import { type Job, noteUnresolved } from './job.ts';

/**
 * Prints the processes that are asked for and their ancestors as a tree. Only each process's place is kept in memory, its
 * document is read again when its line is due.
 */
export async function showTree(job: Job): Promise<void> {
  const skeleton = await buildSkeleton(job);
  const origins = new Set([...skeleton.values()].map((node) => node.origin));
  let origin: string | null = null;
  let group: Place[] = [];

  const print = async () => {
    const documents = await processesByKey(
      job.reader,
      group.map(({ node }) => node.key),
    );
    for (const place of group) {
      const document = documents.get(place.node.key);
      if (job.json) {
        if (document) await job.out.line(jsonLine('processes', document));
        continue;
      }
      if (place.depth === 0 && origins.size > 1 && place.node.origin !== origin) {
        if (origin !== null) await job.out.line('');
        origin = place.node.origin;
        await job.out.line(originLine(place, document, job));
      }
      await job.out.line(treeLine(place, document, job.screen));
    }
    await job.out.flush();
    group = [];
  };

  for (const place of treeOrder(skeleton, branchLevels(job.screen))) {
    group.push(place);
    if (group.length === groupSize) await print();
  }
  await print();
  if (!job.json && skeleton.size === 0) job.note('No such process in the evidence.');
}

function originLine(place: Place, document: { host?: unknown; bootId?: unknown } | undefined, { screen }: Job): string {
  const host = visible(text(document?.host) ?? place.node.origin, screen.charset);
  const boot = visible(text(document?.bootId) ?? '?', screen.charset);
  return screen.paint('heading', `host ${host}, boot ${boot}`);
}

async function buildSkeleton(job: Job): Promise<Skeleton> {
  const { reader, filters } = job;
  const skeleton = new Map<string, Node>();
  const unresolved = noneUnresolved();
  for await (const process of selectProcesses(reader, filters, unresolved)) {
    const node = nodeOf(process, true);
    skeleton.set(node.key, node);
  }
  noteUnresolved(job, unresolved);
  const unfiltered = !filters.path && !filters.exe && Object.keys(storeQuery(filters)).length === 0;
  if (!unfiltered) await addAncestors(reader, skeleton);
  return skeleton;
}

/** Climbs generation by generation; a parent already there ends the climb, so a circle of parents does too. */
async function addAncestors(reader: CookedReader, skeleton: Map<string, Node>): Promise<void> {
  let generation: readonly Node[] = [...skeleton.values()];
  while (generation.length > 0) {
    const missing = generation.flatMap(({ parentKey }) => (parentKey && !skeleton.has(parentKey) ? [parentKey] : []));
    const parents = await processesByKey(reader, missing);
    generation = [...parents.values()].map((process) => nodeOf(process, false)).filter(({ key }) => !skeleton.has(key));
    for (const node of generation) skeleton.set(node.key, node);
  }
}
