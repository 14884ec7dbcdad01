/** Which capabilities this process has, and what the missing ones are needed for. */

import { readFileSync } from 'node:fs';

/** Bit numbers of linux/capability.h. */
const needed = [
  { name: 'CAP_AUDIT_CONTROL', bit: 30, purpose: 'to load audit rules' },
  { name: 'CAP_AUDIT_READ', bit: 37, purpose: 'to read audit records beside another daemon' },
  { name: 'CAP_NET_ADMIN', bit: 12, purpose: 'to subscribe to process events' },
  { name: 'CAP_SYS_PTRACE', bit: 19, purpose: 'to read /proc of other users' },
  { name: 'CAP_DAC_READ_SEARCH or CAP_DAC_OVERRIDE', bit: [1, 2], purpose: 'to read /proc of other users' },
] as const;

export interface MissingCapability {
  readonly name: string;
  readonly purpose: string;
}

/** `status` is the text of /proc/self/status. */
export function missingCapabilities(status: string): MissingCapability[] {
  const hex = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  const effective = BigInt(`0x${hex ?? '0'}`);
  const has = (bit: number) => ((effective >> BigInt(bit)) & 1n) === 1n;
  return needed
    .filter(({ bit }) => !(typeof bit === 'number' ? [bit] : bit).some(has))
    .map(({ name, purpose }) => ({ name, purpose }));
}

/** One sentence for a person, or null when nothing is missing. */
export function missingSentence(missing: readonly MissingCapability[], command: string): string | null {
  if (missing.length === 0) return null;
  const list = missing.map(({ name, purpose }) => `${name} (${purpose})`).join(', ');
  return `${command} must run as root: it lacks ${list}; nothing was changed.`;
}

export function ownStatus(): string {
  return readFileSync('/proc/self/status', 'utf8');
}
