/** What a piece of text is; how that looks is decided here alone. */
export type Role =
  | 'title'
  | 'heading'
  | 'path'
  | 'program'
  | 'container'
  | 'faint'
  | 'good'
  | 'bad'
  | 'warning'
  | 'star';

/** Gives a text the looks of a role. Every line of it is closed by itself, so that lines can be moved about. */
export type Paint = (role: Role, text: string) => string;

export const plain: Paint = (_role, text) => text;

/** SGR parameters of the basic 16 colours: readable on dark and on light terminals. */
const looks: Readonly<Record<Role, string>> = {
  title: '1;4',
  heading: '1',
  path: '1',
  program: '1',
  container: '36',
  faint: '2',
  good: '32',
  bad: '31',
  warning: '33',
  star: '1;33',
};

export const coloured: Paint = (role, text) =>
  text
    .split('\n')
    .map((line) => (line === '' ? '' : `\u001b[${looks[role]}m${line}\u001b[0m`))
    .join('\n');

/**
 * Marks the visible escapes (`\n`, `\x1b`, `\u202e`) in a text made by visible.ts, so that they stand out from the
 * characters the name really has.
 */
export function markEscapes(text: string, paint: Paint): string {
  if (paint === plain || !text.includes('\\')) return text;
  return text.replace(/\\(?:[\\nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})/g, (sequence) =>
    sequence === '\\\\' ? sequence : `\u001b[7m${sequence}\u001b[27m`,
  );
}
