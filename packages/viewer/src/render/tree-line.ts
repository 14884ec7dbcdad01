import type { Place } from '../tree/skeleton.ts';
import { displayWidth, shortenEnd, shortenMiddle } from './fit.ts';
import { number } from './lenient.ts';
import type { Role } from './paint.ts';
import { ending, facts, onlyForked, programArguments, programName, shortContainer } from './process.ts';
import { glyphs, type Screen } from './screen.ts';

const narrowestLabel = 24;

/** Levels of branches that leave half of the screen for the processes; deeper ones are told by a number. */
export function branchLevels(screen: Screen): number {
  return Math.max(4, Math.floor(screen.width / 2 / 3) - 3);
}

/**
 * One line of the tree: branches, star, pid, container where it changes, program with its arguments, how it ended, and
 * how its parent is known if the kernel did not tell. Never wider than the screen.
 */
export function treeLine(place: Place, document: unknown, screen: Screen): string {
  const { charset, paint, width } = screen;
  const glyph = glyphs(charset);
  const process = facts(document);
  const faintIfUnasked = (text: string) => (place.node.asked ? text : paint('faint', text));

  const branches = branchText(place, screen);
  const star = process.star === true ? `${glyph.star} ` : '';
  const pid = `${number(process.tgid) ?? '?'} `;
  const container = containerText(place, screen);
  const tail = tails(process);
  const tailWidth = tail.reduce((sum, { text }) => sum + 2 + displayWidth(text), 0);

  const used = displayWidth(branches) + displayWidth(star) + pid.length + displayWidth(container);
  const room = Math.max(narrowestLabel, width - used - tailWidth);
  const name = shortenMiddle(programName(process, charset), Math.max(narrowestLabel, Math.floor(room * 0.7)), charset);
  const forked = onlyForked(process);
  const words = forked ? '(forked)' : programArguments(process, charset, width * 2);
  const left = room - displayWidth(name) - 1;
  const shown = words === '' || left < 4 ? '' : ` ${shortenEnd(words, left, charset)}`;
  const label = place.node.asked ? paint('program', name) + (forked ? paint('faint', shown) : shown) : name + shown;
  return [
    paint('faint', branches),
    star && paint('star', star),
    faintIfUnasked(pid),
    container && paint('container', container),
    faintIfUnasked(label),
    ...tail.map(({ text, role }) => `  ${paint(role, text)}`),
  ].join('');
}

function branchText({ depth, last }: Place, { charset }: Screen): string {
  const glyph = glyphs(charset);
  const hidden = depth - last.length;
  const outer = last.slice(0, -1).map((isLast) => (isLast ? glyph.gap : glyph.pipe));
  const own = last.length === 0 ? '' : last.at(-1) ? glyph.corner : glyph.tee;
  return (hidden > 0 ? `${glyph.deeper}${hidden} ` : '') + outer.join('') + own;
}

function containerText({ node, parent }: Place, { charset }: Screen): string {
  if (node.containerId === (parent?.containerId ?? null)) return '';
  return `[${shortContainer(node.containerId, charset) ?? 'host'}] `;
}

function tails(process: ReturnType<typeof facts>): { readonly text: string; readonly role: Role }[] {
  const end = ending(process);
  const source = process.parentSource;
  return [
    ...(end ? [{ text: end.killed ? end.text : `exit ${end.text}`, role: end.role }] : []),
    ...(source === 'engine' ? [{ text: '(engine)', role: 'faint' } as const] : []),
    ...(source === 'inferred' ? [{ text: '(inferred)', role: 'warning' } as const] : []),
  ];
}
