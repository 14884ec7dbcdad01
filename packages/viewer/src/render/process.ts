import { baseName } from '../base-name.ts';
import { commandLine, quoteArgument } from './command-line.ts';
import { fields, list, ns, number, text } from './lenient.ts';
import type { Role } from './paint.ts';
import type { Charset } from './screen.ts';
import { signalName } from './signals.ts';
import { visible, visibleName } from './visible.ts';

/** What the renderers read of a process or of one of its executions. The types are what the fields should be. */
export type ProgramFacts = Readonly<Record<'exe' | 'exeHex' | 'comm' | 'commHex' | 'argv' | 'argvHex', unknown>>;

export function facts(document: unknown): ProgramFacts & Readonly<Record<string, unknown>> {
  return fields(document) as ProgramFacts;
}

/**
 * Full path of the program, with `[deleted]` behind it where that file had no name any more; its comm in brackets where the
 * path is not known, as ps shows it.
 */
export function programName(program: ProgramFacts & Readonly<Record<string, unknown>>, charset: Charset): string {
  const exe = text(program.exe);
  if (exe !== null) {
    // A file may be called like that.
    const name = visibleName(exe, charset, program.exeHex).replace(/ \[deleted\]$/, '\\x20[deleted]');
    return name + (program.exeDeleted === true ? ' [deleted]' : '');
  }
  const comm = text(program.comm);
  return comm === null ? '?' : `[${visible(comm, charset, program.commHex)}]`;
}

/** The script that was executed, and those that it was run by; null where the program was executed itself. */
export function scriptText(program: Readonly<Record<string, unknown>>, charset: Charset): string | null {
  const script = text(program.script);
  if (script === null) return null;
  const hexes = list(program.viaScriptsHex);
  const via = list(program.viaScripts).map((path, index) => visibleName(text(path) ?? '?', charset, hexes[index]));
  return [`script ${visibleName(script, charset, program.scriptHex)}`, ...via].join(' by ');
}

/**
 * The arguments behind the program's path. The name a program was called by is shown, in parentheses, where it is not
 * simply the (base) name of the program: `/usr/bin/dash (sh) -c …`.
 */
export function programArguments(program: ProgramFacts, charset: Charset, limit: number): string {
  const argv = list(program.argv);
  const hex = list(program.argvHex);
  const called = text(argv[0]);
  if (called === null) return '';
  const exe = text(program.exe);
  const same = exe !== null && (called === exe || called === baseName(exe)) && !text(hex[0]);
  const name = same ? '' : `(${quoteArgument(called.slice(0, limit), charset, hex[0] ?? undefined)})`;
  const rest = commandLine(argv.slice(1), hex.slice(1), charset, limit) ?? '';
  return [name, rest].filter((part) => part !== '').join(' ');
}

/** First twelve digits of a container id, as container engines show it. */
export function shortContainer(containerId: unknown, charset: Charset): string | null {
  const id = text(containerId);
  return id === null ? null : visible(id.slice(0, 12), charset);
}

export interface Ending {
  readonly text: string;
  readonly role: Role;
  readonly killed: boolean;
}

/** How a process ended: its exit code, the signal that killed it, `?` when only the time is known, null when not seen. */
export function ending(process: Readonly<Record<string, unknown>>): Ending | null {
  const signal = number(process.exitSignal);
  const code = number(process.exitCode);
  if (signal !== null) {
    const core = process.coreDumped === true ? ' (core)' : '';
    return { text: signalName(signal) + core, role: 'bad', killed: true };
  }
  if (code !== null) return { text: String(code), role: code === 0 ? 'faint' : 'bad', killed: false };
  return ns(process.exitNs) === null ? null : { text: '?', role: 'warning', killed: false };
}

/** tgid of a process known only by its key `<boot id>:<tgid>:<start>`. */
export function pidOfKey(key: unknown): number | null {
  const tgid = /:(\d{1,10}):[^:]*$/.exec(text(key) ?? '')?.[1];
  return tgid === undefined ? null : Number(tgid);
}

/** True when it never became another program itself: what it shows is its parent's. */
export function onlyForked(process: Readonly<Record<string, unknown>>): boolean {
  const told = process.parentSource;
  return (
    list(process.executions).length === 0 &&
    process.startedBefore !== true &&
    process.star !== true &&
    (told === 'kernel' || told === 'inferred')
  );
}
