/** The text of the systemd unit. Pure. */

/** What the listener may have at most; see kernel/bounded-start.ts. DAC_OVERRIDE and SETPCAP it gives up by itself. */
const capabilities = [
  ...['CAP_AUDIT_CONTROL', 'CAP_AUDIT_READ', 'CAP_NET_ADMIN', 'CAP_SYS_PTRACE', 'CAP_DAC_READ_SEARCH'],
  ...['CAP_BPF', 'CAP_PERFMON', 'CAP_SETPCAP'],
].join(' ');

/**
 * `program`: the words that run godo. `options`: the listener's. Evidence goes to /var/lib/godo where they do not say
 * otherwise; folders elsewhere that they name must be added to ReadWritePaths.
 */
export function serviceUnit(program: readonly string[], options: readonly string[]): string {
  const command = (words: readonly string[]) => [...program, ...words].map(quoted).join(' ');
  return `[Unit]
Description=godo: which process, in which container, changed which file, and when
# Containers that run before it are found in /proc; what they did before that is not.
Before=docker.service containerd.service crio.service podman.service
After=local-fs.target
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart=${command(options)}
# After a crash: takes the audit rules out. There is nothing to be done after an orderly end.
ExecStopPost=${command(['cleanup'])}
Restart=always
RestartSec=2
TimeoutStartSec=120
TimeoutStopSec=120
WatchdogSec=60
# The listener alone is asked to end: its guardian ends with it.
KillMode=mixed
RuntimeDirectory=godo
RuntimeDirectoryMode=0700
# The note of what a listener that was cut off had found.
RuntimeDirectoryPreserve=yes
StateDirectory=godo
StateDirectoryMode=0700
UMask=0077
OOMScoreAdjust=-500
MemoryMax=1G
LimitNOFILE=65536
# Its memory holds evidence, and the database's password.
LimitCORE=0

CapabilityBoundingSet=${capabilities}
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_UNIX AF_NETLINK AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
# Not RestrictSUIDSGID=: it takes openat2 away, by which files of containers are looked up without leaving their root.
LockPersonality=yes
SystemCallArchitectures=native

[Install]
WantedBy=multi-user.target
`;
}

/** A word of a command line (systemd.service(5)): % and $ stand for themselves when they are doubled. */
function quoted(word: string): string {
  const plain = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  if (/^[\w@%+=:,./$-]+$/.test(plain)) return plain;
  const escaped = plain
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (mark) => {
      if (mark === '\n') return '\\n';
      const code = (mark.codePointAt(0) ?? 0).toString(16);
      return code.length > 2 || mark > '\u007f' ? `\\U${code.padStart(8, '0')}` : `\\x${code.padStart(2, '0')}`;
    });
  return `"${escaped}"`;
}
