/** The conformance table as people read it: docs/file-conformance.md. Pure. */

import { descriptors } from './descriptors.ts';
import { mappings } from './mappings.ts';
import { names } from './names.ts';
import { opens } from './opens.ts';
import { operations } from './operations.ts';
import { rings } from './rings.ts';
import type { Area, Situation } from './situation.ts';
import { writes } from './writes.ts';

export const areas: readonly Area[] = [opens, writes, mappings, descriptors, operations, names, rings];

export const situations: readonly Situation[] = areas.flatMap((area) => area.situations);

const head = `# What godo tells of files, situation by situation

Each line is a program of its own (\`test/programs/conformance/\`), run on the real kernel while godo listens. What is true
of it stands in \`test/support/conformance/\`; \`test/conformance.test.ts\` compares that with the evidence, whole, and with
what a \`--diag\` file of the run gives again, and writes this file (\`UPDATE_DOCS=1\`).

What godo tells has a line for each file session (how it was opened, who wrote how much, how it ended) and operation. \`.\`
is the folder of the program, which finds \`old\` (4 bytes) and \`dir/in\` there; where several files are told of, equal
numbers (#1) stand for one inode. 64: x86-64 programs. 32: programs of 32 bits on the same kernel (i386).`;

/** @param list those of the table. */
export function conformanceTable(list: readonly Area[] = areas): string {
  const count = list.reduce((sum, { situations }) => sum + situations.length, 0);
  const both = list.reduce(
    (sum, { situations }) => sum + situations.filter(({ only }) => only === undefined).length,
    0,
  );
  const sections = list.map(section);
  return `${[head, `${count} situations, ${both} of them by 64-bit and 32-bit programs.`, ...sections].join('\n\n')}\n`;
}

function section({ title, situations }: Area): string {
  const rows = situations.map((one) => [
    escaped(one.what),
    escaped(one.calls),
    one.only === undefined ? '64, 32' : '32',
    [...told(one.told), ...(one.told32 === undefined ? [] : ['32:', ...told(one.told32)])].join('<br>'),
    escaped(verdict(one)),
  ]);
  const columns = ['Situation', 'System calls', 'ABI', 'What godo tells', 'Verdict'];
  const lines = [columns, columns.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
  return `## ${title}\n\n${lines.join('\n')}`;
}

function verdict({ limit }: Situation): string {
  if (limit === undefined) return 'right';
  const { of, by, reason } = limit;
  return `${of === 'part' ? 'right; ' : ''}${by}: ${reason}`;
}

function told(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? ['nothing'] : lines.map(code);
}

function code(line: string): string {
  return `\`${escaped(line)}\``;
}

/** A bar ends a cell even inside of code. */
function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}
