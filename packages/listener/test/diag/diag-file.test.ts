import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiagFile } from '../../src/diag/diag-file.ts';
import { diagLines } from '../../src/diag/diag-line.ts';
import { close, loss, sessionStart } from '../support/events.ts';

describe('a --diag file', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'godo-diag-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const events = [
    sessionStart({ host: 'caf\u00e9' }),
    close(10, 20, 3, { lines: ['type=SYSCALL msg=audit(1700000000.010:10): name="\xff"'] }),
    loss(20),
  ];

  it('holds the lines of its events, byte by byte, and nobody else may read it', () => {
    const path = join(directory, '1.txt');
    const file = new DiagFile(path);
    for (const event of events) file.write(event);
    file.close();

    expect(readFileSync(path, 'latin1')).toBe(`${events.flatMap(diagLines).join('\n')}\n`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('replaces one that is there', () => {
    const path = join(directory, '1.txt');
    writeFileSync(path, 'x'.repeat(10_000));
    new DiagFile(path).close();

    expect(statSync(path).size).toBe(0);
  });

  it('writes by itself when much has gathered', () => {
    const path = join(directory, '1.txt');
    const file = new DiagFile(path);
    file.write(loss(1, { reason: 'x'.repeat(300_000) }));

    expect(statSync(path).size).toBeGreaterThan(300_000);
    file.close();
  });

  it('is not written through a symbolic link', () => {
    const target = join(directory, 'target');
    writeFileSync(target, 'precious');
    symlinkSync(target, join(directory, 'link'));

    expect(() => new DiagFile(join(directory, 'link'))).toThrow('ELOOP');
    expect(readFileSync(target, 'utf8')).toBe('precious');
  });
});
