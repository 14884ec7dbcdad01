import type { ProcFiles } from '../../src/proc/proc-files.ts';

/** A /proc of the given files and links, by path below it. A list is what successive readings find. */
export function fakeProc(
  files: Readonly<Record<string, string | readonly (string | null)[]>>,
  links: Readonly<Record<string, string>> = {},
): ProcFiles {
  const readings = new Map<string, number>();
  return {
    read(path) {
      const content = files[path];
      if (content === undefined || typeof content === 'string') return content ?? null;
      const reading = readings.get(path) ?? 0;
      readings.set(path, reading + 1);
      return content[Math.min(reading, content.length - 1)] ?? null;
    },
    link: (path) => links[path] ?? null,
  };
}

/** /proc/PID/stat with what is read of it; the rest as Linux 6 has it. */
export function stat(pid: number, comm: string, ppid: number, startTicks: number): string {
  const between = '20 20 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0';
  return `${pid} (${comm}) S ${ppid} ${between} ${startTicks} 2834432 210 18446744073709551615 1 1 0 0 0\n`;
}
