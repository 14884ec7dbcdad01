import Table from 'cli-table3';
import { displayWidth, shortenMiddle, wrap } from './fit.ts';
import { markEscapes, type Role } from './paint.ts';
import { glyphs, type Screen } from './screen.ts';

export interface Column {
  readonly title: string;
  /** Columns of the screen it needs at least. */
  readonly width: number;
  /** Its part of what is left of the screen; 0 when absent. */
  readonly share?: number;
  readonly align?: 'left' | 'right';
}

export interface Cell {
  /** Went through visible.ts; a newline is a line break that is meant. */
  readonly text: string;
  readonly role?: Role;
  /** Lines it may take before its middle is left out; 3 when absent. */
  readonly lines?: number;
  /** Blanks before each of its lines. */
  readonly indent?: number;
  /** A short text behind the other, on a line of its own where it has no room there. */
  readonly remark?: { readonly text: string; readonly role: Role };
}

/** One document: a line over the whole width, one or more lines in columns, and more lines over the whole width. */
export interface Row {
  readonly lead?: readonly Cell[];
  readonly lines: readonly (readonly Cell[])[];
  readonly notes?: readonly Cell[];
}

const gap = 2;
/** cli-table3 compares every row with every other: many small tables are much faster than a large one. */
const rowsAtOnce = 8;
const nothing = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '' },
  ...{ 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: ' ' },
};

/** True when the columns have their least widths on this screen. */
export function columnsFit(columns: readonly Column[], width: number): boolean {
  return columns.reduce((sum, column) => sum + column.width + gap, -gap) <= width;
}

/**
 * A table whose column widths depend on the screen only, never on what is in it: rows can be rendered as they come, in
 * groups, and still stand under each other.
 */
export class StreamedTable {
  readonly #columns: readonly Column[];
  readonly #widths: readonly number[];
  readonly #screen: Screen;
  readonly #lead: string | undefined;

  /** `lead`: title of the lines over the whole width that begin each row. */
  constructor(columns: readonly Column[], screen: Screen, lead?: string) {
    this.#columns = columns;
    this.#screen = screen;
    this.#lead = lead;
    const least = columns.reduce((sum, column) => sum + column.width + gap, -gap);
    const shares = columns.reduce((sum, column) => sum + (column.share ?? 0), 0);
    const left = Math.max(0, screen.width - least);
    this.#widths = columns.map(({ width, share = 0 }) => width + (share ? Math.floor((left * share) / shares) : 0));
  }

  header(): string[] {
    const cells = this.#columns.map(({ title }): Cell => ({ text: title, role: 'heading' }));
    const rows: Row[] = [{ ...(this.#lead ? { lead: [{ text: this.#lead, role: 'heading' }] } : {}), lines: [cells] }];
    const rule = glyphs(this.#screen.charset).rule.repeat(this.#screen.width);
    return [...this.rows(rows), this.#screen.paint('faint', rule)];
  }

  rows(rows: readonly Row[]): string[] {
    const lines: string[] = [];
    for (let at = 0; at < rows.length; at += rowsAtOnce) lines.push(...this.#draw(rows.slice(at, at + rowsAtOnce)));
    return lines;
  }

  #draw(rows: readonly Row[]): string[] {
    const columns = rows.map(({ lines }) =>
      lines.map((line) => line.map((cell, n) => this.#fill(cell, this.#widths[n] ?? 1))),
    );
    const drawn = this.#drawColumns(columns.flat());
    const whole = (cells: readonly Cell[] = []) =>
      cells.flatMap((cell) =>
        this.#fill(cell, this.#screen.width)
          .split('\n')
          .map((line) => line.trimEnd()),
      );
    let at = 0;
    return rows.flatMap((row, n) => {
      const height = (columns[n] ?? []).reduce((sum, line) => sum + Math.max(...line.map(lineCount)), 0);
      at += height;
      return [...whole(row.lead), ...drawn.slice(at - height, at), ...whole(row.notes)];
    });
  }

  #drawColumns(lines: string[][]): string[] {
    const table = new Table({
      chars: nothing,
      // cli-table3 counts the padding into the width of a column, and one column for what stands between two.
      colWidths: this.#widths.map((width) => width + gap - 1),
      colAligns: this.#columns.map(({ align }) => align ?? 'left'),
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': gap - 1, compact: true },
    });
    table.push(...lines);
    return table
      .toString()
      .split('\n')
      .map((line) => line.trimEnd());
  }

  #fill(cell: Cell, columnWidth: number): string {
    const { charset, paint } = this.#screen;
    const indent = cell.indent ?? 0;
    const width = Math.max(1, columnWidth - indent);
    const lines = cell.text.split('\n').flatMap((line) => {
      if (cell.lines === 1) return [shortenMiddle(line, width, charset)];
      return displayWidth(line.slice(0, width * 16)) <= width && line.length <= width * 16
        ? [line]
        : wrap(line, width, cell.lines ?? 3, charset);
    });
    const shown = lines.map((line) => {
      const marked = cell.role === 'path' ? markEscapes(line, paint) : line;
      return ' '.repeat(indent) + (cell.role ? paint(cell.role, marked) : marked);
    });
    if (cell.remark) {
      const last = displayWidth(lines.at(-1) ?? '');
      const remark = paint(cell.remark.role, shortenMiddle(cell.remark.text, width, charset));
      if (last + gap + displayWidth(cell.remark.text) <= width) shown.push(`${shown.pop()}  ${remark}`);
      else shown.push(' '.repeat(indent) + remark);
    }
    return shown.join('\n');
  }
}

function lineCount(content: string): number {
  return content.split('\n').length;
}
