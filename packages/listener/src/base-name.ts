import type { BinaryString } from './events.ts';

/** What stands behind the last slash; nothing where that ends the path. */
export function baseName(path: BinaryString): BinaryString {
  return path.slice(path.lastIndexOf('/') + 1);
}
