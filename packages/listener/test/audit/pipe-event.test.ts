import { describe, expect, it } from 'vitest';
import { type Call, eventOf, pairRecord, shellCaller, stamp, syscallRecord } from '../support/audit-records.ts';
import { interpret } from '../support/interpreting.ts';

const told = (call: Call, pair?: string) =>
  interpret(eventOf(syscallRecord(call), ...(pair === undefined ? [] : [pairRecord(pair)])));

describe('a pipe', () => {
  const made = { kind: 'pipe', fds: [3, 12], closeOnExec: false, ...stamp, caller: shellCaller };
  const pipe2: Call = { name: 'pipe2', exit: 0, arguments: '7ffd8e5a0 80000 0 0' };

  it('is told with both its descriptors', () => {
    expect(told({ ...pipe2, arguments: '7ffd8e5a0 800 0 0' }, 'fd0=3 fd1=12')).toEqual(made);
    expect(told(pipe2, 'fd0=3 fd1=12')).toEqual({ ...made, closeOnExec: true });
    // An argument that the call does not have.
    expect(told({ ...pipe2, name: 'pipe' }, 'fd0=3 fd1=12')).toEqual(made);
    expect(told({ ...pipe2, arch: 'i386' }, 'fd0=3 fd1=12')).toEqual({ ...made, closeOnExec: true });
  });

  it('is none where it failed, or its descriptors are not told', () => {
    expect(told({ ...pipe2, exit: -24 }, 'fd0=3 fd1=12')).toBeNull();
    for (const body of [undefined, 'fd0=3', 'fd0=-1 fd1=4', 'fd0=x fd1=4', '']) {
      expect([body, told(pipe2, body)]).toEqual([body, null]);
    }
  });
});
