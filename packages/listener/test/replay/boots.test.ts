import { rawDocumentOf } from '@godo/evidence';
import { describe, expect, it } from 'vitest';
import { loggedClose, loggedExec, loggedNotice, loggedOpen, loggedWrite, onNode } from '../support/log-lines.ts';
import { replayLog } from '../support/replaying.ts';

type Replayed = ReturnType<typeof replayLog>;

const minute = 60_000;
const shell = { pid: 20, ppid: 10 };
const before = [
  ...loggedOpen({ ms: 10, serial: 50_000, ...shell }, 3, 'out'),
  ...loggedWrite({ ms: 11, serial: 50_001, ...shell }, 3, 6),
];
const after = (ms: number, serial: number) => [
  ...loggedExec({ ms, serial, ...shell }, 'sh'),
  ...loggedWrite({ ms: ms + 1, serial: serial + 1, ...shell }, 3, 7),
];

const runs = ({ sessions }: Replayed) =>
  sessions.map(({ host, phase, reason, time }) => [host, phase, reason, time.slice(11, 23)]);
const bootsOf = ({ sessions }: Replayed) => new Set(sessions.map(({ bootId }) => bootId)).size;

describe('a boot inside an audit.log', () => {
  it('is known by its SYSTEM_BOOT record, and nothing of the two boots is the same', () => {
    const replayed = replayLog([
      ...before,
      ...loggedNotice('SYSTEM_BOOT', minute, 40_000),
      ...after(minute + 9, 40_001),
    ]);

    expect(runs(replayed)).toEqual([
      ['host-1', 'start', undefined, '22:13:20.010'],
      ['host-1', 'end', 'reboot', '22:13:20.011'],
      ['host-1', 'start', undefined, '22:14:20.000'],
      ['host-1', 'end', 'end-of-input', '22:14:20.010'],
    ]);
    expect(bootsOf(replayed)).toBe(2);
    const ids = replayed.entries.map((entry) => rawDocumentOf(entry)._id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { bootId, key, parentKey } of replayed.pids) {
      expect(key.startsWith(`${bootId}:`)).toBe(true);
      expect(parentKey?.startsWith(`${bootId}:`) ?? true).toBe(true);
    }
    expect(replayed.fds.map(({ path, writes }) => [path, writes.bytes])).toEqual([['/srv/out', 6]]);
    expect(replayed.losses).toEqual([]);
  });

  it('is known by serials that begin again', () => {
    const replayed = replayLog([...before, ...after(minute, 7)]);

    expect(runs(replayed).map(([, phase, reason]) => [phase, reason])).toEqual([
      ['start', undefined],
      ['end', 'reboot'],
      ['start', undefined],
      ['end', 'end-of-input'],
    ]);
    expect(bootsOf(replayed)).toBe(2);
    expect(replayed.losses).toEqual([]);
  });

  it('is one boot when the serials begin again and its SYSTEM_BOOT follows', () => {
    const replayed = replayLog([
      ...before,
      ...loggedNotice('SERVICE_START', minute, 5),
      ...loggedNotice('SYSTEM_BOOT', minute + 2000, 6),
      ...after(minute + 3000, 7),
    ]);

    expect(bootsOf(replayed)).toBe(2);
  });

  it('is the only one of a log that begins with it', () => {
    const replayed = replayLog([
      ...loggedNotice('DAEMON_START', 500, 8001),
      ...loggedNotice('SERVICE_START', 10, 5),
      ...loggedNotice('SYSTEM_BOOT', 600, 6),
      ...after(3000, 7),
    ]);

    expect(bootsOf(replayed)).toBe(1);
  });

  it.each([
    ['a shutdown', loggedNotice('SYSTEM_SHUTDOWN', 4000, 9)],
    ['a SYSTEM_BOOT', loggedNotice('SYSTEM_BOOT', 2000, 6)],
  ])('is another one after %s, however low the serials are', (_what, notice) => {
    const replayed = replayLog([
      ...loggedNotice('SERVICE_START', 10, 5),
      ...notice,
      ...loggedNotice('SYSTEM_BOOT', minute, 20),
    ]);

    expect(bootsOf(replayed)).toBe(2);
  });

  it('is known where auditd, which starts later than the kernel, speaks first', () => {
    const replayed = replayLog([...before, ...loggedNotice('DAEMON_START', 2 * minute, 4711), ...after(minute, 7)]);

    expect(bootsOf(replayed)).toBe(2);
    expect(runs(replayed)[1]?.[3]).toBe('22:13:20.011');
  });

  it('is as often as there are boots', () => {
    const replayed = replayLog([
      ...before,
      ...after(minute, 7),
      ...loggedClose({ ms: 2 * minute, serial: 900, ...shell }, 9),
      ...after(3 * minute, 7),
    ]);

    expect(bootsOf(replayed)).toBe(3);
  });

  it('is one of that host only', () => {
    const replayed = replayLog([
      ...onNode('a', before),
      ...onNode('b', before),
      ...onNode('a', after(minute, 7)),
      ...onNode('b', loggedClose({ ms: minute, serial: 50_002, ...shell }, 3)),
      'rubbish',
    ]);

    expect(runs(replayed).map(([host, phase, reason]) => [host, phase, reason])).toEqual([
      ['a', 'start', undefined],
      ['b', 'start', undefined],
      ['a', 'end', 'reboot'],
      ['a', 'start', undefined],
      ['a', 'end', 'end-of-input'],
      ['b', 'end', 'end-of-input'],
    ]);
    expect(replayed.losses.map(({ host, source }) => [host, source])).toEqual([['a', 'audit-record']]);
    const ends = replayed.entries.findLastIndex(({ collection }) => collection === 'losses');
    expect(ends).toBeLessThan(
      replayed.entries.findIndex(
        (entry) => 'document' in entry && 'reason' in entry.document && entry.document.reason === 'end-of-input',
      ),
    );
  });
});

describe('no boot', () => {
  it.each([
    ['lines out of order', [...after(1900, 60_000), ...before]],
    ['low serials out of order', [...after(1500, 40), ...after(300, 12)]],
    ['the wrap of the serial at 2^32', [...after(10, 4294967290), ...after(minute, 3)]],
    ['a clock that was set back', [...before, ...after(-10 * minute, 50_002)]],
    ['a record of auditd itself', [...before, ...loggedNotice('DAEMON_ROTATE', minute, 12)]],
    ['lower serials that are not those of a start', [...before, ...after(minute, 24_000)]],
  ])('is %s', (_what, lines) => {
    expect(bootsOf(replayLog(lines))).toBe(1);
  });
});

it('losses of two hosts in one log have ids of their own', () => {
  const gap = [...before, ...loggedClose({ ms: 20, serial: 50_010, ...shell }, 3)];
  const { losses } = replayLog([...onNode('a', gap), ...onNode('b', gap), 'rubbish']);

  expect(losses.map(({ host, source }) => [host, source])).toEqual([
    ['a', 'audit-record'],
    ['a', 'audit-serial'],
    ['b', 'audit-serial'],
  ]);
  expect(new Set(losses.map(({ _id }) => _id)).size).toBe(3);
});
