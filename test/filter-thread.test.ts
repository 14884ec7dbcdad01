/** The filter as it runs on much evidence: with a thread that reads and writes. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  cookedCollections,
  documentToJson,
  isoTime,
  openCookedReader,
  openCookedWriter,
  openRawReader,
  openRawStore,
} from '@godo/evidence';
import { afterAll, beforeAll, expect, test } from 'vitest';
// @ts-expect-error the bench has no types
import { rawEvidence } from '../bench/filter/evidence.mjs';
import { runFilter } from '../packages/filter/src/run-filter.ts';
import { describeWith } from './support/needs.ts';
import { binPath, built, runGodoProgram } from './support/programs.ts';

/** More than the 8 MiB from which on there is a thread. */
const documents = 100_000;

describeWith('the filter on much evidence', [built], () => {
  let directory: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'godo-filter-'));
    const store = await openRawStore({ kind: 'sqlite', directory });
    const entries = [...rawEvidence(documents, { isoTime })];
    for (let at = 0; at < entries.length; at += 5000) await store.insert(entries.slice(at, at + 5000));
    await store.close();
  });

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  async function* cooked(): AsyncGenerator<string> {
    const reader = await openCookedReader({ kind: 'sqlite', directory });
    for (const collection of cookedCollections) {
      for await (const document of reader.find(collection, {})) yield `${collection} ${documentToJson(document)}`;
    }
    await reader.close();
  }

  async function all(lines: AsyncIterable<string>): Promise<string[]> {
    const found: string[] = [];
    for await (const line of lines) found.push(line);
    return found;
  }

  const files = () => readdirSync(directory).sort();
  const bytes = () => readFileSync(join(directory, 'cooked.db'));

  test('the built program writes what the sources write without a thread, the same bytes each time', async () => {
    const target = { kind: 'sqlite', directory } as const;
    const reader = await openRawReader(target);
    await runFilter({ reader, writer: await openCookedWriter(target) });
    await reader.close();
    const wanted = await all(cooked());
    const first = bytes();
    const outcomes = [await runGodoProgram('filter', ['--db', directory, '-q'])];
    const second = bytes();
    outcomes.push(await runGodoProgram('filter', ['--db', directory, '-q']));
    expect(outcomes.map(({ code }) => code)).toStrictEqual([0, 0]);
    expect(bytes().equals(second)).toBe(true);
    expect(second.equals(first)).toBe(true);
    expect(await all(cooked())).toStrictEqual(wanted);
  });

  test('what fails in the thread is told in a sentence, and leaves the old evidence', async () => {
    const before = bytes();
    // No file may become larger than 2 MiB.
    const command = `ulimit -f 2048; exec "$0" "$1" --db "$2" -q`;
    const { status, stderr } = spawnSync('bash', ['-c', command, process.execPath, binPath('filter'), directory], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect({ status, stderr }).toStrictEqual({
      status: 1,
      stderr: expect.stringMatching(/^filter: .*cooked\.db.*\.\n$/),
    });
    expect(files()).toStrictEqual(['cooked.db', 'raw.db']);
    expect(bytes().equals(before)).toBe(true);
  });

  test('an interrupted run leaves the old evidence and nothing else', async () => {
    const before = bytes();
    const command = `"$0" "$1" --db "$2" &
      until ls "$2" | grep -q new; do sleep 0.02; done
      kill -TERM $!; wait $!`;
    const { status, stderr } = spawnSync('bash', ['-c', command, process.execPath, binPath('filter'), directory], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect({ status, stderr }).toStrictEqual({
      status: 1,
      stderr: 'filter: interrupted; the cooked evidence is as it was before.\n',
    });
    expect(files()).toStrictEqual(['cooked.db', 'raw.db']);
    expect(bytes().equals(before)).toBe(true);
  });
});
