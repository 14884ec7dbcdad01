import { ByteColumn, none, ReferenceColumn, TimeColumn } from './columns.ts';
import { nameOfRoot, type Root, type RootChange, rootOnly } from './root-changes.ts';
import { SharedValues } from './shared-values.ts';

const unknownRoot: Root = { rootfs: null };
const noChanges: readonly never[] = [];

/** The changes of root of all processes, those of one (by its row) together and in order. */
export class KeptRoots {
  /** Roots, and null for "none is known". */
  readonly roots = new SharedValues<Root | null>((root) => (root === null ? '\0' : nameOfRoot(root)));
  readonly #start = new ReferenceColumn();
  readonly #end = new ReferenceColumn();
  #size = 0;

  readonly #timeNs = new TimeColumn();
  readonly #root = new ReferenceColumn();
  readonly #byKernel = new ByteColumn();

  add(row: number, changes: readonly RootChange[]): void {
    if (changes.length === 0) return;
    this.#start.set(row, this.#size);
    for (const change of changes) {
      this.#timeNs.set(this.#size, change.timeNs);
      this.#root.set(this.#size, this.roots.numberOf(rootOnly(change)));
      if (change.kernel) this.#byKernel.set(this.#size, 1);
      this.#size += 1;
    }
    this.#end.set(row, this.#size);
  }

  of(row: number): readonly RootChange[] {
    const start = this.#start.at(row);
    if (start === none) return noChanges;
    const changes: RootChange[] = [];
    for (let index = start; index < this.#end.at(row); index += 1) {
      const timeNs = this.#timeNs.at(index) ?? 0n;
      const { rootfs, rootfsHex } = this.roots.get(this.#root.at(index)) ?? unknownRoot;
      const kernel = this.#byKernel.at(index) === 1;
      changes.push(rootfsHex === undefined ? { timeNs, rootfs, kernel } : { timeNs, rootfs, rootfsHex, kernel });
    }
    return changes;
  }
}
