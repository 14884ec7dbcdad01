// Decodes one log over and over, in pieces of its own size, and says what the entries were each time.
import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { AuditDecoder, auditEntryRoomBytes, auditProgressNumbers } from '../../index.js';

function entriesOf({ options, text, piece, room }) {
  const decoder = new AuditDecoder(options);
  const output = new Uint8Array(auditEntryRoomBytes + room);
  const progress = new Float64Array(auditProgressNumbers);
  const hash = createHash('sha256');
  let most = piece;
  for (let from = 0; from < text.length; ) {
    const length = Math.min(most, text.length - from);
    const last = from + length === text.length;
    const written = decoder.decodeText(text, from, length, last, output, 0, output.length, progress);
    hash.update(output.subarray(0, written));
    from += progress[0];
    most = progress[0] === 0 ? most + piece : piece;
  }
  do hash.update(output.subarray(0, decoder.finish(output, 0, output.length, progress)));
  while (progress[2] === 2);
  return hash.digest('hex');
}

for (let round = 0; round < workerData.rounds; round += 1) parentPort.postMessage(entriesOf(workerData));
