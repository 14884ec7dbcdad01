import { type CookedCollection, documentToJson, harmlessJson } from '@godo/evidence';

/**
 * A document as one line of JSON, harmless where it is printed. `collection` comes first; `*Ns` fields are decimal strings.
 */
export function jsonLine(collection: CookedCollection | 'changes' | 'stats', document: object): string {
  const { collection: _own, ...rest } = document as Record<string, unknown>;
  const body = toJson(rest).slice(1);
  return harmlessJson(`{"collection":${JSON.stringify(collection)}${body === '}' ? '' : ','}${body}`);
}

function toJson(document: object): string {
  try {
    return documentToJson(document);
  } catch {
    // Not a document as its contract says, but shown all the same: a damaged database is evidence too.
    return JSON.stringify(document, (_name, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
  }
}
