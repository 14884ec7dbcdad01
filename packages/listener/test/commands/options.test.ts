import { longOptions, rewriteGoStyle } from '@godo/evidence';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addListenOptions, parseBacklog } from '../../src/commands/options.ts';
import { program } from '../../src/commands/program.ts';
import { realWorld } from '../../src/commands/world.ts';

const godo = program(realWorld(() => undefined));
const fromGoStyle = (argv: readonly string[]) => rewriteGoStyle(argv, longOptions(godo));

describe('the Go style of the original', () => {
  it.each([
    [
      ['-diag=1.txt', '-mongo=127.0.0.1:27017', '-backlog=65536'],
      ['--diag=1.txt', '--mongo=127.0.0.1:27017', '--backlog=65536'],
    ],
    [
      ['-diag', '1.txt', '-raw-db', 'test'],
      ['--diag', '1.txt', '--raw-db', 'test'],
    ],
    [
      ['--diag=1.txt', '-q', '-v', '-h'],
      ['--diag=1.txt', '-q', '-v', '-h'],
    ],
    [['-help'], ['--help']],
    [
      ['replay', '-db=/srv/evidence', '-'],
      ['replay', '--db=/srv/evidence', '-'],
    ],
    [
      ['-diag=a=b', '-unknown=1'],
      ['--diag=a=b', '-unknown=1'],
    ],
    [[], []],
  ])('of %j is %j', (given, result) => {
    expect(fromGoStyle(given)).toEqual(result);
  });

  it('does not touch the command that is recorded', () => {
    expect(fromGoStyle(['record', '-diag=1.txt', '--', 'find', '-db=x', '--', '-diag=2.txt'])).toEqual([
      'record',
      '--diag=1.txt',
      '--',
      'find',
      '-db=x',
      '--',
      '-diag=2.txt',
    ]);
  });
});

describe('the backlog', () => {
  it.each([
    ['64', 64],
    ['65536', 65_536],
    ['1073741824', 1_073_741_824],
    ['4294967295', 4_294_967_295],
  ])('may be %s records', (text, records) => {
    expect(parseBacklog(text)).toBe(records);
  });

  it.each(['', '0', '63', '4294967296', '-1', '1e6', '0x100', '65536 ', '12.5', 'many'])('may not be %j', (text) => {
    expect(() => parseBacklog(text)).toThrow('It must be a whole number of records, from 64 to 4294967295.');
  });
});

describe('the options of the listener', () => {
  const hashing = { hashMax: 67_108_864, hashRate: 33_554_432 };
  const parse = (...argv: string[]) =>
    addListenOptions(new Command().exitOverride()).parse(argv, { from: 'user' }).opts();

  it('have defaults', () => {
    expect(parse()).toEqual({
      ...hashing,
      backlog: 65_536,
      bpf: true,
      receiveBuffer: 33_554_432,
      root: [],
      scope: 'host',
      spoolMax: 1024 ** 3,
    });
  });

  it('keep names of environments only on request', () => {
    expect(parse('--env-names')).toMatchObject({ envNames: true });
  });

  it('take several roots', () => {
    expect(parse('--root', '/usr/bin/podman', '--root', '/usr/bin/crio')).toEqual({
      ...hashing,
      backlog: 65_536,
      bpf: true,
      receiveBuffer: 33_554_432,
      root: ['/usr/bin/podman', '/usr/bin/crio'],
      spoolMax: 1024 ** 3,
      scope: 'host',
    });
  });

  it('take sensitive paths beside the usual ones, in place of them, or none at all', () => {
    expect(parse('--sensitive', '/srv/keys/', '--sensitive', '/a').sensitive).toEqual({
      usual: true,
      paths: ['/srv/keys', '/a'],
    });
    expect(parse('--no-sensitive', '--sensitive', '/a').sensitive).toEqual({ usual: false, paths: ['/a'] });
    expect(parse('--no-sensitive').sensitive).toBe(false);
  });

  it('refuse a root that is no absolute path', () => {
    const command = addListenOptions(new Command().exitOverride().configureOutput({ writeErr: () => undefined }));

    expect(() => command.parse(['--root', 'podman'], { from: 'user' })).toThrow('It must be an absolute path.');
  });

  it('take how long processes may wait for a full queue, within bounds', () => {
    expect(parse('--lossless').lossless).toBe(true);
    expect(parse('--lossless', '200').lossless).toBe(200);
    for (const wrong of ['0', '1001', '60ms', '-1']) {
      expect(() => parse('--lossless', wrong)).toThrow('whole number of milliseconds');
    }
  });

  it.each([
    ['--receive-buffer', 'receiveBuffer', '4K to 1G'],
    ['--spool-max', 'spoolMax', '16M or more'],
    ['--hash-max', 'hashMax', '1 or more'],
    ['--hash-rate', 'hashRate', '1 or more'],
  ])('take %s as a size, of a least one', (option, name, range) => {
    for (const size of ['33554432', '32M', '32MiB']) expect(parse(option, size)[name]).toBe(33_554_432);
    expect(() => parse(option, '0')).toThrow(`It must be a number of bytes, ${range};`);
    expect(() => parse(option, '32MB')).toThrow('powers of 1024');
  });

  it('take the rate at which contents are read by the second', () => {
    expect(parse('--hash-rate', '32MiB/s').hashRate).toBe(33_554_432);
  });
});
