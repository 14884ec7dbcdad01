/**
 * The shape of a document: its field names in their order, and how each is kept. Documents of one kind have the same
 * few shapes, so a shape is a text of the dictionary and a row holds only values. As JSON it is a list of
 * `[name, kind]`, `[name, kind, constant]` or `[name, kind, place in the row's values]`.
 */

/** How a field is kept. */
export const kinds = {
  /** The same in all documents of the shape. */
  constant: 'c',
  /** A value, as JSON. */
  value: 'v',
  /** The number of a text. */
  text: 'r',
  /** A text that begins with the boot id and a colon, without the boot id. */
  relative: 'b',
  /** A bigint: how many ns it lies before the time of the document, or its digits where that is much. */
  nanoseconds: 'n',
  /** The ISO text of the field before it whose name has `Ns` behind. */
  iso: 't',
  /** In columns of the row. */
  id: 'i',
  key: 'k',
  time: 'm',
  origin: 'o',
  /** Parts of the process key. */
  tgid: 'g',
  startTicks: 'a',
  /** The clock of the connector: its value ends the id. */
  monotonic: 'x',
  /** The clock of audit: the time in ms. */
  audit: 'q',
} as const;

export type Kind = (typeof kinds)[keyof typeof kinds];

/** Whether a field of this kind has a place in the row's values. */
export function isHeld(kind: string): boolean {
  return kind === kinds.value || kind === kinds.text || kind === kinds.relative || kind === kinds.nanoseconds;
}

export interface ShapeField {
  readonly name: string;
  readonly kind: Kind;
  /** Of a constant. */
  readonly constant: unknown;
}

const kindNames: ReadonlySet<string> = new Set(Object.values(kinds));

/** The JSON of a shape. */
export function shapeText(fields: readonly ShapeField[]): string {
  let place = 0;
  const list = fields.map(({ name, kind, constant }) => {
    if (kind === kinds.constant) return [name, kind, constant];
    if (!isHeld(kind)) return [name, kind];
    place += 1;
    return [name, kind, place - 1];
  });
  return JSON.stringify(list);
}

/** @throws SyntaxError where the text is not a shape. */
export function shapeFields(text: string): readonly ShapeField[] {
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) throw new SyntaxError('a shape is a list');
  return list.map((field: unknown) => {
    if (!Array.isArray(field)) throw new SyntaxError('a field of a shape is a list');
    const [name, kind, constant] = field as readonly unknown[];
    if (typeof name !== 'string' || typeof kind !== 'string' || !kindNames.has(kind)) {
      throw new SyntaxError('a field of a shape has a name and a kind');
    }
    return { name, kind: kind as Kind, constant };
  });
}
