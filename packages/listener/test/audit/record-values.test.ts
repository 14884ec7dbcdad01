import { describe, expect, it } from 'vitest';
import { diagDecoder, logDecoder } from '../../src/audit/audit-decoder.ts';
import type { AuditEvent, BinaryString, Caller } from '../../src/events.ts';
import { cwdRecord, eventOf, pathRecord, shellCaller, stamp, syscallRecord } from '../support/audit-records.ts';
import { interpret } from '../support/interpreting.ts';
import { decodedText } from '../support/sink-calls.ts';

/** What SYSCALL records with these bodies are to godo. */
const told = (body: BinaryString) => interpret(eventOf({ ...syscallRecord({ name: 'write' }), body }));
const nobody = { ppid: NaN, uid: NaN, gid: NaN, euid: NaN, auid: NaN, ses: NaN, tty: null, comm: null, exe: null };

describe('text in a record', () => {
  const named = (name: string): AuditEvent | null =>
    interpret(eventOf(syscallRecord({ name: 'execve' }), cwdRecord(name), pathRecord(`item=0 name=${name} inode=5`)));

  it.each([
    ['"cafe"', 'cafe'],
    ['cafe', '\xca\xfe'],
    ['626164FF6E616D65', 'bad\xffname'],
    ['""', ''],
    ['"', ''],
    ['"/srv/exam', '/srv/exam'],
    ['(null)', null],
    ['(none)', null],
    ['?', null],
    ['', null],
    ['abc', null],
    ['zz', null],
    ['0x41', null],
  ])('is what stands in quotes, or else hex of its bytes: %s', (raw, text) => {
    expect(named(raw)).toMatchObject({ cwd: text });
    // A quote that is not closed goes up to the end of the record.
    const name = /^"[^"]*$/.test(raw) ? `${raw.slice(1)} inode=5` : text;
    // An empty one is what stands for a file given by its descriptor.
    expect(named(raw)).toMatchObject({ name: name === '' ? null : name });
  });

  it('is found by the whole name of its field, and may be missing', () => {
    const exec = (cwd: string, item: string) =>
      interpret(
        eventOf(syscallRecord({ name: 'execve' }), { ...cwdRecord(''), body: cwd }, pathRecord(`item=0 ${item}`)),
      );

    expect(exec('old-cwd="/x" cwd="/srv"', 'filename="a" name="b" rdev=00:00 dev=fe:00')).toMatchObject({
      name: '/srv/b',
      cwd: '/srv',
      dev: 'fe:00',
    });
    expect(exec('cwdx="/srv"', 'inode=5 rdev=00:00')).toMatchObject({ name: null, cwd: null, dev: null });
  });

  it('may hold what looks like another field', () => {
    const who = 'ppid=10 pid=20 comm="a pid=7 b" exe="/usr/bin/dash"';
    const body = `arch=c000003e syscall=3 success=yes exit=0 a0=3 a1=0 a2=0 a3=0 items=0 ${who}`;

    expect(told(body)?.caller).toMatchObject({ tgid: 20, comm: 'a pid=7 b' });
  });

  it.each([
    ['pts0', 'pts0'],
    ['"pts0"', 'pts0'],
    ['(none)', null],
    ['(null)', null],
    ['?', null],
  ])('that names a terminal stands without quotes: %s', (raw, tty) => {
    const body = `arch=c000003e syscall=3 success=yes exit=0 a0=3 pid=20 tty=${raw}`;

    expect(told(body)?.caller).toEqual({ ...nobody, tgid: 20, tty });
  });
});

describe('a number in a record', () => {
  const exec = (exit: string, who = ''): { exit: number; caller: Caller } => {
    const body = `arch=c000003e syscall=59 success=no exit=${exit} a0=0 a1=0 a2=0 a3=0 items=0 pid=1 ${who}`;
    const event = told(body);
    if (event?.kind !== 'exec') throw new Error('no exec');
    return event;
  };

  it('is decimal, with a sign', () => {
    const { exit, caller } = exec('-2', 'auid=4294967295 ses=-1 gid=007');

    expect([exit, caller.auid, caller.ses, caller.gid]).toEqual([-2, 4294967295, -1, 7]);
  });

  it('may have 64 bits, of which JavaScript keeps what it can', () => {
    const exits = ['9223372036854775807', '-9223372036854775808', '18446744073709551615', '999999999999999999'];

    expect(exits.map((exit) => exec(exit).exit)).toEqual(exits.map(Number));
  });

  it('that is missing or no number is NaN', () => {
    const { exit, caller } = exec('', 'uid=? gid=0 ses=1x euid=+1');
    const { uid, gid, ses, euid, ppid } = caller;

    expect({ exit, uid, gid, ses, euid, ppid }).toEqual({
      exit: NaN,
      uid: NaN,
      gid: 0,
      ses: NaN,
      euid: NaN,
      ppid: NaN,
    });
  });

  const range = (a0: string, a1: string, a2: string) =>
    told(`arch=c000003e syscall=436 success=yes exit=0 a0=${a0} a1=${a1} a2=${a2} a3=0 items=0 pid=1`);

  it('given as argument is hexadecimal, and its low 32 bits count', () => {
    expect(range('ffffff9c', '7fff2a0fac38', '0')).toMatchObject({ first: 0xffffff9c, last: 0x2a0fac38 });
    expect(range('0', 'ffffffffffffff9c', 'ffffffff00000000')).toMatchObject({ last: 0xffffff9c, onExec: false });
  });

  it.each(['', '"3"', 'FF', 'g', '0x3', '-1', '12345678123456781'])(
    'given as argument is none where it is %j',
    (raw) => {
      expect([range(raw, '3', '0'), range('3', raw, '0')]).toEqual([null, null]);
    },
  );

  it.each(['18446744073709551615', '9007199254740993', '4294967296', '4294967295', '0', '007', 'x'])(
    'given as inode is kept as it stands: %s',
    (inode) => {
      const item = pathRecord(`item=0 name="/out" inode=${inode} dev=fe:00 mode=0100644 nametype=NORMAL`);

      expect(interpret(eventOf(syscallRecord({ name: 'creat', exit: 3 }), item))).toMatchObject({ inode });
    },
  );
});

describe('the fields of a SYSCALL record', () => {
  const { body } = syscallRecord({ name: 'write', exit: 6, arguments: '3 7ffe 6 0' });
  const write = { ...stamp, caller: shellCaller, kind: 'write', fd: 3, bytes: 6 };

  it('may stand in any order', () => {
    expect(told(body.split(' ').toReversed().join(' '))).toEqual(write);
  });

  it('that stand twice count the first time', () => {
    expect(told(`${body} a0=9 exit=1 pid=7 comm="x" syscall=3`)).toEqual(write);
    expect(told(`${body.replace('arch=', ' arch=')} a0=9 exit=1 pid=7 comm="x" syscall=3`)).toEqual(write);
  });

  it('may have a personality between them', () => {
    expect(told(body.replace(' success=', ' per=400000 success='))).toEqual(write);
  });

  it('may be cut off anywhere: then it is no event, or one of what is left', () => {
    for (let length = 0; length < body.length; length += 1) {
      const event = told(body.slice(0, length));
      if (event !== null) expect({ ...event, caller: null }).toEqual({ ...write, caller: null });
    }
  });
});

describe('a line of a log', () => {
  const call = 'arch=c000003e syscall=3 success=yes exit=0 a0=3 a1=0 a2=0 a3=0 items=0 ppid=1 pid=20';
  const eventsOf = (...lines: string[]) => decodedText(logDecoder('host-1'), lines.join('\n')).events;

  it('gives its stamp and the bytes of its body', () => {
    expect(eventsOf(`type=SYSCALL msg=audit(1795332111.224:259080): ${call} comm="\xff"`)).toEqual([
      {
        kind: 'close',
        fd: 3,
        ms: 1795332111224,
        serial: 259080,
        caller: { ...nobody, tgid: 20, ppid: 1, comm: '\xff' },
      },
    ]);
  });

  it('names its host before it', () => {
    const lines = [`node=web-1 type=SYSCALL msg=audit(1.000:1): ${call}`, `type=SYSCALL msg=audit(1.000:1): ${call}`];
    const { calls } = decodedText(logDecoder('here'), lines.join('\n'));

    expect(calls.filter(([name]) => name === 'runStart')).toEqual([
      ['runStart', { run: 1, host: 'web-1', ms: 1000, serial: 1 }],
      ['runStart', { run: 2, host: 'here', ms: 1000, serial: 1 }],
    ]);
  });

  it('is kept as it was read but for auditd’s own part', () => {
    const lines = ['type=SYSCALL msg=audit(1.000:2): a\x1dARCH=x86_64 b', 'type=UNKNOWN[1399] msg=audit(1.000:2): c'];
    const { events } = decodedText(diagDecoder({ keepRecords: true }), lines.join('\n'), { keepLines: true });

    expect(events.map(({ lines: kept }) => kept)).toEqual([
      ['type=SYSCALL msg=audit(1.000:2): a', 'type=UNKNOWN[1399] msg=audit(1.000:2): c'],
    ]);
  });
});
