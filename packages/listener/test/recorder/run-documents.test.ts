import { type ChainDocument, isoTime, moment, type RawEntry } from '@godo/evidence';
import { describe, expect, it } from 'vitest';
import { Recorder } from '../../src/recorder/recorder.ts';
import {
  caller,
  checkpoint,
  close,
  exit,
  fork,
  loss,
  nsAt,
  open,
  sessionEnd,
  sessionStart,
  write,
} from '../support/events.ts';
import { closed, fileSession, record, recordFrom, runOrigin, sorted } from '../support/recording.ts';

const forked = fork(10, { tgid: 20, parentTgid: 1 });

describe('a run of the listener', () => {
  it('has a document for its start and one for its end', () => {
    const start = sessionStart({ rules: ['-a always,exit'], command: ['sh', '-c', 'x'] });
    const { sessions } = sorted(recordFrom(start, [sessionEnd(90)]));

    expect(sessions).toEqual([
      {
        _id: 'boot:run:1',
        ...runOrigin,
        ...moment(nsAt(0)),
        phase: 'start',
        mode: 'live',
        intake: 'unicast',
        kernel: '6.18.0',
        version: '0.1.0',
        rules: ['-a always,exit'],
        chained: true,
        command: ['sh', '-c', 'x'],
      },
      {
        _id: 'boot:run:1:end',
        ...runOrigin,
        ...moment(nsAt(90)),
        phase: 'end',
        mode: 'live',
        reason: 'SIGTERM',
        counters: { auditRecords: 7 },
        entry_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ]);
  });

  it('has a link for its start, one for what followed, and one that ends it', () => {
    const { sign, said } = { sign: (hash: string) => `signed ${hash.slice(0, 4)}`, said: [] as ChainDocument[] };
    const keep = (entry: RawEntry) => {
      if (entry.collection === 'chain') said.push(entry.document);
    };
    const recorder = new Recorder(keep, null, undefined, sign);
    for (const one of [sessionStart(), forked, sessionEnd(90)]) recorder.apply(one);

    const member = (id: string) => ({ collection: 'sessions', id, hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const second = Number(nsAt(10) / 1_000_000_000n);
    expect(said).toEqual([
      expect.objectContaining({ n: 1, members: [member('boot:run:1')], buckets: [], prev_entry_hash: null }),
      expect.objectContaining({
        n: 2,
        buckets: [expect.objectContaining({ collection: 'pids', from: second, to: second, count: 1 })],
        prev_entry_hash: said[0]?.entry_hash,
      }),
      expect.objectContaining({
        n: 3,
        members: [member('boot:run:1:end')],
        end: true,
        prev_entry_hash: said[1]?.entry_hash,
      }),
    ]);
    expect(said.map(({ entry_hash, signature }) => signature === sign(entry_hash))).toEqual([true, true, true]);
    expect(recorder.entryHash).toBe(said[2]?.entry_hash);
  });

  it('writes down at its end what is still open', () => {
    const { fds, files } = record(forked, open(20, 20), sessionEnd(90));
    const id = fileSession(20, 20, 10)._id;

    expect(fds).toEqual([
      fileSession(20, 20, 10, { _id: `${id}@${nsAt(90)}`, checkpointNs: nsAt(90), checkpoint: isoTime(nsAt(90)) }),
    ]);
    expect(files).toEqual([]);
  });

  it('begins with its start, once', () => {
    const recorder = new Recorder(() => undefined);

    expect(() => recorder.apply(forked)).toThrow('the first event must be session-start, not fork');
    recorder.apply(sessionStart());
    expect(() => recorder.apply(sessionStart())).toThrow('a second session-start');
  });

  it('knows what it holds', () => {
    const recorder = new Recorder(() => undefined);
    const counts = (count: number) => ({ unresolvedNames: count, losses: count });
    const nothing = { processes: 0, openFileSessions: 0, writesElsewhere: 0, writesUnresolved: 0 };
    expect(recorder.counters()).toEqual({ ...nothing, ...counts(0) });

    const unresolved = open(21, 20, { fd: 4, path: 'x', pathResolved: false, dirfd: 7 });
    const events = [forked, open(20, 20), unresolved, close(22, 20, 4), write(23, 20, 1, 5), loss(24)];
    for (const event of [sessionStart(), ...events]) recorder.apply(event);
    const some = { processes: 1, openFileSessions: 1, writesElsewhere: 0, writesUnresolved: 1 };
    expect(recorder.counters()).toEqual({ ...some, ...counts(1) });

    recorder.apply(exit(30, { tgid: 20 }));
    expect(recorder.counters()).toMatchObject({ processes: 0, openFileSessions: 0 });
  });
});

describe('a checkpoint', () => {
  it('writes down the sessions that changed since the last one, and no other', () => {
    const { fds } = record(
      forked,
      open(20, 20),
      open(21, 20, { fd: 4 }),
      checkpoint(30),
      checkpoint(40),
      write(45, 20, 4, 6),
      checkpoint(50),
      close(51, 20, 3),
      checkpoint(60),
    );

    expect(
      fds.map(({ _id, fileSessionId, writes }) => [_id.slice(fileSessionId.length), fileSessionId, writes.count]),
    ).toEqual([
      [`@${nsAt(30)}`, fileSession(20, 20, 10)._id, 0],
      [`@${nsAt(30)}`, fileSession(21, 20, 10)._id, 0],
      [`@${nsAt(50)}`, fileSession(21, 20, 10)._id, 1],
    ]);
  });

  it('does not come after the end of a session', () => {
    const { fds, files } = record(forked, open(20, 20), write(21, 20, 3, 1), close(22, 20, 3), checkpoint(30));

    expect(fds).toEqual([]);
    expect(files).toHaveLength(1);
    expect(files[0]).toMatchObject(closed(22, 'close'));
  });
});

describe('a loss', () => {
  it('is numbered in its run', () => {
    const facts = { source: 'audit-serial', from: '5', to: '7', count: 3, reason: '3 events never came.' };
    const { losses } = record(loss(5), loss(6, { severity: 'warning', ...facts }));

    expect(losses).toEqual([
      {
        _id: 'boot:run:1:loss:1',
        ...runOrigin,
        ...moment(nsAt(5)),
        severity: 'loss',
        source: 'audit-socket',
        from: null,
        to: null,
        count: null,
        reason: 'Records were lost.',
      },
      { _id: 'boot:run:1:loss:2', ...runOrigin, ...moment(nsAt(6)), severity: 'warning', ...facts },
    ]);
  });

  it('is made of an audit event whose end was not seen; the event counts all the same', () => {
    const { losses, files } = record(
      forked,
      open(20, 20, { incomplete: 'its end did not come in time' }),
      close(21, 20, 3),
    );

    expect(losses).toEqual([
      {
        _id: 'boot:run:1:loss:1',
        ...runOrigin,
        ...moment(nsAt(20)),
        severity: 'warning',
        source: 'reassembly',
        from: '20',
        to: '20',
        count: null,
        reason: 'Audit event 20 (open) may be incomplete: its end did not come in time.',
      },
    ]);
    expect(files).toHaveLength(1);
  });

  it('is made of one that is no event without what is missing, unless nothing would have been made of it', () => {
    const facts = { kind: 'other', ms: 20, caller: caller(20), incomplete: 'some of its records never came' } as const;
    const { losses } = record(forked, { ...facts, serial: 20, ofInterest: true }, { ...facts, serial: 21 });

    expect(losses.map(({ reason }) => reason)).toEqual([
      'Audit event 20, of which nothing is recorded, may be incomplete: some of its records never came.',
    ]);
  });
});
