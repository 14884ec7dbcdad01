/** Names and numbers of audit record types: linux/audit.h, and those that user space sends (audit-records). */

const names: Readonly<Record<number, string>> = {
  1006: 'LOGIN',
  1100: 'USER_AUTH',
  1101: 'USER_ACCT',
  1102: 'USER_MGMT',
  1103: 'CRED_ACQ',
  1104: 'CRED_DISP',
  1105: 'USER_START',
  1106: 'USER_END',
  1107: 'USER_AVC',
  1108: 'USER_CHAUTHTOK',
  1109: 'USER_ERR',
  1110: 'CRED_REFR',
  1111: 'USYS_CONFIG',
  1112: 'USER_LOGIN',
  1113: 'USER_LOGOUT',
  1114: 'ADD_USER',
  1115: 'DEL_USER',
  1116: 'ADD_GROUP',
  1117: 'DEL_GROUP',
  1123: 'USER_CMD',
  1124: 'USER_TTY',
  1127: 'SYSTEM_BOOT',
  1128: 'SYSTEM_SHUTDOWN',
  1129: 'SYSTEM_RUNLEVEL',
  1130: 'SERVICE_START',
  1131: 'SERVICE_STOP',
  1200: 'DAEMON_START',
  1201: 'DAEMON_END',
  1202: 'DAEMON_ABORT',
  1203: 'DAEMON_CONFIG',
  1205: 'DAEMON_ROTATE',
  1206: 'DAEMON_RESUME',
  1207: 'DAEMON_ACCEPT',
  1208: 'DAEMON_CLOSE',
  1209: 'DAEMON_ERR',
  1300: 'SYSCALL',
  1302: 'PATH',
  1303: 'IPC',
  1304: 'SOCKETCALL',
  1305: 'CONFIG_CHANGE',
  1306: 'SOCKADDR',
  1307: 'CWD',
  1309: 'EXECVE',
  1311: 'IPC_SET_PERM',
  1312: 'MQ_OPEN',
  1313: 'MQ_SENDRECV',
  1314: 'MQ_NOTIFY',
  1315: 'MQ_GETSETATTR',
  1316: 'KERNEL_OTHER',
  1317: 'FD_PAIR',
  1318: 'OBJ_PID',
  1319: 'TTY',
  1320: 'EOE',
  1321: 'BPRM_FCAPS',
  1322: 'CAPSET',
  1323: 'MMAP',
  1324: 'NETFILTER_PKT',
  1325: 'NETFILTER_CFG',
  1326: 'SECCOMP',
  1327: 'PROCTITLE',
  1328: 'FEATURE_CHANGE',
  1329: 'REPLACE',
  1330: 'KERN_MODULE',
  1331: 'FANOTIFY',
  1332: 'TIME_INJOFFSET',
  1333: 'TIME_ADJNTPVAL',
  1334: 'BPF',
  1335: 'EVENT_LISTENER',
  1336: 'URINGOP',
  1337: 'OPENAT2',
  1338: 'DM_CTRL',
  1339: 'DM_EVENT',
  1400: 'AVC',
  1401: 'SELINUX_ERR',
  1402: 'AVC_PATH',
  1403: 'MAC_POLICY_LOAD',
  1404: 'MAC_STATUS',
  1405: 'MAC_CONFIG_CHANGE',
  1700: 'ANOM_PROMISCUOUS',
  1701: 'ANOM_ABEND',
  1702: 'ANOM_LINK',
  1703: 'ANOM_CREAT',
};

/** The number of each name. */
export const recordTypeNumbers: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(names).map(([number, name]) => [name, Number(number)]),
);
const numbers = new Map(Object.entries(recordTypeNumbers));

/** `SYSCALL`, or `UNKNOWN[1999]` as auditd writes types it does not know. */
export function recordTypeName(type: number): string {
  return names[type] ?? `UNKNOWN[${type}]`;
}

/** null for a name that is neither known nor `UNKNOWN[n]`. */
export function recordTypeNumber(name: string): number | null {
  const number = numbers.get(name);
  if (number !== undefined) return number;
  const unknown = /^UNKNOWN\[(\d{1,5})\]$/.exec(name);
  // User-space names (USER_*, VIRT_*, CRYPTO_*, …) that are not in the table are whole events that we do not read.
  if (unknown?.[1] !== undefined) return Number(unknown[1]);
  return /^[A-Z][A-Z0-9_]+$/.test(name) ? unnamedType : null;
}

/** Stands for a well-formed type name that this table does not have. */
export const unnamedType = 0xffff;

export const recordType = {
  login: 1006,
  systemBoot: 1127,
  systemShutdown: 1128,
  syscall: 1300,
  path: 1302,
  cwd: 1307,
  execve: 1309,
  eoe: 1320,
  openat2: 1337,
  proctitle: 1327,
  /** The kernel asks whether we are still there; binary. */
  replace: 1329,
} as const;

/**
 * Whether a record of this type is a whole event by itself. Syscall events, with the records that accompany them
 * (1300…1399 but for those the kernel or user space sends alone, and the LSM range), end with EOE.
 */
export function standsAlone(type: number): boolean {
  if (type < 1300 || type >= 2100) return true;
  // Sent without a system call context: audit_log_config_change, lost/feature notices, tty input.
  return type === 1305 || type === 1319 || type === 1328 || type === 1316;
}

/** DAEMON_* records are auditd's own: their serials come from a counter of its own, not from the kernel's. */
export function isNumberedByDaemon(type: number): boolean {
  return type >= 1200 && type < 1300;
}
