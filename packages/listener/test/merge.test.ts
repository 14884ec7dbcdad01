import { describe, expect, it } from 'vitest';
import type { PipelineEvent } from '../src/events.ts';
import { exitGraceUs, Merge, sharedExitGraceUs } from '../src/merge.ts';
import { baseMs, close, exit, fork, loss, rescan, snapshot, write } from './support/events.ts';

function mergeInto() {
  const applied: PipelineEvent[] = [];
  return { applied, merge: new Merge((event) => applied.push(event)) };
}

const forked = fork(10, { tgid: 20, parentTgid: 1 });
const wrote = write(20, 20, 3, 6);
const ended = exit(30, { tgid: 20 });

describe('an audit event', () => {
  it('waits until the connector was found empty after it had arrived', () => {
    const { applied, merge } = mergeInto();

    expect(merge.audit({ arrivalUs: 500, drainedUs: null, events: [wrote] })).toBe(0);
    expect(merge.connector({ arrivalUs: 400, drainedUs: 499, events: [forked] })).toBe(0);
    expect(applied).toEqual([forked]);
    expect(merge.waitingAudit).toBe(1);

    expect(merge.connector({ arrivalUs: 400, drainedUs: 500, events: [] })).toBe(1);
    expect(applied).toEqual([forked, wrote]);
    expect(merge.waitingAudit).toBe(0);
  });

  it('does not wait where the connector is that far already', () => {
    const { applied, merge } = mergeInto();

    merge.connector({ arrivalUs: 0, drainedUs: 1000, events: [] });
    expect(merge.audit({ arrivalUs: 1000, drainedUs: null, events: [wrote] })).toBe(1);
    expect(applied).toEqual([wrote]);
  });

  it('does not overtake those that arrived before it, nor a loss among them', () => {
    const { applied, merge } = mergeInto();
    const lost = loss(15);
    const closed = close(40, 20, 3);

    merge.audit({ arrivalUs: 500, drainedUs: null, events: [wrote, lost] });
    merge.audit({ arrivalUs: 900, drainedUs: null, events: [closed] });
    expect(merge.connector({ arrivalUs: 0, drainedUs: 899, events: [] })).toBe(1);
    expect(merge.connector({ arrivalUs: 0, drainedUs: 900, events: [] })).toBe(1);

    expect(applied).toEqual([wrote, lost, closed]);
  });

  it('waits no longer once the connector has ended', () => {
    const { applied, merge } = mergeInto();

    merge.audit({ arrivalUs: 900, drainedUs: null, events: [wrote] });
    merge.connector({ arrivalUs: 800, drainedUs: 700, events: [forked] });
    expect(merge.connectorEnded()).toBe(1);
    expect(merge.audit({ arrivalUs: 1000, drainedUs: null, events: [] })).toBe(1);

    expect(applied).toEqual([forked, wrote]);
  });

  it('is not held up by a drain that is reported late', () => {
    const { applied, merge } = mergeInto();

    merge.connector({ arrivalUs: 0, drainedUs: 1000, events: [] });
    merge.connector({ arrivalUs: 0, drainedUs: 700, events: [] });
    merge.audit({ arrivalUs: 900, drainedUs: null, events: [wrote] });

    expect(applied).toEqual([wrote]);
  });
});

describe('an exit', () => {
  const arrivalUs = 1_000;

  function withExit() {
    const made = mergeInto();
    made.merge.connector({ arrivalUs, drainedUs: 1_000_000, events: [forked, ended] });
    return made;
  }

  it('waits for the calls that the process made before', () => {
    const { applied, merge } = withExit();

    merge.audit({ arrivalUs: 2_000, drainedUs: null, events: [wrote] });

    expect(applied).toEqual([forked, wrote]);
    expect(merge.waitingExits).toBe(1);
  });

  it('is told when the audit socket was empty a grace after it had arrived', () => {
    const { applied, merge } = withExit();

    merge.audit({ arrivalUs: 2_000, drainedUs: arrivalUs + exitGraceUs - 1, events: [wrote] });
    expect(applied).toEqual([forked, wrote]);

    merge.audit({ arrivalUs: 3_000, drainedUs: arrivalUs + exitGraceUs, events: [] });
    expect(applied).toEqual([forked, wrote, ended]);
    expect(merge.waitingExits).toBe(0);
  });

  it('waits longer where another daemon, which may be slow, is told before us', () => {
    const applied: PipelineEvent[] = [];
    const merge = new Merge(
      (event) => applied.push(event),
      () => sharedExitGraceUs,
    );
    merge.connector({ arrivalUs: 1_000, drainedUs: 1_000, events: [forked, ended] });

    merge.audit({ arrivalUs: 1_000, drainedUs: 1_000 + sharedExitGraceUs - 1, events: [wrote] });
    expect(applied).toEqual([forked, wrote]);

    merge.audit({ arrivalUs: 1_000, drainedUs: 1_000 + sharedExitGraceUs, events: [] });
    expect(applied).toEqual([forked, wrote, ended]);
  });

  it('is told when an audit event was seen that surely began after it, and not by one of the same moment', () => {
    const { applied, merge } = withExit();
    const same = write(31, 99, 1, 1);
    const later = write(32, 99, 1, 1);

    merge.audit({ arrivalUs: 2_000, drainedUs: null, events: [wrote, same] });
    expect(applied).toEqual([forked, wrote, same]);

    merge.audit({ arrivalUs: 3_000, drainedUs: null, events: [later] });
    expect(applied).toEqual([forked, wrote, same, later, ended]);
  });

  it('is not told by an audit event that arrived before it, as one from before a step of the clock', () => {
    const { applied, merge } = mergeInto();

    merge.audit({ arrivalUs: 900, drainedUs: null, events: [write(5000, 99, 1, 1)] });
    merge.connector({ arrivalUs, drainedUs: 1_000_000, events: [forked, ended] });

    expect(applied).not.toContain(ended);
  });

  it('is not told by the time of a loss', () => {
    const { applied, merge } = withExit();

    merge.audit({ arrivalUs: 2_000, drainedUs: null, events: [loss(5000)] });

    expect(applied).not.toContain(ended);
  });

  it('comes before the fork that gives its number out again', () => {
    const { applied, merge } = withExit();
    const other = exit(31, { tgid: 50 });
    const again = fork(40, { tgid: 20, parentTgid: 1 });

    merge.connector({ arrivalUs: 2_000, drainedUs: 1_000_000, events: [other, again] });

    expect(applied).toEqual([forked, ended, again]);
    expect(merge.waitingExits).toBe(1);
  });

  it('of every thread comes before the fork that gives the number out again', () => {
    const { applied, merge } = mergeInto();
    const thread = exit(30, { tgid: 20, pid: 21 });
    const leader = exit(31, { tgid: 20 });
    const again = fork(40, { tgid: 20, parentTgid: 1 });

    merge.connector({ arrivalUs, drainedUs: 1_000, events: [thread, leader, again] });

    expect(applied).toEqual([thread, leader, again]);
  });

  it('does not come before a new thread of the same number of process', () => {
    const { applied, merge } = withExit();
    const thread = fork(40, { tgid: 20, pid: 22, parentTgid: 1 });

    merge.connector({ arrivalUs: 2_000, drainedUs: 1_000_000, events: [thread] });

    expect(applied).toEqual([forked, thread]);
  });
});

it('at the end nothing waits any longer: audit events first, then exits', () => {
  const { applied, merge } = mergeInto();

  merge.connector({ arrivalUs: 1000, drainedUs: 0, events: [forked, ended] });
  merge.audit({ arrivalUs: 2000, drainedUs: null, events: [wrote] });
  expect(applied).toEqual([forked]);

  expect(merge.finish()).toBe(1);
  expect(applied).toEqual([forked, wrote, ended]);
  expect([merge.waitingAudit, merge.waitingExits]).toEqual([0, 0]);
});

it('the stamps of audit are compared with the epoch time of the exit', () => {
  expect(wrote.ms - baseMs).toBe(20);
  expect(ended.timeNs / 1_000_000n - BigInt(baseMs)).toBe(30n);
});

it('the merge tells since when the oldest exit waits', () => {
  const { merge } = mergeInto();
  const before = merge.exitsWaitSinceUs;
  merge.connector({ arrivalUs: 400, drainedUs: 400, events: [ended] });
  merge.connector({ arrivalUs: 500, drainedUs: 500, events: [exit(31, { tgid: 21 })] });
  const waiting = merge.exitsWaitSinceUs;
  merge.finish();

  expect([before, waiting, merge.exitsWaitSinceUs]).toEqual([null, 400, null]);
});

describe('a look through /proc', () => {
  it('tells who is gone only after the exits that came before it', () => {
    const { applied, merge } = mergeInto();
    const seen = snapshot(35, { tgid: 50, again: true });
    const end = rescan(40, [50]);

    merge.connector({ arrivalUs: 0, drainedUs: 0, events: [forked, ended, seen, end] });
    expect(applied).toEqual([forked, seen]);
    merge.audit({ arrivalUs: 100, drainedUs: exitGraceUs, events: [] });
    merge.connector({ arrivalUs: 0, drainedUs: 100, events: [] });

    expect(applied).toEqual([forked, seen, ended, end]);
  });

  it('shows another life of a number after the exit of the one before', () => {
    const { applied, merge } = mergeInto();
    const seen = snapshot(35, { tgid: 20, again: true });

    merge.connector({ arrivalUs: 0, drainedUs: 0, events: [forked, ended, seen] });

    expect(applied).toEqual([forked, ended, seen]);
  });
});
