import { describe, expect, it } from 'vitest';
import { formatStamp } from '../../src/audit/record.ts';
import { recordTypeName, recordTypeNumbers } from '../../src/audit/record-types.ts';
import { decodingFor } from '../support/decoding.ts';
import { replayLog } from '../support/replaying.ts';

/** What a record of the kernel with this payload is: bytes that could not be read, with the reason. */
function badOf(payload: string) {
  const decoding = decodingFor();
  decoding.pushPackets([{ type: 1300, payload }]);
  return decoding.bad.map(({ error, type, hex }) => [error, type, Buffer.from(hex, 'hex').toString('latin1')]);
}

const write = 'arch=c000003e syscall=1 success=yes exit=6 a0=3 items=0 ppid=1 pid=20 uid=0 comm="sh" exe="/bin/sh"';

/** Stamps and descriptors of the writes that records with these payloads tell of. */
function writesOf(...payloads: string[]) {
  const decoding = decodingFor();
  decoding.pushPackets(payloads.map((payload) => ({ type: 1300, payload })));
  decoding.finish();
  return decoding.events.map((event) => [event.ms, event.serial, event.kind === 'write' && event.fd]);
}

describe('the payload of an audit message', () => {
  it('is a stamp in ms, a serial and a body without what ends the message', () => {
    for (const end of ['', '\0', '\n']) {
      expect(writesOf(`audit(1795332111.224:259080): ${write}${end}`)).toEqual([[1795332111224, 259080, 3]]);
    }
  });

  it('may have no body at all, as the end of an event has not', () => {
    for (const payload of ['audit(1.000:2): ', 'audit(1.000:2):', 'audit(1.000:2)']) expect(badOf(payload)).toEqual([]);
  });

  it('has a stamp up to the last whose ns fit 64 bits', () => {
    expect(writesOf(`audit(9223372035.854:1): ${write}`)).toEqual([[9223372035854, 1, 3]]);
  });

  it('takes the serial up to the last that fits 32 bits', () => {
    expect(writesOf(`audit(1.000:4294967295): ${write}`)).toEqual([[1000, 4294967295, 3]]);
    expect(badOf('audit(1.000:4294967296): ')).toEqual([['stamp not a number', 1300, 'audit(1.000:4294967296): ']]);
  });

  it.each([
    ['no audit( stamp', ''],
    ['no audit( stamp', 'cwd="/srv"'],
    ['no audit( stamp', ' audit(1.000:1): '],
    ['stamp not complete', 'audit('],
    ['stamp not complete', 'audit(1795332111'],
    ['stamp not complete', 'audit(1795332111.224:259080 cwd="/srv"'],
    ['stamp not a number', 'audit(1795332111.22:259080): '],
    ['stamp not a number', 'audit(.224:259080): '],
    ['stamp not a number', 'audit(1795332111.224:): '],
    ['stamp not a number', 'audit(1795332111.224:-1): '],
    ['stamp not a number', 'audit(17953321112345678.224:1): '],
    ['stamp not a number', 'audit(9223372036.000:1): '],
  ])('that is bad (%s) keeps its bytes: %j', (error, raw) => {
    expect(badOf(raw)).toEqual([[error, 1300, raw]]);
  });
});

describe('a line of an audit.log', () => {
  const good = `type=SYSCALL msg=audit(1.000:1): ${write}`;
  const reasonsOf = (line: string) =>
    replayLog([good, line])
      .losses.map(({ reason }) => reason)
      .filter((reason) => reason.startsWith('Line 2'));

  it('ends where the interpretation that auditd adds begins', () => {
    const enriched = `type=SYSCALL msg=audit(1.000:2): ${write}\x1dARCH=x86_64 UID="root" pid=4`;

    expect(replayLog([enriched]).pids.map(({ tgid }) => tgid)).toContain(20);
  });

  it('may be of a type that has a number only, or a name that godo does not know', () => {
    expect(reasonsOf('type=UNKNOWN[1399] msg=audit(1.000:2): x')).toEqual([]);
    expect(reasonsOf('type=VIRT_CONTROL msg=audit(1.000:2): x')).toEqual([]);
  });

  it.each([
    ['no type=', 'Nov 22 07:00:00 host kernel: audit: backlog limit exceeded'],
    ['no type=', ' type=CWD msg=audit(1.000:2): '],
    ['node= alone', 'node=web-1'],
    ['no type=', 'node=web-1 msg=audit(1.000:2): '],
    ['no msg=', 'type=CWD'],
    ['no msg=', 'type=CWD audit(1.000:2): cwd="/"'],
    ['unknown record type', 'type=cwd msg=audit(1.000:2): '],
    ['unknown record type', 'type=UNKNOWN[] msg=audit(1.000:2): '],
    ['unknown record type', 'type= msg=audit(1.000:2): '],
    ['no audit( stamp', 'type=CWD msg=1.000:2: '],
    ['stamp not complete', 'node=web-1 type=CWD msg=audit(1.000\x1d:2): '],
    ['no audit( stamp', 'type=CWD msg=\xff\xfe\0'],
  ])('that is bad (%s) keeps its bytes: %j', (error, raw) => {
    const hex = Buffer.from(raw, 'latin1').toString('hex');

    expect(reasonsOf(raw)).toEqual([`Line 2 could not be read (${error}): ${hex} (hex).`]);
  });
});

describe('a stamp', () => {
  it('has milliseconds of three digits', () => {
    expect([formatStamp(1795332111004, 7), formatStamp(999, 7), formatStamp(0, 4294967295)]).toEqual([
      '1795332111.004:7',
      '0.999:7',
      '0.000:4294967295',
    ]);
  });
});

describe('a record type', () => {
  it('has one name and one number', () => {
    expect(Object.values(recordTypeNumbers).map(recordTypeName)).toEqual(Object.keys(recordTypeNumbers));
  });

  it('that is unknown is named as auditd names it', () => {
    expect([recordTypeName(1300), recordTypeName(1399)]).toEqual(['SYSCALL', 'UNKNOWN[1399]']);
  });
});
