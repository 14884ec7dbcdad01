/** A real container whose files, programs and arguments have names made to break a terminal: shown visibly, exact in JSON. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { displayWidth } from '../packages/viewer/src/render/fit.ts';
import { useAuditScene } from './support/audit-scene.ts';
import { staticBusybox } from './support/busybox-image.ts';
import { type DockerEngine, startDockerEngine } from './support/docker-engine.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built, parseJsonLines, runGodoProgram, startGodo } from './support/programs.ts';
import { runOrThrow } from './support/run-program.ts';
import { type ShownContainer, type ShownFile, type ShownProcess, succeed } from './support/shown-evidence.ts';

const source = fileURLToPath(new URL('./programs/hostile-names.c', import.meta.url));

const texts = [
  '\u001b]0;owned\u0007\u001b[2J',
  'new\nline\r\ttab',
  "=cmd|'calc'!A0",
  '+1-2@x',
  '<script>alert(1)',
  'rtl\u202egpj.exe\u2066\u200b',
  'tag\u{e0041}\ufeff\u2028\u2029',
  '\u009b2J\u0085\u007f',
  'C:\\x1b[2J\\n',
  `a${'\u0301'.repeat(20)}`,
  '  blanks  (created) ',
  'r-x \u2192 y',
  'x'.repeat(255),
  '日'.repeat(85),
  '\u001b[31m'.repeat(51),
];
/** Not UTF-8. */
const bytes = [Buffer.from([0x62, 0xff, 0xc3, 0x28, 0x9b, 0x1b]), Buffer.from([0xf0, 0x9f, 0x91])];
const names = [...texts.map((text) => Buffer.from(text)), ...bytes];
const label = '\u001b]0;label\u0007\u202e\u009b';

/** As evidence has it: text, and the bytes in hex where they are not UTF-8. */
const kept = (prefix: string, name: Buffer) => {
  const whole = Buffer.concat([Buffer.from(prefix), name]);
  const text = whole.toString('utf8');
  return Buffer.from(text).equals(whole) ? [text, undefined] : [text, whole.toString('hex')];
};
const isShort = (name: Buffer) => name.length <= 200;
const needs = [program('dockerd', 'docker.io'), program('docker', 'docker.io'), staticBusybox, program('gcc', 'gcc')];

describeWith('hostile names in a container', [root, built, program('auditctl', 'auditd'), ...needs], () => {
  const scene = useAuditScene('godo-hostile-names-', 'once');
  let engine: DockerEngine;
  let where: readonly string[] = [];
  let log = '';

  beforeAll(async () => {
    engine = await startDockerEngine();
    const { folder } = scene();
    await runOrThrow('gcc', ['-static', '-O1', '-o', join(folder, 'program'), source]);
    await writeFile(join(folder, 'names'), Buffer.concat(names.map((name) => Buffer.concat([name, Buffer.of(0)]))));
    where = ['--db', join(folder, 'db')];
    const godo = await startGodo([...where, '--diag', join(folder, 'diag')], { cwd: folder });
    try {
      const run = ['run', '--rm', '--network', 'none', '--label', `evil=${label}`, '-v', `${folder}:/h:ro`];
      await engine.dockerOrThrow([...run, engine.image, '/h/program', '/h/names'], 120_000);
    } finally {
      log = (await godo.stop()).stderr;
    }
    log += (await runGodoProgram('filter', where, { timeoutMs: 120_000 })).stderr;
  }, 17 * 60_000);
  afterAll(() => engine?.stop());

  const harmful = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffd]/u;
  const views = ['tree', 'processes', 'files', 'sessions', 'operations', 'containers', 'events', 'losses', 'stats'];

  it('nothing in what godo and the filter say is acted upon', () => {
    expect(log.replaceAll('\n', '')).not.toMatch(harmful);
  });

  it.each([
    [80, 'C.UTF-8'],
    [200, 'C.UTF-8'],
    [120, 'C'],
  ])('every view makes them visible, %i columns wide, in the locale %s', async (width, locale) => {
    const paths = names.filter(isShort).map((name) => `/tmp/r-${name}`);
    for (const view of [[], ...views.map((name) => [name]), ...paths.map((path) => ['file', path])]) {
      const env = { COLUMNS: String(width), LANG: locale, LC_ALL: locale };
      const { code, stdout, stderr } = await runGodoProgram('viewer', [...where, ...view], { env, timeoutMs: 60_000 });
      expect(code).toBe(0);
      expect((stdout + stderr).replaceAll('\n', '')).not.toMatch(harmful);
      if (locale === 'C') expect(stdout).toMatch(/^[\n\x20-\x7e]*$/);
      expect(Math.max(...stdout.split('\n').map(displayWidth))).toBeLessThanOrEqual(width);
    }
  });

  it('the escapes are those of the names', async () => {
    const env = { COLUMNS: '1000', LANG: 'C.UTF-8' };
    const { stdout } = await runGodoProgram('viewer', [...where, 'sessions'], { env });
    for (const shown of [
      '/tmp/\\x1b]0;owned\\x07\\x1b[2J',
      '/tmp/new\\nline\\r\\ttab',
      "/tmp/=cmd|'calc'!A0",
      '/tmp/rtl\\u202egpj.exe\\u2066\\u200b',
      '/tmp/C:\\\\x1b[2J\\\\n',
      '/tmp/tag\\U000e0041\\ufeff\\u2028\\u2029',
      '/tmp/b\\xff\\xc3(\\x9b\\x1b',
      '/tmp/  \\x20blanks \\x20(created)\\x20'.replace('  \\x20', ' \\x20'),
    ]) {
      expect(stdout).toContain(shown);
    }
  });

  it('JSON has files, programs and arguments as they are', async () => {
    const show = async <T>(view: string) => {
      const text = await succeed('viewer', [...where, view, '--json']);
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      return parseJsonLines<T>(text);
    };
    const files = await show<ShownFile & { readonly pathHex?: string }>('sessions');
    const made = files.filter(({ created, writes }) => created && writes.bytes === 1);
    const byText = (list: readonly (readonly unknown[])[]) => list.map((one) => JSON.stringify(one)).sort();
    expect(byText(made.map(({ path, pathHex }) => [path, pathHex]))).toEqual(
      byText(names.map((name) => kept('/tmp/', name))),
    );
    const processes = await show<ShownProcess & { readonly exeHex?: string; readonly argvHex?: readonly string[] }>(
      'processes',
    );
    const ended = processes.filter(({ argv }) => argv?.[1] === '--end');
    expect(byText(ended.map(({ exe, exeHex, argv, argvHex }) => [exe, exeHex, argv?.[0], argvHex?.[0]]))).toEqual(
      byText(names.filter(isShort).map((name) => [...kept('/tmp/x-', name), ...kept('', name)])),
    );
    expect(ended.map(({ argv }) => argv?.[2] === argv?.[0]).every(Boolean)).toBe(true);
    const renamed = await show<{ operation: string; toPath: string; toPathHex?: string }>('operations');
    expect(
      byText(
        renamed
          .filter(({ toPath }) => toPath?.startsWith('/tmp/r-'))
          .map(({ toPath, toPathHex }) => [toPath, toPathHex]),
      ),
    ).toEqual(byText(names.filter(isShort).map((name) => kept('/tmp/r-', name))));
    const [container] = await show<ShownContainer>('containers');
    expect(container?.labels).toEqual({ evil: label });
    const comms = files.filter(({ path }) => path?.startsWith('/tmp/c-')) as unknown as { comm: string }[];
    expect(comms.map(({ comm }) => comm)).toContain('\u001b]0;owned\u0007\u001b[2J');
  });
});
