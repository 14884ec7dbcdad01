/**
 * The original's options were those of Go's flag package: `-mongo=ip:port`. Commander reads a single dash as a row of
 * short options, so known long names get their second dash before it sees them.
 *
 * @param known - Long option names without dashes.
 */
export function fromGoStyle(args: readonly string[], known: readonly string[]): string[] {
  const names = new Set(known);
  const end = args.indexOf('--');
  return args.map((argument, index) => {
    if (end >= 0 && index > end) return argument;
    const name = /^-([a-z][a-z-]+)(?:=|$)/.exec(argument)?.[1];
    return name !== undefined && names.has(name) ? `-${argument}` : argument;
  });
}
