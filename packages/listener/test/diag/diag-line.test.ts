import { describe, expect, it } from 'vitest';
import { diagLines, isAuditEvent, isDiagLine, parseDiagLine } from '../../src/diag/diag-line.ts';
import type { AuditEvent, PipelineEvent } from '../../src/events.ts';
import {
  baseMs,
  became,
  checkpoint,
  chroot,
  cloned,
  close,
  dup,
  exec,
  exit,
  fork,
  loss,
  open,
  pivotRoot,
  sessionEnd,
  sessionStart,
  setFlags,
  snapshot,
  star,
  unmount,
  write,
} from '../support/events.ts';

const proc = {
  startTicks: 7,
  argv: ['sh', 'caf\xc3\xa9 \xff\0\n\x1d"'],
  comm: 'sh',
  exe: '/bin/sh',
  containerId: null,
};

describe('an event that is no audit event', () => {
  it.each<[string, PipelineEvent]>([
    ['the start', sessionStart({ rules: ['-a always,exit'], command: ['sh', '-c', 'x'] })],
    [
      'a snapshot',
      snapshot(5, {
        tgid: 20,
        proc,
        files: [
          {
            fd: 3,
            path: '/srv/\xff',
            flags: 0o1101,
            access: 'write',
            closeOnExec: true,
            dev: 'fe:00',
            inode: '18446744073709551615',
            fileType: 'regular',
          },
        ],
      }),
    ],
    [
      'a snapshot with a directory',
      snapshot(5, {
        tgid: 20,
        proc,
        directories: [{ fd: 4, path: '/\xff', closeOnExec: true, dev: null, inode: null, fileType: 'directory' }],
      }),
    ],
    ['a fork', fork(10, { tgid: 20, parentTgid: 1, proc, monotonicNs: 9_007_199_254_740_993n })],
    ['a fork whose process was gone', fork(10, { tgid: 20, parentTgid: 1 })],
    ['an exec of the connector', became(10, { tgid: 20, proc })],
    ['an exit', exit(10, { tgid: 20, status: 0x8b })],
    ['a star', star(10, 20)],
    ['a checkpoint', checkpoint(10)],
    ['a loss', loss(10, { from: '0:5', to: '0:9', count: 5 })],
    ['the end', sessionEnd(10)],
  ])('(%s) is one line, and the same when it is read again', (_, event) => {
    const lines = diagLines(event);

    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^type=GODO_[A-Z_]+ msg=audit\(17000000\d\d\.\d{3}:0\): \{.*\}$/);
    expect(['\n', '\r', '\0', '\x1d'].some((byte) => lines[0]?.includes(byte))).toBe(false);
    expect(isDiagLine(lines[0] ?? '')).toBe(true);
    expect(parseDiagLine(lines[0] ?? '')).toEqual({ kind: 'event', event });
  });
});

describe('an audit event', () => {
  const lines = ['type=SYSCALL msg=audit(1700000000.010:10): a', 'type=CWD msg=audit(1700000000.010:10): b'];

  it('is its records and their end, as in an audit.log', () => {
    expect(diagLines(close(10, 20, 3, { lines }))).toEqual([...lines, 'type=EOE msg=audit(1700000000.010:10): ']);
  });

  it('of a record that stands alone has no end', () => {
    const login = 'type=LOGIN msg=audit(1700000000.010:10): pid=3';
    const event: AuditEvent = { ...close(10, 20, 3), kind: 'other', lines: [login], alone: true } as AuditEvent;

    expect(diagLines(event)).toEqual([login]);
  });

  it('that was given up ends with the reason', () => {
    const written = diagLines(close(10, 20, 3, { lines, incomplete: 'its end did not come in time' }));
    const mark = written.at(-1) ?? '';

    expect(written.slice(0, -1)).toEqual(lines);
    expect(mark).toBe('type=GODO_INCOMPLETE msg=audit(1700000000.010:10): {"reason":"its end did not come in time"}');
    expect(parseDiagLine(mark)).toEqual({
      kind: 'incomplete',
      ms: baseMs + 10,
      serial: 10,
      reason: 'its end did not come in time',
    });
  });

  it('is told from the others by its kind', () => {
    const audit = [
      open(1, 2),
      close(1, 2, 3),
      write(1, 2, 3, 4),
      dup(1, 2, 3, 4),
      setFlags(1, 2, 3, true),
      cloned(1, 2, 3),
      exec(1, 2),
      pivotRoot(1, 2, '/x'),
      chroot(1, 2, '/x'),
      unmount(1, 2),
    ];
    const others = [sessionStart(), fork(1, { tgid: 2, parentTgid: 1 }), exit(1, { tgid: 2 }), loss(1), star(1, 2)];

    expect([audit.every(isAuditEvent), others.some(isAuditEvent)]).toEqual([true, false]);
  });
});

describe('a line of a --diag file', () => {
  it('of an audit record is not one of our own', () => {
    expect(isDiagLine('type=SYSCALL msg=audit(1.000:2): a')).toBe(false);
  });

  it.each([
    ['no stamp', 'type=GODO_LOSS'],
    ['no stamp', 'type=GODO_LOSS msg=audit(1.00:2): {}'],
    ['its content is no JSON', 'type=GODO_LOSS msg=audit(1.000:0): {"kind":"lo'],
    ['its content is no JSON', 'type=GODO_LOSS msg=audit(1.000:0): 7'],
  ])('that is bad (%s) is told so: %s', (error, line) => {
    expect(parseDiagLine(line)).toEqual({ kind: 'bad', error });
  });
});
