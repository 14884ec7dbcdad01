import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { useAuditScene } from './support/audit-scene.ts';
import { readAuditState } from './support/audit-state.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built, runGodoProgram } from './support/programs.ts';
import { type Outcome, runOrThrow } from './support/run-program.ts';
import { type ShownEvidence, showEvidence } from './support/shown-evidence.ts';

describeWith('godo record', [root, built, program('auditctl', 'auditd')], () => {
  const scene = useAuditScene('godo-record-', 'once');

  function record(name: string, command: readonly string[], options: readonly string[] = []): Promise<Outcome> {
    const args = ['record', '--db', join(scene().folder, name), ...options, '--', ...command];
    return runGodoProgram('godo', args, { timeoutMs: 120_000 });
  }

  it('shows the command as the root of the tree and the file it wrote', async () => {
    const path = join(scene().folder, 'hello');
    const line = `echo hello > ${path}`;
    const outcome = await record('hello-db', ['sh', '-c', line]);
    expect({ code: outcome.code, stderr: outcome.code === 0 ? '' : outcome.stderr }).toEqual({ code: 0, stderr: '' });
    expect(outcome.stdout).toContain(path);
    expect(outcome.stdout).toContain('sh -c');
    expect(await readAuditState()).toEqual(scene().before);

    const { processes, files, losses }: ShownEvidence = await showEvidence(['--db', join(scene().folder, 'hello-db')]);
    expect(
      processes.map(({ argv, star, parentKey, depth, exitCode }) => ({ argv, star, parentKey, depth, exitCode })),
    ).toEqual([{ argv: ['sh', '-c', line], star: true, parentKey: null, depth: 0, exitCode: 0 }]);
    const file = files.find((candidate) => candidate.path === path);
    expect(
      file && {
        process: file.key,
        writes: { count: file.writes.count, bytes: file.writes.bytes },
        closedByProcess: file.closeInferred === false && file.closedBy !== null,
        order: [file.opened, file.writes.first, file.writes.last, file.closed],
      },
    ).toEqual({
      process: processes[0]?.key,
      writes: { count: 1, bytes: 6 },
      closedByProcess: true,
      order: [file?.opened, file?.writes.first, file?.writes.last, file?.closed].sort(),
    });
    expect(losses.filter((loss) => loss.severity === 'loss')).toEqual([]);
  });

  it.each([
    { way: 'shared memory', options: ['--verbose'], told: '"bpfRing":"8388608 bytes"' },
    { way: 'system calls alone', options: ['--verbose', '--no-bpf'], told: '"bpfRing":"not asked for"' },
  ])('follows every child of the command, however short its life, by $way', async ({ way, options, told }) => {
    const command = ['sh', '-c', 'for i in 1 2 3; do /bin/true $i; done; exit 0'];
    const outcome = await record(`children-${way}`, command, options);
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toContain(told);
    const { processes } = await showEvidence(['--db', join(scene().folder, `children-${way}`)]);
    const [shell, ...children] = processes;
    expect(children.map(({ argv, parentKey, exitCode }) => ({ argv, parentKey, exitCode }))).toEqual(
      ['1', '2', '3'].map((number) => ({ argv: ['/bin/true', number], parentKey: shell?.key, exitCode: 0 })),
    );
  });

  it.skipIf(process.arch !== 'x64')('records the system calls of 32-bit programs', async () => {
    const tool = join(scene().folder, 'i386-write');
    await runOrThrow('gcc', ['-o', tool, fileURLToPath(new URL('./programs/i386-write.c', import.meta.url))]);
    const path = join(scene().folder, 'thirty-two');
    expect((await record('i386-db', [tool, path, 'bits'])).code).toBe(0);
    const { files } = await showEvidence(['--db', join(scene().folder, 'i386-db')]);
    expect(
      files.map(({ path, exe, created, writes, closedBy }) => ({ path, exe, created, bytes: writes.bytes, closedBy })),
    ).toEqual([{ path, exe: tool, created: true, bytes: 4, closedBy: 'close' }]);
  });

  it('follows descriptors through close_range and ioctl', async () => {
    const program = fileURLToPath(new URL('./programs/descriptors.py', import.meta.url));
    expect((await record('descriptors-db', ['python3', program, scene().folder])).code).toBe(0);
    const { files, processes } = await showEvidence(['--db', join(scene().folder, 'descriptors-db')]);
    const programOf = (key: string) => basename(processes.find((process) => process.key === key)?.argv?.[0] ?? '');
    expect(
      files
        .filter((file) => file.path?.startsWith(scene().folder))
        .map(({ path, writers, closedBy }) => ({
          name: path?.slice(scene().folder.length + 1),
          writers: writers.map(({ key, count, bytes }) => ({ program: programOf(key), count, bytes })),
          closedBy,
        })),
    ).toEqual([
      { name: 'ranged', writers: [{ program: 'python3', count: 1, bytes: 3 }], closedBy: 'close' },
      { name: 'kept', writers: [{ program: 'sh', count: 1, bytes: 8 }], closedBy: 'close' },
    ]);
  });

  it('ends with the exit code of the command', async () => {
    expect((await record('seven-db', ['sh', '-c', 'exit 7'])).code).toBe(7);
  });

  it('ends as a shell does when a signal ended the command: 128 and its number', async () => {
    expect((await record('killed-db', ['sh', '-c', 'kill -KILL $$'])).code).toBe(137);
  });

  it('says which command it is when there is no such program, without a stack trace', async () => {
    const outcome = await record('missing-db', [join(scene().folder, 'no-such-program')]);
    expect(outcome.code).toBeGreaterThan(0);
    expect(outcome.stderr).toContain('no-such-program');
    expect(outcome.stderr).not.toMatch(/^ {4}at /m);
    expect(await readAuditState()).toEqual(scene().before);
  });
});
