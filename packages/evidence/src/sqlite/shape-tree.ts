/**
 * Finds the number of a document's shape field by field. Each place in the tree is what the fields so far are; a
 * document mostly takes the way that the one before took, so that a step is a comparison or two.
 */

import { type Kind, kinds, type ShapeField } from './shape.ts';

/** @template R what is remembered of a field by its name alone. */
export class ShapeTree<R> {
  #root = new ShapeNode<R>(null, null, null);
  #nodes = 0;
  readonly #limit: number;

  /** @param limit of places that are remembered; when there are more all are forgotten. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get root(): ShapeNode<R> {
    return this.#root;
  }

  forget(): void {
    this.#root = new ShapeNode<R>(null, null, null);
    this.#nodes = 0;
  }

  /** The place behind a field. `constant` counts for constants only. */
  step(from: ShapeNode<R>, name: string, kind: Kind, constant: unknown, rule: R): ShapeNode<R> {
    const last = from.last;
    if (last !== null && last.field?.name === name && last.field.kind === kind) {
      if (kind !== kinds.constant || Object.is(last.field.constant, constant)) return last;
    }
    return this.#find(from, name, kind, constant, rule);
  }

  #find(from: ShapeNode<R>, name: string, kind: Kind, constant: unknown, rule: R): ShapeNode<R> {
    // No kind is longer than a letter, so that a name cannot look like another one.
    const ways = kind + name;
    let found: ShapeNode<R> | undefined;
    if (kind === kinds.constant) {
      let constants = from.constants.get(ways);
      if (constants === undefined) {
        constants = new Map();
        from.constants.set(ways, constants);
      }
      found = constants.get(constant);
      if (found === undefined) {
        found = this.#grow(from, { name, kind, constant }, rule);
        constants.set(constant, found);
      }
    } else {
      found = from.others.get(ways);
      if (found === undefined) {
        found = this.#grow(from, { name, kind, constant: undefined }, rule);
        from.others.set(ways, found);
      }
    }
    from.last = found;
    return found;
  }

  #grow(from: ShapeNode<R>, field: ShapeField, rule: R): ShapeNode<R> {
    this.#nodes += 1;
    // The way of the document that is under way stays whole: it holds on to the places behind it.
    if (this.#nodes > this.#limit) this.forget();
    return new ShapeNode(from, field, rule);
  }
}

/** A place in the tree. */
export class ShapeNode<R> {
  readonly before: ShapeNode<R> | null;
  /** The last field; null at the root. */
  readonly field: ShapeField | null;
  /** Of the last field. */
  readonly rule: R | null;
  /** Where the last document went from here. */
  last: ShapeNode<R> | null = null;
  readonly constants = new Map<string, Map<unknown, ShapeNode<R>>>();
  readonly others = new Map<string, ShapeNode<R>>();
  /** The number of the shape that ends here. */
  id: number | null = null;

  constructor(before: ShapeNode<R> | null, field: ShapeField | null, rule: R | null) {
    this.before = before;
    this.field = field;
    this.rule = rule;
  }

  /** All fields up to here. */
  fields(): ShapeField[] {
    const fields: ShapeField[] = [];
    for (let node: ShapeNode<R> = this; node.before !== null && node.field !== null; node = node.before) {
      fields.push(node.field);
    }
    return fields.reverse();
  }
}
