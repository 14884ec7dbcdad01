import { type CookedCollection, documentToJson } from '@godo/evidence';

/** Characters that JSON leaves as they are but a terminal acts on, or that end a line for some readers. */
const acting = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/**
 * A document as one line of JSON. `collection` comes first; `*Ns` fields are decimal strings. Control and bidirectional
 * characters are written as \uXXXX: the same text, but harmless where it is printed.
 */
export function jsonLine(collection: CookedCollection | 'stats', document: object): string {
  const { collection: _own, ...rest } = document as Record<string, unknown>;
  const body = toJson(rest).slice(1);
  const line = `{"collection":${JSON.stringify(collection)}${body === '}' ? '' : ','}${body}`;
  return line.replace(acting, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function toJson(document: object): string {
  try {
    return documentToJson(document);
  } catch {
    // Not a document as its contract says, but shown all the same: a damaged database is evidence too.
    return JSON.stringify(document, (_name, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
  }
}
