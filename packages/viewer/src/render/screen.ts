import type { Charset } from '@godo/evidence';
import { type Paint, plain } from './paint.ts';

export type { Charset };

/** What the output can show. Every renderer takes one. */
export interface Screen {
  /** Columns. */
  readonly width: number;
  readonly charset: Charset;
  readonly paint: Paint;
}

interface Glyphs {
  readonly ellipsis: string;
  readonly star: string;
  readonly tee: string;
  readonly corner: string;
  readonly pipe: string;
  readonly gap: string;
  readonly rule: string;
  readonly dot: string;
  readonly arrow: string;
  readonly deeper: string;
}

const unicode: Glyphs = {
  ellipsis: '…',
  star: '★',
  tee: '├─ ',
  corner: '└─ ',
  pipe: '│  ',
  gap: '   ',
  rule: '─',
  dot: '·',
  arrow: '→',
  deeper: '⋯',
};
const ascii: Glyphs = {
  ellipsis: '...',
  star: '*',
  tee: '|- ',
  corner: '`- ',
  pipe: '|  ',
  gap: '   ',
  rule: '-',
  dot: '-',
  arrow: '->',
  deeper: '...',
};

export function glyphs(charset: Charset): Glyphs {
  return charset === 'unicode' ? unicode : ascii;
}

const narrowest = 60;
const widest = 1000;
const unknownWidth = 120;

export interface Terminal {
  readonly isTerminal: boolean;
  /** As the terminal reports them; 0 and undefined say that it does not. */
  readonly columns: number | undefined;
}

/** Width: the terminal's, else COLUMNS, else 120. Colours as in paint.ts. Line art only where the locale is UTF-8. */
export function screenFor(
  terminal: Terminal,
  environment: Readonly<Record<string, string | undefined>>,
  colours: Paint,
): Screen {
  const reported = terminal.isTerminal && terminal.columns ? terminal.columns : Number(environment.COLUMNS ?? '');
  const width = Number.isInteger(reported) && reported > 0 ? reported : unknownWidth;
  const locale = environment.LC_ALL || environment.LC_CTYPE || environment.LANG || '';
  return {
    width: Math.min(widest, Math.max(narrowest, width)),
    charset: /utf-?8/i.test(locale) ? 'unicode' : 'ascii',
    paint: wantsColour(terminal, environment) ? colours : plain,
  };
}

/** FORCE_COLOR wins over NO_COLOR, as in Node; without either, only a terminal that is not dumb gets colours. */
function wantsColour(terminal: Terminal, environment: Readonly<Record<string, string | undefined>>): boolean {
  const forced = environment.FORCE_COLOR;
  if (forced !== undefined) return forced !== '0' && forced.toLowerCase() !== 'false';
  if (environment.NO_COLOR) return false;
  return terminal.isTerminal && environment.TERM !== 'dumb';
}
