import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cookedCollections } from '../src/cooked-documents.ts';
import { meetsQuery } from '../src/cooked-query.ts';

const names = [
  ...['_id', 'key', 'containerId', 'tgid', 'exe', 'script', 'viaScripts', 'executions', 'sessionIds', 'sessionId'],
  ...['writers', 'startNs', 'exitNs', 'openedNs', 'closedNs', 'timeNs', 'firstNs', 'lastNs', 'endNs'],
];

test('fields of other types than they should have are not known, and end nothing', () => {
  const value = fc.oneof(
    fc.anything({ withBigInt: true }),
    fc.array(fc.anything()),
    fc.constant([null, {}, { exe: 1 }]),
  );
  const query = { container: 'a', pid: 1, exe: 'sh', sinceNs: 1n, untilNs: 2n, sessionId: 'run' };
  const related = { keys: new Set(['a']), containers: new Set(['a']) };
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), value), (document) => {
      for (const collection of cookedCollections) {
        for (const [name, wanted] of Object.entries(query)) {
          expect(typeof meetsQuery(collection, document as never, { [name]: wanted }, related)).toBe('boolean');
        }
      }
    }),
    { numRuns: 300 },
  );
});
