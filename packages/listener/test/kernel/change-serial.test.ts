import { expect, it } from 'vitest';
import { recordType } from '../../src/audit/record-types.ts';
import { serialOfChange } from '../../src/kernel/change-serial.ts';
import { packed } from '../support/packed-records.ts';

const { configChange, syscall } = recordType;
const removed = { type: configChange, payload: 'audit(1.000:7): auid=0 op=remove_rule key="godo" list=4 res=1' };
const set = { type: configChange, payload: 'audit(1.000:4294967295): op=set audit_failure=0 old=0 auid=0 res=1' };
const call = { type: syscall, payload: 'audit(1.000:8): audit_failure=1' };

it('the serial of a change of a setting is found among records of other changes and of calls', () => {
  expect(
    serialOfChange(
      packed([removed, call, set, { ...set, payload: 'audit(1.000:9): audit_failure=1' }]),
      'audit_failure',
    ),
  ).toBe(4_294_967_295);
});

it('of none there is none', () => {
  expect(serialOfChange(packed([removed, call]), 'audit_failure')).toBeNull();
  expect(serialOfChange(packed([{ ...set, payload: 'audit(' }]), 'audit_failure')).toBeNull();
  expect(serialOfChange(new Uint8Array(), 'audit_failure')).toBeNull();
});
