/** What a listener cannot see on this host, known from the start, and what is not told because of it. Pure. */

/** What the kernel says, as far as it makes us blind. */
export interface Sight {
  /** 0 off, 1 on, 2 on and locked, as it was before we changed anything. */
  readonly enabled: number;
  /** pid of another living process that has the audit role; null: none has. */
  readonly roleOf: number | null;
  readonly taskNeverRules: number;
  /** Rules of others that hide calls or records from every listener. */
  readonly hidingRules: number;
  /** The kernel's command line. */
  readonly bootOptions: string;
  /** Node's process.arch. */
  readonly processor: string;
  /** Processes can use io_uring, and the kernel has no rules for what it does. */
  readonly hidesUring: boolean;
}

/** One sentence each, in the order of how much is not seen. */
export function blindSpots(sight: Sight): string[] {
  const spots: string[] = [];
  if (sight.enabled === 2) {
    spots.push(
      'The audit rules are locked (enabled=2): only what the loaded rules happen to record is seen, file writes most likely not.',
    );
  } else if (sight.roleOf !== null) {
    spots.push(
      `Another audit daemon (pid ${sight.roleOf}) holds the audit role: records are read from the multicast group, which drops records when we are slow.`,
    );
  }
  if (sight.enabled === 0) {
    spots.push(
      'Audit was off when the listener started: tasks that were forked before audit was first enabled since boot make no records, so their own execs and file writes are not seen; those of their later children are.',
    );
  } else if (!auditsFromBoot(sight.bootOptions)) {
    spots.push(
      'Audit was on already, but not from boot (audit=1): tasks that were forked before it was first enabled, init among them, make no records, so their own execs and file writes are not seen; those of their later children are.',
    );
  }
  if (sight.taskNeverRules > 0) {
    spots.push(
      `${sight.taskNeverRules} task,never rule(s) are loaded: tasks that match them when they are forked make no records, so their execs and file writes are not seen, even after the rules are removed.`,
    );
  }
  if (sight.hidingRules > 0) {
    spots.push(
      `${sight.hidingRules} rule(s) of others (never,exit or exclude) come before ours: what they match is not recorded, or not wholly.`,
    );
  }
  if (sight.processor === 'arm64') {
    spots.push(
      'System calls of 32-bit programs are not recorded on this processor: their execs and file writes are not seen.',
    );
  }
  if (sight.hidesUring) {
    spots.push(
      'The kernel has no audit rules for io_uring (Linux before 5.16): what processes open, rename, make or delete through it is not recorded; that they use it is.',
    );
  }
  return spots;
}

/** `audit=1` or `audit=on`; the last one counts (audit_enable in kernel/audit.c). */
function auditsFromBoot(bootOptions: string): boolean {
  const value = [...bootOptions.matchAll(/(?:^|\s)audit=(\S*)/g)].at(-1)?.[1];
  return value === '1' || value === 'on';
}
