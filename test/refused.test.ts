/** A spool of an earlier run with documents that the database can never take: the writer delivers the rest, and states them. */

import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import {
  openRawReader,
  openRawVerifier,
  type RawEntry,
  type StoreTarget,
  spoolRecord,
  verifyEvidence,
} from '@godo/evidence';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { chained, fileAt } from '../packages/evidence/test/support/chained.ts';
import { describeForEachDatabase } from '../packages/evidence/test/support/databases.ts';
import { event } from '../packages/evidence/test/support/documents.ts';
import { createByteRing } from '../packages/listener/src/stages/byte-ring.ts';
import type { WriterData, WriterOrder, WriterReport } from '../packages/listener/src/stages/messages.ts';
import { createSharedMemory, SharedState } from '../packages/listener/src/stages/shared-state.ts';
import { sessionStart } from '../packages/listener/test/support/events.ts';
import { describeWith } from './support/needs.ts';
import { built } from './support/programs.ts';

const script = new URL('../packages/listener/dist/stages/writer.js', import.meta.url);

describeWith('what an earlier run has left', [built], () => {
  describeForEachDatabase('documents that the database can never take', (newTarget) => {
    let directory = '';
    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'godo-refused-'));
    });
    afterEach(() => rm(directory, { recursive: true }));

    const poison = (id: string, { kind }: StoreTarget): RawEntry => {
      const tooLarge = { data: { text: 'x'.repeat(17 * 1024 * 1024) } };
      return {
        collection: 'events',
        document: event({ _id: id, ...(kind === 'mongodb' ? tooLarge : { timeNs: 'none' as never }) }),
      };
    };

    /** From start to end of the writer, which is given nothing but its spool; returns what it reports, and its counters. */
    async function write(target: StoreTarget): Promise<{ reports: WriterReport[]; state: SharedState }> {
      const [reassembly, connector] = [new MessageChannel(), new MessageChannel()];
      const shared = createSharedMemory();
      const data: WriterData = {
        events: createByteRing(65_536),
        shared,
        fromReassembly: reassembly.port1,
        fromConnector: connector.port1,
        target,
        diagFile: null,
        spool: { directory: join(directory, 'spool'), mostBytes: 1e9 },
        content: null,
        signKey: null,
        checkpointMs: 60_000,
      };
      const worker = new Worker(script, { workerData: data, transferList: [reassembly.port1, connector.port1] });
      const reports: WriterReport[] = [];
      worker.on('message', (report: WriterReport) => {
        reports.push(report);
        // Timers would keep it for some seconds.
        if (report.kind === 'done') void worker.terminate();
        if (report.kind !== 'ready') return;
        const orders: WriterOrder[] = [
          { kind: 'event', event: sessionStart() },
          { kind: 'end', reason: 'test', cutOff: true },
        ];
        for (const order of orders) worker.postMessage(order);
      });
      await new Promise<void>((resolve, reject) => worker.once('exit', () => resolve()).once('error', reject));
      return { reports, state: new SharedState(shared) };
    }

    it.each([
      ['', 4],
      // Those of MongoDB are not all delivered before the end.
      [', where the end comes meanwhile too', 600],
    ])(
      'are set aside and stated, and what stands behind them is delivered%s',
      { timeout: 60_000 },
      async (_, between) => {
        const target = newTarget();
        const files = Array.from({ length: between }, (_, n) => fileAt(n));
        const earlier = chained([
          ...files.slice(0, 2),
          poison('one', target),
          ...files.slice(2),
          poison('two', target),
          fileAt(between),
        ]);
        const batches = Array.from({ length: earlier.length / 4 + 1 }, (_, n) => earlier.slice(n * 4, n * 4 + 4));
        await mkdir(join(directory, 'spool'));
        const records = batches.filter((batch) => batch.length > 0).map(spoolRecord);
        await writeFile(join(directory, 'spool', 'main-000000000001.spool'), Buffer.concat(records));

        const { reports, state } = await write(target);
        expect(reports.at(-1)).toMatchObject({ kind: 'done', undelivered: 0, spoolLeft: false });
        expect([state.get('refusedDocuments'), await readdir(join(directory, 'spool'))]).toEqual([
          2,
          ['refused.spool'],
        ]);

        const reader = await openRawReader(target);
        const source = await openRawVerifier(target);
        let lost = 0;
        for await (const loss of reader.losses()) if (loss.source === 'store') lost += loss.count ?? 0;
        const counts = [await reader.count('files'), await reader.count('events')];
        const { verdict, problems } = await verifyEvidence(source);
        await reader.close();
        await source.close();
        expect({ lost, counts, verdict, problems }).toEqual({
          lost: 2,
          counts: [between + 1, 0],
          verdict: 'gaps',
          problems: [],
        });
      },
    );
  });
});
