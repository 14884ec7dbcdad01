import { describe, expect, it } from 'vitest';
import { formatLogLine, formatStamp, parseLogLine, parsePayload } from '../../src/audit/record.ts';
import { recordType, recordTypeName, recordTypeNumber, unnamedType } from '../../src/audit/record-types.ts';
import { fixtureLines, recordOf } from '../support/fixtures.ts';

describe('the payload of an audit message', () => {
  it('is a stamp in ms, a serial and a body without what ends the message', () => {
    const cwd = { type: recordType.cwd, ms: 1795332111224, serial: 259080 };

    expect(parsePayload(1307, 'audit(1795332111.224:259080): cwd="/srv"')).toEqual({ ...cwd, body: 'cwd="/srv"' });
    expect(parsePayload(1307, 'audit(1795332111.224:259080): cwd="/srv"\0')).toEqual({ ...cwd, body: 'cwd="/srv"' });
    expect(parsePayload(1307, 'audit(1795332111.224:259080): cwd="/srv"\n')).toEqual({ ...cwd, body: 'cwd="/srv"' });
  });

  it('may have no body at all, as the end of an event has not', () => {
    const end = { type: 1320, ms: 1795332111224, serial: 259080, body: '' };

    expect(parsePayload(1320, 'audit(1795332111.224:259080): ')).toEqual(end);
    expect(parsePayload(1320, 'audit(1795332111.224:259080):')).toEqual(end);
    expect(parsePayload(1320, 'audit(1795332111.224:259080)')).toEqual(end);
  });

  it('takes the serial up to the last that fits 32 bits', () => {
    expect(parsePayload(1320, 'audit(1.000:4294967295): ')).toMatchObject({ serial: 4294967295 });
    expect(parsePayload(1320, 'audit(1.000:4294967296): ')).toEqual({
      error: 'stamp not a number',
      raw: 'audit(1.000:4294967296): ',
    });
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
  ])('that is bad (%s) keeps its bytes: %j', (error, raw) => {
    expect(parsePayload(1300, raw)).toEqual({ error, raw });
  });
});

describe('a line of an audit.log', () => {
  it('names its type', () => {
    expect(parseLogLine('type=CWD msg=audit(1795332111.224:259080): cwd="/srv/example"')).toEqual({
      node: null,
      type: 1307,
      ms: 1795332111224,
      serial: 259080,
      body: 'cwd="/srv/example"',
    });
  });

  it('may name the host it came from', () => {
    expect(parseLogLine('node=web-1 type=CWD msg=audit(1795332111.224:259080): cwd="/"')).toEqual({
      node: 'web-1',
      type: 1307,
      ms: 1795332111224,
      serial: 259080,
      body: 'cwd="/"',
    });
  });

  it('ends where the interpretation that auditd adds begins', () => {
    const enriched = 'type=SYSCALL msg=audit(1.000:2): pid=3 uid=0 key="example"\x1dARCH=x86_64 UID="root" pid=4';

    expect(parseLogLine(enriched)).toMatchObject({ body: 'pid=3 uid=0 key="example"' });
  });

  it('may be of a type that has a number only, or a name that godo does not know', () => {
    expect(parseLogLine('type=UNKNOWN[1399] msg=audit(1.000:2): x')).toMatchObject({ type: 1399 });
    expect(parseLogLine('type=VIRT_CONTROL msg=audit(1.000:2): x')).toMatchObject({ type: unnamedType });
  });

  it.each([
    ['no type=', ''],
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
  ])('that is bad (%s) keeps its bytes, all of them: %j', (error, raw) => {
    expect(parseLogLine(raw)).toEqual({ error, raw });
  });

  it('is written as it was read', () => {
    const lines = [
      'open-name-not-utf8.log',
      'exec-empty-argument.log',
      'open-relative-to-directory-descriptor.log',
    ].flatMap(fixtureLines);

    expect(lines.map((line) => formatLogLine(recordOf(line)))).toEqual(lines);
  });

  it('is written as one line whatever bytes the record holds', () => {
    const record = { type: 1319, ms: 1000, serial: 2, body: 'data=a\nb\rc\0d\x1d' };

    expect(formatLogLine(record)).toBe('type=TTY msg=audit(1.000:2): data=a b c d\x1d');
  });

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
    const known = Array.from({ length: 1100 }, (_, index) => index + 1000);

    expect(known.map((type) => recordTypeNumber(recordTypeName(type)))).toEqual(known);
  });

  it('that is unknown is named as auditd names it', () => {
    expect([recordTypeName(1300), recordTypeName(1399)]).toEqual(['SYSCALL', 'UNKNOWN[1399]']);
  });
});
