import stringWidth from 'string-width';
import { type Charset, glyphs } from './screen.ts';

const ascii = /^[\x20-\x7e]*$/;
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Terminal columns a text takes. Text has gone through visible.ts. */
export function displayWidth(text: string): number {
  return ascii.test(text) ? text.length : stringWidth(text);
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

/** What visible-text.ts makes of a character. In two parts it would look like other characters. */
const escapes = /\\(?:[\\nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})/g;

/** Where the escape begins and ends that a cut would part. */
function partedAt(text: string, cut: number): readonly [from: number, to: number] | null {
  if (!text.includes('\\')) return null;
  for (const { index, 0: sequence } of text.matchAll(escapes)) {
    if (index >= cut) return null;
    if (index + sequence.length > cut) return [index, index + sequence.length];
  }
  return null;
}

/** The longest beginning of a text that takes at most `width` columns. The text does not begin within an escape. */
function beginning(text: string, width: number): string {
  const cut = longest(text, width);
  return cut.slice(0, partedAt(text.slice(0, cut.length + 10), cut.length)?.[0]);
}

function longest(text: string, width: number): string {
  const near = text.slice(0, width * 8);
  if (ascii.test(near)) return near.slice(0, width);
  let taken = 0;
  let used = 0;
  for (const { segment } of graphemes.segment(near)) {
    const columns = stringWidth(segment);
    if (used + columns > width) break;
    used += columns;
    taken += segment.length;
  }
  return near.slice(0, taken);
}

function ending(text: string, width: number): string {
  const cut = longestEnd(text, width);
  const from = text.length - cut.length;
  return text.slice(partedAt(text, from)?.[1] ?? from);
}

function longestEnd(text: string, width: number): string {
  if (width <= 0) return '';
  const near = text.slice(-width * 8);
  if (ascii.test(near)) return near.slice(-width);
  const segments = [...graphemes.segment(near)].map(({ segment }) => segment);
  let used = 0;
  let from = segments.length;
  while (from > 0 && used + stringWidth(segments[from - 1] as string) <= width) {
    from -= 1;
    used += stringWidth(segments[from] as string);
  }
  return segments.slice(from).join('');
}

function fits(text: string, width: number): boolean {
  // Nothing in a text takes less than an eighth of a column a code unit: combining marks are limited in visible.ts.
  return text.length <= width * 16 && displayWidth(text) <= width;
}

/** Takes out the middle of a text that is wider than `width`: beginnings and ends of paths and commands say most. */
export function shortenMiddle(text: string, width: number, charset: Charset): string {
  if (fits(text, width)) return text;
  const { ellipsis } = glyphs(charset);
  const room = width - displayWidth(ellipsis);
  if (room < 2) return beginning(text, width);
  const head = beginning(text, Math.ceil(room * 0.6));
  return head + ellipsis + ending(text, room - displayWidth(head));
}

/** Cuts off the end of a text that is wider than `width`. */
export function shortenEnd(text: string, width: number, charset: Charset): string {
  if (fits(text, width)) return text;
  const { ellipsis } = glyphs(charset);
  return beginning(text, Math.max(0, width - displayWidth(ellipsis))) + ellipsis;
}

/**
 * Breaks a text into at most `maxLines` lines of `width` columns, behind a blank, a slash, a comma where there is one
 * near the end of the line. A text that has no room in them loses its middle.
 */
export function wrap(text: string, width: number, maxLines: number, charset: Charset): string[] {
  const room = width * maxLines;
  if (text.length <= room * 16) {
    const lines = breakLines(text, width, maxLines + 1, Math.floor(width / 2));
    if (lines.length <= maxLines) return lines;
  }
  // Breaking at a good place takes room; only a text that has none of these is broken anywhere.
  for (const part of [0.9, 0.75]) {
    const lines = breakLines(
      shortenMiddle(text, Math.floor(room * part), charset),
      width,
      maxLines + 1,
      Math.floor(width / 2),
    );
    if (lines.length <= maxLines) return lines;
  }
  // A wide character may leave one column of each line empty.
  const shortened = shortenMiddle(text, ascii.test(text) ? room : room - maxLines, charset);
  return breakLines(shortened, width, maxLines + 1, 0).slice(0, maxLines);
}

function breakLines(text: string, width: number, maxLines: number, slack: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (lines.length < maxLines && !fits(rest, width)) {
    // At least one character a line, or a wide one in a narrow column would never end.
    const full = beginning(rest, width) || longest(rest, width) || longest(rest, 2) || rest.slice(0, 1);
    const at = rest[full.length] === ' ' ? full.length : lastBreak(full, full.length - slack);
    lines.push(rest.slice(0, at).trimEnd());
    rest = rest.slice(at).replace(/^ /, '');
  }
  if (lines.length < maxLines && (rest !== '' || lines.length === 0)) lines.push(rest);
  return lines;
}

/** Where to break: behind the last blank, else behind the last slash, comma and the like, not before `earliest`. */
function lastBreak(line: string, earliest: number): number {
  for (const characters of [' ', '/,;:=&|']) {
    for (let at = line.length; at > Math.max(1, earliest); at -= 1) {
      if (characters.includes(line[at - 1] as string)) return at;
    }
  }
  return line.length;
}
