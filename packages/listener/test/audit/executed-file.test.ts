import { describe, expect, it } from 'vitest';
import { type ExecRecords, executedFile } from '../../src/audit/executed-file.ts';

const loader = '/lib64/ld-linux-x86-64.so.2';
const told = (records: Partial<ExecRecords>) =>
  executedFile({ names: ['/bin/sh', loader], argv: ['sh'], cwd: '/srv', exe: '/usr/bin/dash', comm: 'sh', ...records });

describe('the script of an exec', () => {
  it('is none where a program was executed', () => {
    expect([told({}), told({ names: ['/bin/busybox'] }), told({ names: [] })]).toEqual([{}, {}, {}]);
  });

  it('is the first file, where argv has the interpreter and then the script', () => {
    expect([
      told({ names: ['/srv/run', '/bin/sh', loader], argv: ['/bin/sh', '/srv/run', 'x'] }),
      told({ names: ['./run', '/bin/sh', loader], argv: ['/bin/sh', '-eu', './run'] }),
      told({ names: ['run', '/bin/busybox'], argv: ['/bin/busybox', 'sh', 'run'], exe: '/bin/busybox' }),
    ]).toEqual([{ script: '/srv/run' }, { script: '/srv/run' }, { script: '/srv/run' }]);
  });

  it('may be run by other scripts', () => {
    const argv = ['/bin/sh', '-u', './c', 'two words', './b', './a', 'x'];

    expect(told({ names: ['./a', './b', './c', '/bin/sh', loader], argv })).toEqual({
      script: '/srv/a',
      viaScripts: ['/srv/b', '/srv/c'],
    });
  });

  it('goes by its descriptor where it was given by that', () => {
    const by = (name: string, argument: string) =>
      told({ names: [name, '/bin/sh', loader], argv: ['/bin/sh', argument] });

    expect([by('', '/dev/fd/3'), by('run', '/dev/fd/3/run'), by('other', '/dev/fd/3/run')]).toEqual([
      { script: '/dev/fd/3' },
      { script: '/dev/fd/3/run' },
      {},
    ]);
  });

  it('is none of a program that was started with the argv of one', () => {
    const argv = [loader, '/bin/sh'];

    expect([
      told({ argv, exe: '/bin/sh' }),
      told({ argv, exe: '/usr/bin/dash' }),
      // The loader itself as an interpreter.
      told({ argv, exe: loader }),
      told({ argv, exe: '/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2' }),
    ]).toEqual([{}, {}, { script: '/bin/sh' }, { script: '/bin/sh' }]);
  });

  it('is not guessed where arguments are missing', () => {
    const names = ['/srv/run', '/bin/sh', loader];

    expect([told({ names, argv: null }), told({ names, argv: [] }), told({ names, argv: ['/bin/sh'] })]).toEqual([
      {},
      {},
      {},
    ]);
  });
});

describe('a program whose path ends like that of a deleted file', () => {
  const exe = '/srv/x (deleted)';
  const deleted = { exe: '/srv/x', exeDeleted: true };

  it('is called so where it was looked up by that name', () => {
    expect(told({ names: ['./x (deleted)'], exe })).toEqual({});
  });

  it('was deleted once more than its name says', () => {
    const twice = `${exe} (deleted)`;

    expect(told({ names: [''], exe: twice, comm: 'x (deleted)' })).toEqual({ exe, exeDeleted: true });
  });

  it('given by a descriptor has its own name in comm', () => {
    const by = (comm: string) => told({ names: [''], exe, comm });

    // The last is what older kernels call it: by the number of the descriptor.
    expect([by('x'), by('x (deleted)'), by('3')]).toEqual([deleted, {}, { exeDeleted: null }]);
  });

  it('may be either where comm is too short to tell', () => {
    const name = 'a-name-of-16-bytes';

    expect(told({ names: [''], exe: `/srv/${name} (deleted)`, comm: name.slice(0, 15) })).toEqual({ exeDeleted: null });
  });

  it('looked up by another name may be either: a link, or deleted in the very moment', () => {
    expect([told({ names: ['./x'], exe }), told({ names: ['/proc/self/fd/3'], exe, comm: '3' })]).toEqual([
      { exeDeleted: null },
      { exeDeleted: null },
    ]);
  });

  it('is compared with the interpreter where a script was executed', () => {
    const argv = ['./x (deleted)', 'run'];

    expect(told({ names: ['run', './x (deleted)', loader], argv, exe })).toEqual({ script: '/srv/run' });
  });
});
