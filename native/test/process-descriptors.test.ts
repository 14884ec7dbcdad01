import { closeSync, mkdtempSync, openSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { closeProcess, compareDescriptorTables, compareFiles, openProcess, readDescriptor } from '../index.js';

const headBytes = 40;

describe('a descriptor of a process', () => {
  const opened = openProcess(process.pid);
  const memory = Buffer.alloc(4200);
  const cleanUp: (() => void)[] = [];
  afterEach(() => {
    for (const step of cleanUp.splice(0)) step();
  });

  it('is told as the file that it refers to', () => {
    const folder = mkdtempSync(join(tmpdir(), 'godo-descriptor-'));
    const fd = openSync(join(folder, 'ä'), 'wx', 0o640);
    cleanUp.push(
      () => closeSync(fd),
      () => rmSync(folder, { recursive: true }),
    );
    const written = readDescriptor(opened, fd, memory);
    const stat = statSync(join(folder, 'ä'), { bigint: true });

    expect(memory.toString('utf8', headBytes, written)).toBe(readlinkSync(`/proc/self/fd/${fd}`));
    expect(memory.readUInt32LE(32)).toBe(written - headBytes);
    expect([memory.readBigUInt64LE(0), memory.readUInt32LE(16), memory.readUInt32LE(20)]).toEqual([
      stat.ino,
      Number(stat.mode),
      1,
    ]);
    expect([memory.readUInt32LE(24) & 0o2000003, memory.readUInt32LE(28)]).toEqual([0o2000001, 3]);
  });

  it('that is not open is none, and one whose name does not fit is told so', () => {
    const fd = openSync('/', 'r');
    const gone = openSync('/', 'r');
    closeSync(gone);
    cleanUp.push(() => closeSync(fd));

    expect(readDescriptor(opened, gone, memory)).toBe(-1);
    expect(readDescriptor(opened, fd, memory.subarray(0, headBytes + 1))).toBe(-2);
    expect(readDescriptor(opened, fd, memory.subarray(0, headBytes + 2))).toBe(headBytes + 1);
  });

  it('is compared with others', () => {
    const [one, other] = [openSync('/', 'r'), openSync('/', 'r')];
    cleanUp.push(
      () => closeSync(one),
      () => closeSync(other),
    );
    const { pid } = process;

    expect([compareFiles(pid, one, pid, one), compareFiles(pid, one, pid, other)]).toEqual([0, 1]);
    expect(compareFiles(pid, one, pid, 1_000_000)).toBe(-9);
    expect([compareDescriptorTables(pid, pid), compareDescriptorTables(pid, 0x7fffffff)]).toEqual([0, -3]);
  });

  it('is not read of what was not opened, or with wrong numbers', () => {
    const badArgument = expect.objectContaining({ code: 'BAD_ARGUMENT' });

    expect(() => readDescriptor(0, 0, memory)).toThrow(badArgument);
    expect(() => readDescriptor(opened, -1, memory)).toThrow(badArgument);
    expect(() => readDescriptor(opened, 0, memory.subarray(0, headBytes))).toThrow(badArgument);
    expect(() => compareFiles(0, 0, 1, 0)).toThrow(badArgument);
    expect(() => compareDescriptorTables(1, -1)).toThrow(badArgument);
    closeProcess(opened);
    expect(() => readDescriptor(opened, 0, memory)).toThrow(badArgument);
  });
});
