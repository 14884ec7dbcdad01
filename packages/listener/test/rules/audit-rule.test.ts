import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AuditRule, encodeRule, isHiding, isTaskNever, keyOfRule, ruleField } from '../../src/rules/audit-rule.ts';

const rule: AuditRule = {
  list: 'exit',
  action: 'always',
  syscalls: [1, 257],
  conditions: [
    { field: 'arch', operator: '=', value: 0xc000003e },
    { field: 'a2', operator: '&', value: 0o1103 },
  ],
  first: false,
  key: 'godo',
};

/** A rule with string fields before its key, as auditctl makes for a watch. */
function withStrings(strings: readonly (readonly [field: number, text: string])[]): Uint8Array {
  const buffer = strings.map(([, text]) => text).join('');
  const bytes = Buffer.alloc(1040 + Buffer.byteLength(buffer));
  bytes.writeUInt32LE(strings.length, 8);
  strings.forEach(([field, text], index) => {
    bytes.writeUInt32LE(field, 12 + 256 + index * 4);
    bytes.writeUInt32LE(Buffer.byteLength(text), 12 + 512 + index * 4);
  });
  bytes.write(buffer, 1040);
  return bytes;
}

describe('an audit rule in binary form', () => {
  it('is struct audit_rule_data', () => {
    const bytes = Buffer.from(encodeRule(rule));
    const words = (offset: number, count: number) =>
      Array.from({ length: count }, (_, index) => bytes.readUInt32LE(offset + 4 * index));

    expect(bytes.length).toBe(1040 + 4);
    expect(words(0, 3)).toEqual([4, 2, 3]);
    expect(words(12, 64)).toEqual([2, 0, 0, 0, 0, 0, 0, 0, 2, ...Array(55).fill(0)]);
    expect(words(268, 4)).toEqual([11, 202, 210, 0]);
    expect(words(524, 4)).toEqual([0xc000003e, 0o1103, 4, 0]);
    expect(words(780, 4)).toEqual([0x40000000, 0x08000000, 0x40000000, 0]);
    expect(words(1036, 1)).toEqual([4]);
    expect(bytes.toString('utf8', 1040)).toBe('godo');
  });

  it('that never records and comes first has other words for that', () => {
    const bytes = Buffer.from(encodeRule({ ...rule, action: 'never', first: true }));

    expect([bytes.readUInt32LE(0), bytes.readUInt32LE(4)]).toEqual([4 | 0x10, 0]);
  });

  it('without system calls is for all of them, and names no class of them', () => {
    const bytes = Buffer.from(encodeRule({ ...rule, syscalls: [] }));

    expect(bytes.subarray(12, 268).equals(Buffer.concat([Buffer.alloc(254, 0xff), Buffer.alloc(2)]))).toBe(true);
  });

  it('has room for the numbers up to 2031: the bits behind it are classes', () => {
    expect(Buffer.from(encodeRule({ ...rule, syscalls: [2031] })).readUInt32LE(12 + 252)).toBe(0x8000);
    expect(() => encodeRule({ ...rule, syscalls: [2032] })).toThrow('system call number 2032 does not fit a rule');
  });

  it('of the exclude list has its conditions and no key', () => {
    const conditions = [{ field: 'msgtype', operator: '=', value: 1327 }] as const;
    const bytes = Buffer.from(encodeRule({ ...rule, list: 'exclude', action: 'never', conditions, key: null }));

    expect([0, 4, 8, 268, 272, 524, 780, 1036].map((at) => bytes.readUInt32LE(at))).toEqual([
      5, 0, 1, 12, 0, 1327, 0x40000000, 0,
    ]);
    expect(bytes.length).toBe(1040);
  });

  it('gives its key back', () => {
    const syscalls = fc.array(fc.nat({ max: 2031 }), { maxLength: 8 });
    const field = fc.constantFrom('pid', 'arch', 'success', 'a0', 'a1', 'a2', 'a3' as const);
    const operator = fc.constantFrom('=' as const, '&' as const);
    const conditions = fc.array(fc.record({ field, operator, value: fc.nat({ max: 0xffff_ffff }) }), { maxLength: 8 });
    fc.assert(
      fc.property(syscalls, conditions, fc.string({ unit: 'binary', maxLength: 64 }), (numbers, all, key) => {
        expect(keyOfRule(encodeRule({ ...rule, syscalls: numbers, conditions: all, key }))).toBe(key);
      }),
    );
  });
});

describe('the key of somebody else’s rule', () => {
  it('stands behind the strings of the fields before it', () => {
    const watch = withStrings([
      [105, '/etc/shadow'],
      [106, ''],
      [ruleField.key, 'identity'],
    ]);

    expect(keyOfRule(watch)).toBe('identity');
  });

  it('is none where there is no such field', () => {
    expect(keyOfRule(withStrings([[105, '/etc/shadow']]))).toBeNull();
    expect(keyOfRule(new Uint8Array(1040))).toBeNull();
  });

  it('is none where there is no whole rule, and no exception wherever it is cut', () => {
    const whole = withStrings([
      [105, '/etc/shadow'],
      [ruleField.key, 'identity'],
    ]);
    const cut = Array.from({ length: whole.length }, (_, length) => keyOfRule(whole.subarray(0, length)));

    expect(cut.slice(0, 1040)).toEqual(Array(1040).fill(null));
    expect(cut.includes('identity')).toBe(false);
  });
});

/** A rule of a list, with an action; the lists are 1 task, 4 exit, 5 exclude. */
function ruleOf(list: number, action: 'never' | 'always'): Uint8Array {
  const bytes = Buffer.alloc(1040);
  bytes.writeUInt32LE(list, 0);
  bytes.writeUInt32LE(action === 'never' ? 0 : 2, 4);
  return bytes;
}

describe('a rule that hides whole tasks', () => {
  it('is one of the task list that says never', () => {
    const rules = [ruleOf(1, 'never'), ruleOf(0x11, 'never'), ruleOf(1, 'always'), ruleOf(4, 'never')];

    expect(rules.map(isTaskNever)).toEqual([true, true, false, false]);
    expect(isTaskNever(new Uint8Array(4))).toBe(false);
  });
});

describe('a rule that hides calls or records', () => {
  it('is one of the exit list that says never, or any of the exclude list', () => {
    const hiding = [ruleOf(4, 'never'), ruleOf(0x14, 'never'), ruleOf(5, 'never'), ruleOf(5, 'always')];
    const others = [ruleOf(4, 'always'), ruleOf(1, 'never'), new Uint8Array(4)];

    expect(hiding.map(isHiding)).toEqual([true, true, true, true]);
    expect(others.map(isHiding)).toEqual([false, false, false]);
  });
});
