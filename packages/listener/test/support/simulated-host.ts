/** A host that does random things, told by the two streams as the kernel tells them. */

import fc from 'fast-check';
import type { AuditEvent, ConnectorEvent } from '../../src/events.ts';
import { coarseClockMs } from '../../src/recorder/coarse-clock.ts';
import { became, cloned, close, dup, exec, exit, fork, open, write } from './events.ts';

export interface Told<E> {
  /** µs after the start at which the kernel did it. */
  readonly atUs: number;
  readonly event: E;
}

export interface HostStory {
  readonly connector: readonly Told<ConnectorEvent>[];
  readonly audit: readonly Told<AuditEvent>[];
}

type Action = 'open' | 'write' | 'close' | 'dup' | 'fork' | 'spawn' | 'job' | 'exec' | 'exit';
interface Step {
  readonly action: Action;
  /** Which of the living processes does it. */
  readonly who: number;
  readonly fd: number;
  readonly waitMs: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  action: fc.constantFrom<Action>(
    'open',
    'open',
    'write',
    'write',
    'write',
    'close',
    'dup',
    'fork',
    'spawn',
    'job',
    'job',
    'exec',
    'exit',
  ),
  who: fc.nat({ max: 20 }),
  fd: fc.integer({ min: 3, max: 6 }),
  waitMs: fc.integer({ min: 1, max: 60 }),
});

/** Numbers are not given out again: how soon the kernel may do that is another matter. */
export const hostStory: fc.Arbitrary<HostStory> = fc.array(step, { maxLength: 60 }).map(tell);

/** The clock that stamps audit records ticks every 4 ms. */
const stampMs = 4;

function tell(steps: readonly Step[]): HostStory {
  const connector: Told<ConnectorEvent>[] = [];
  const audit: Told<AuditEvent>[] = [];
  const alive = [100];
  let next = 101;
  let now = 10;
  let serial = 1000;
  const say = (event: ConnectorEvent) => connector.push({ atUs: now * 1000, event });
  const sayAudit = (make: (ms: number, fields: { serial: number }) => AuditEvent, entryMs = now) => {
    serial += 1;
    audit.push({ atUs: now * 1000, event: make(entryMs - (entryMs % stampMs), { serial }) });
  };
  // Half a millisecond on: no audit stamp is at the very moment of an exit.
  const end = (tgid: number) => {
    const whole = exit(now, { tgid });
    const half = 500_000n;
    const event = { ...whole, timeNs: whole.timeNs + half, monotonicNs: whole.monotonicNs + half };
    connector.push({ atUs: now * 1000 + 500, event });
    alive.splice(alive.indexOf(tgid), 1);
    // What others do to a file that they share with it within the lag of the stamps may have been before or after.
    now += coarseClockMs;
  };
  const forkFrom = (parent: number) => {
    const child = next;
    next += 1;
    say(fork(now, { tgid: child, parentTgid: parent }));
    alive.push(child);
    return child;
  };
  const execute = (tgid: number) => {
    say(became(now, { tgid }));
    sayAudit((ms, fields) => exec(ms, tgid, { ...fields, argv: [`program ${serial}`] }));
  };

  say(fork(now, { tgid: 100, parentTgid: 1 }));
  for (const { action, who, fd, waitMs } of steps) {
    now += waitMs;
    const tgid = alive[who % alive.length];
    if (tgid === undefined) break;
    switch (action) {
      case 'open':
        sayAudit((ms, fields) => open(ms, tgid, { ...fields, fd, closeOnExec: fd % 2 === 0 }));
        break;
      case 'write':
        sayAudit((ms, fields) => write(ms, tgid, fd, waitMs, fields));
        break;
      case 'close':
        sayAudit((ms, fields) => close(ms, tgid, fd, fields));
        break;
      case 'dup':
        sayAudit((ms, fields) => dup(ms, tgid, fd, 3 + (who % 4), fields));
        break;
      case 'fork': {
        const child = forkFrom(tgid);
        sayAudit((ms, fields) => cloned(ms, tgid, child, fields));
        break;
      }
      case 'spawn': {
        // vfork: the child executes before the parent's call returns.
        const entryMs = now;
        const child = forkFrom(tgid);
        now += 2;
        execute(child);
        now += 3;
        sayAudit((ms, fields) => cloned(ms, tgid, child, fields), entryMs);
        break;
      }
      case 'job': {
        // A child that writes one file and ends at once.
        const child = forkFrom(tgid);
        sayAudit((ms, fields) => cloned(ms, tgid, child, fields));
        now += 1;
        sayAudit((ms, fields) => open(ms, child, { ...fields, fd }));
        sayAudit((ms, fields) => write(ms, child, fd, waitMs, fields));
        now += 1;
        end(child);
        break;
      }
      case 'exec':
        execute(tgid);
        break;
      case 'exit':
        end(tgid);
        break;
    }
  }
  return { connector, audit };
}
