import { accessSync, constants } from 'node:fs';
import { type SyscallName, syscallNumber } from '../../src/audit/syscalls.ts';

export function findAuditctl(): string | null {
  for (const path of ['/usr/sbin/auditctl', '/sbin/auditctl']) {
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here.
    }
  }
  return null;
}

export interface CanonicalRule {
  readonly action: string;
  readonly syscalls: readonly (number | string)[];
  readonly conditions: readonly string[];
  readonly key: string | undefined;
}

const architecture = (arch: string | undefined) => {
  if (arch === 'b32') return 'i386';
  return process.arch === 'arm64' ? 'aarch64' : 'x86_64';
};

/** A rule as auditctl or describeRule prints it, free of the choices that the two make. */
export function canonicalRule(line: string): CanonicalRule {
  const [, action = ''] = /^-[aA] (\S+)/.exec(line) ?? [];
  const fields = [...line.matchAll(/-F ([a-z0-9]+)(!=|=|&)(\S+)/g)].map(([, name = '', operator = '', value = '']) => ({
    name,
    operator,
    value,
  }));
  const arch = fields.find(({ name }) => name === 'arch')?.value;
  const [, calls = ''] = /-S (\S+)/.exec(line) ?? [];
  const key = fields.find(({ name }) => name === 'key')?.value ?? /-k (\S+)/.exec(line)?.[1];
  return {
    action,
    syscalls: calls
      .split(',')
      .map((call) => numberOf(call, arch))
      .sort((a, b) => String(a).localeCompare(String(b))),
    conditions: fields
      .filter(({ name }) => name !== 'key')
      .map(({ name, operator, value }) => `${name}${operator}${name === 'arch' ? value : numeric(value)}`),
    key,
  };
}

function numberOf(call: string, arch: string | undefined): number | string {
  if (call === 'all') return call;
  if (/^\d+$/.test(call)) return Number(call);
  // auditctl has the C library's name for it on some architectures.
  const name = call === 'pwrite' ? 'pwrite64' : call;
  return syscallNumber(architecture(arch), name as SyscallName) ?? `unknown ${call}`;
}

/** 0x is hexadecimal, a leading 0 octal, as in C; auditctl knows errors by name. */
function numeric(value: string): number | string {
  if (value.startsWith('/')) return value;
  if (value === '-EBADF') return -9;
  return Number(/^0[0-7]+$/.test(value) ? `0o${value}` : value);
}
