import { fileSessionOf, type RunOrigin, type ShareOrigin } from './file-session.ts';
import type { FileSessionDocument } from './raw-documents.ts';
import type { FileSessions } from './stores.ts';

/** The file sessions of documents whose content is not trusted. */
export function fileSessionsOf(documents: readonly FileSessionDocument[], share: ShareOrigin): FileSessions {
  const sessions = [];
  for (const document of documents) {
    const session = fileSessionOf(document, share);
    if (session !== null) sessions.push(session);
  }
  return { sessions, unusable: documents.length - sessions.length };
}

/** Runs that are remembered at once; the evidence of one host has a new one at each start of the listener. */
const rememberedRuns = 1000;

/** One object for equal origins, as long as there are not very many of them. */
export function originSharer(): ShareOrigin {
  const known = new Map<string, RunOrigin>();
  let last: RunOrigin | null = null;
  return ({ host, machineId, bootId, sessionId }) => {
    const same = (origin: RunOrigin) =>
      origin.sessionId === sessionId &&
      origin.bootId === bootId &&
      origin.host === host &&
      origin.machineId === machineId;
    if (last !== null && same(last)) return last;
    const before = known.get(sessionId);
    if (before !== undefined && same(before)) {
      last = before;
    } else {
      last = { host, machineId, bootId, sessionId };
      if (known.size >= rememberedRuns) known.clear();
      known.set(sessionId, last);
    }
    return last;
  };
}
