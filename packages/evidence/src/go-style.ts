/** The original's options were those of Go's flag package: `-mongo=ip:port`. All three programs still take them. */

/** What is needed of a program's options; commander's Command is one. */
export interface ProgramOptions {
  readonly options: readonly { readonly long?: string | undefined; readonly required: boolean }[];
  readonly commands: readonly ProgramOptions[];
}

/** Names of the long options of a program and its sub-commands, and whether each takes a value. `help` is one. */
export function longOptions(program: ProgramOptions): Map<string, boolean> {
  const names = new Map<string, boolean>([['help', false]]);
  for (const { long, required } of program.options) if (long) names.set(long.slice(2), required);
  for (const command of program.commands) for (const [name, value] of longOptions(command)) names.set(name, value);
  return names;
}

/**
 * Turns Go's form of long options into ours: `-mongo=ip:port` and `-mongo ip:port` become `--mongo=…` and `--mongo …`.
 * Only the names of `options` are rewritten; a name maps to true when the option takes a value, and the argument that is
 * such a value is left as it is. Nothing behind `--` is touched.
 */
export function rewriteGoStyle(argv: readonly string[], options: ReadonlyMap<string, boolean>): string[] {
  const rewritten: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const argument = argv[at] as string;
    if (argument === '--') return [...rewritten, ...argv.slice(at)];
    const form = /^--?([a-z][a-z0-9-]+)(=[\s\S]*)?$/.exec(argument);
    const takesValue = form ? options.get(form[1] as string) : undefined;
    if (!form || takesValue === undefined) {
      rewritten.push(argument);
      continue;
    }
    rewritten.push(`--${form[1]}${form[2] ?? ''}`);
    const value = argv[at + 1];
    if (takesValue && form[2] === undefined && value !== undefined) {
      rewritten.push(value);
      at += 1;
    }
  }
  return rewritten;
}
