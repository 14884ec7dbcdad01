import { expect, it } from 'vitest';
import { recordType } from '../../src/audit/record-types.ts';
import { serialOfChange } from '../../src/kernel/change-serial.ts';
import { packed } from '../support/packed-records.ts';

const { configChange, syscall } = recordType;
const change = (stamp: string, what: string) => ({
  type: configChange,
  payload: `audit(${stamp}): ${what} auid=0 res=1`,
});
const [set, removed] = ['op=set audit_failure=0 old=0', 'op=remove_rule key="godo" list=4'];
const call = { type: syscall, payload: 'audit(1700000000.120:8): audit_failure=1' };
const sinceMs = 1_700_000_000_100;
const serialOf = (records: Parameters<typeof packed>[0]) => serialOfChange(packed(records), 'audit_failure', sinceMs);

it('the serial of a change of a setting is found among records of other changes and of calls', () => {
  const ours = change('1700000000.100:4294967295', set);
  expect(serialOf([change('1700000000.110:7', removed), call, ours, change('1700000000.120:9', set)])).toBe(
    4_294_967_295,
  );
});

it('one that was made before, and comes late, is not taken for it', () => {
  expect(serialOf([change('1700000000.099:6', set)])).toBeNull();
  expect(serialOf([change('1700000000.099:6', set), change('1700000000.100:9', set)])).toBe(9);
});

it('of none there is none', () => {
  expect(serialOf([])).toBeNull();
  expect(serialOf([change('1700000000.110:7', removed), call])).toBeNull();
  expect(serialOf([{ type: configChange, payload: `audit(: ${set}` }])).toBeNull();
});
