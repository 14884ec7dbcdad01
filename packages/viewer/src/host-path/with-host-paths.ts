import type { CookedReader } from '@godo/evidence';
import { inGroups } from '../select.ts';
import { HostPaths } from './host-paths.ts';

/** File sessions or operations, each with where on the host its file lies. */
export async function* withHostPaths<T extends object>(
  reader: CookedReader,
  documents: AsyncIterable<T>,
): AsyncGenerator<T> {
  const hostPaths = await HostPaths.read(reader);
  for await (const group of inGroups(documents)) yield* await hostPaths.addTo(group);
}
