import { type Command, Option } from 'commander';
import { type Access, accessKinds, type Filters, parseContainer, parsePattern, parsePid } from './filters.ts';
import type { Pattern } from './glob.ts';
import { parseTime } from './time.ts';

/** Options as commander gives them, for every sub-command alike. */
export interface ViewerOptions {
  readonly db?: string;
  readonly dbFile?: string;
  readonly mongo?: string;
  readonly cookedDb?: string;
  readonly container?: string;
  readonly pid?: number;
  readonly path?: Pattern;
  readonly exe?: Pattern;
  readonly since?: bigint;
  readonly until?: bigint;
  readonly session?: string;
  readonly all?: boolean;
  readonly reads?: boolean;
  readonly access?: Access;
  readonly json?: boolean;
}

/** Adds the options all views share; on the program itself, so that they can stand before and behind the view's name. */
export function addSharedOptions(program: Command, nowNs: () => bigint): Command {
  const evidence = 'Evidence:';
  const filters = 'Filters (all given ones hold together):';
  const time = (text: string) => parseTime(text, nowNs());
  const options: readonly (readonly [heading: string, option: Option])[] = [
    [
      evidence,
      new Option(
        '--db <url|dir>',
        'mongodb://… or the directory of cooked.db (default: $GODO_DB, else the usual place)',
      ),
    ],
    [evidence, new Option('--db-file <file>', 'a file, readable by nobody else, with what --db takes')],
    [evidence, new Option('--mongo <host:port|uri>', 'MongoDB server, as the first version named it')],
    [evidence, new Option('--cooked-db <name>', 'MongoDB database of the cooked evidence').default('cooked')],
    [filters, new Option('--container <id>', 'container, by the first digits of its id').argParser(parseContainer)],
    [
      filters,
      new Option('--pid <n>', 'process id on the host; of files: who opened or wrote them').argParser(parsePid),
    ],
    [
      filters,
      new Option('--path <glob>', 'file, e.g. "/etc/**", "*.so"; of processes: who opened or wrote it').argParser(
        parsePattern,
      ),
    ],
    [
      filters,
      new Option(
        '--exe <path|glob>',
        'program; of processes: at any time of their life, or a script that they were',
      ).argParser(parsePattern),
    ],
    [filters, new Option('--since <time>', 'alive, open or happened at or after this time').argParser(time)],
    [filters, new Option('--until <time>', 'not begun after this time').argParser(time)],
    [filters, new Option('--session <id>', 'one run of the listener (ids: viewer stats)')],
    [
      filters,
      new Option(
        '-a, --all',
        'also files that were opened and not changed; of removed directories all that was in them',
      ),
    ],
    [filters, new Option('--reads', 'also files that were opened for reading, as far as that was recorded')],
    [filters, new Option('--access <kind>', 'files that were opened for this').choices(accessKinds)],
    ['Output:', new Option('--json', 'one document a line, with the exact text')],
  ];
  for (const [heading, option] of options) program.addOption(option.helpGroup(heading));
  return program;
}

export function filtersOf(options: ViewerOptions): Filters {
  const { container, pid, path, exe, since, until, session, all, reads, access } = options;
  return {
    ...(container !== undefined ? { container } : {}),
    ...(pid !== undefined ? { pid } : {}),
    ...(path !== undefined ? { path } : {}),
    ...(exe !== undefined ? { exe } : {}),
    ...(since !== undefined ? { sinceNs: since } : {}),
    ...(until !== undefined ? { untilNs: until } : {}),
    ...(session !== undefined ? { session } : {}),
    ...(all !== undefined ? { all } : {}),
    ...(reads !== undefined ? { reads } : {}),
    ...(access !== undefined ? { access } : {}),
  };
}
