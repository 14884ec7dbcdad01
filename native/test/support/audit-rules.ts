// struct audit_rule_data of include/uapi/linux/audit.h.
const fixedBytes = 1040;
const filterExit = 4;
const actionAlways = 2;
const equal = 0x40000000;
const field = { pid: 0, arch: 11, ppid: 18, filterKey: 210 } as const;

interface Architecture {
  audit: number;
  execve: number;
  mount: number;
  write: number;
}

const architectures: Readonly<Record<string, Architecture>> = {
  x64: { audit: 0xc000003e, execve: 59, mount: 165, write: 1 },
  arm64: { audit: 0xc00000b7, execve: 221, mount: 40, write: 64 },
};

export const testKey = 'godo-native-test';

/** An exit,always rule for one system call of the native architecture, narrowed by a pid or ppid, with our key. */
export function exitRule(syscall: 'execve' | 'mount' | 'write', only: { pid: number } | { ppid: number }): Uint8Array {
  const architecture = architectures[process.arch];
  if (architecture === undefined) throw new Error(`no system call numbers for ${process.arch}`);
  const key = Buffer.from(testKey);
  const rule = Buffer.alloc(fixedBytes + key.length);
  const fields = [
    [field.arch, architecture.audit],
    'pid' in only ? [field.pid, only.pid] : [field.ppid, only.ppid],
    [field.filterKey, key.length],
  ] as const;
  rule.writeUInt32LE(filterExit, 0);
  rule.writeUInt32LE(actionAlways, 4);
  rule.writeUInt32LE(fields.length, 8);
  const number = architecture[syscall];
  rule.writeUInt32LE((1 << (number % 32)) >>> 0, 12 + 4 * Math.floor(number / 32));
  fields.forEach(([name, value], index) => {
    rule.writeUInt32LE(name, 268 + 4 * index);
    rule.writeUInt32LE(value, 524 + 4 * index);
    rule.writeUInt32LE(equal, 780 + 4 * index);
  });
  rule.writeUInt32LE(key.length, 1036);
  key.copy(rule, fixedBytes);
  return new Uint8Array(rule);
}

export function isTestRule(rule: Uint8Array): boolean {
  return Buffer.from(rule).subarray(fixedBytes).includes(testKey);
}
