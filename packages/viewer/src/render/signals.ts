/** Names of Linux signals by number (asm-generic; the same on x86 and ARM): the host of the viewer may not be Linux. */
const names = [
  ...['', 'HUP', 'INT', 'QUIT', 'ILL', 'TRAP', 'ABRT', 'BUS', 'FPE', 'KILL', 'USR1', 'SEGV', 'USR2', 'PIPE', 'ALRM'],
  ...['TERM', 'STKFLT', 'CHLD', 'CONT', 'STOP', 'TSTP', 'TTIN', 'TTOU', 'URG', 'XCPU', 'XFSZ', 'VTALRM', 'PROF'],
  ...['WINCH', 'IO', 'PWR', 'SYS'],
];

export function signalName(signal: number): string {
  const name = names[signal];
  return name ? `SIG${name}` : `signal ${signal}`;
}
