import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineFiles } from '../../src/containers/engine-files.ts';

describe('a file of an engine', () => {
  let folder = '';
  let engine = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'godo-files-'));
    engine = join(folder, 'engine');
    mkdirSync(join(engine, 'containers'), { recursive: true });
    writeFileSync(join(engine, 'containers/state.json'), '{"id":1}');
    writeFileSync(join(folder, 'secret.json'), '{"id":"secret"}');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const read = (path: string, most = 100) => new EngineFiles().json(engine, path, most);

  it('is read, also where the folder of the engine is a link itself', async () => {
    symlinkSync(engine, join(folder, 'link'));

    expect(await read('containers/state.json')).toEqual({ id: 1 });
    expect(await new EngineFiles().json(join(folder, 'link'), 'containers/state.json', 100)).toEqual({ id: 1 });
  });

  it('is not read beyond the folder: by a link, by a folder that is a link, by its name', async () => {
    symlinkSync('../../secret.json', join(engine, 'containers/link.json'));
    symlinkSync('../..', join(engine, 'containers/up'));

    expect([
      await read('containers/link.json'),
      await read('containers/up/secret.json'),
      await read('../secret.json'),
    ]).toEqual([null, null, null]);
  });

  it('is not waited for where it is a pipe, nor read where it is a folder, too long, or no JSON', async () => {
    execFileSync('mkfifo', [join(engine, 'pipe')]);
    writeFileSync(join(engine, 'bad.json'), '{');

    expect([
      await read('pipe'),
      await read('containers'),
      await read('containers/state.json', 7),
      await read('bad.json'),
      await read('none.json'),
    ]).toEqual([null, null, null, null, null]);
  });

  it('is listed with its neighbours, as many as are wanted', async () => {
    for (const name of ['c', 'a', 'b']) mkdirSync(join(engine, 'tasks', name), { recursive: true });

    expect(await new EngineFiles().names(join(engine, 'tasks'), 2)).toEqual(['a', 'b']);
    expect(await new EngineFiles().names(join(engine, 'none'), 2)).toEqual([]);
  });
});
