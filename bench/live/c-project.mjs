/** A small C project, always the same, for a build under audit. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const compiledFiles = 60;

/** Writes the project with its Makefile into a new folder. */
export async function writeProject(folder) {
  await mkdir(join(folder, 'src'), { recursive: true });
  const numbers = Array.from({ length: compiledFiles - 1 }, (_, index) => index + 1);
  await Promise.all(numbers.map((number) => writeFile(join(folder, `src/part${number}.c`), part(number))));
  await writeFile(join(folder, 'src/parts.h'), `${numbers.map((n) => `long part${n}(long value);`).join('\n')}\n`);
  await writeFile(join(folder, 'src/main.c'), main(numbers));
  await writeFile(join(folder, 'Makefile'), makefile);
}

function part(number) {
  const steps = Array.from({ length: 12 }, (_, step) => `\tvalue = value * ${number + step} + ${step};\n`).join('');
  return `#include <stdio.h>\n#include <stdlib.h>\n#include "parts.h"\n\nlong part${number}(long value)\n{\n${steps}\treturn value;\n}\n`;
}

function main(numbers) {
  const calls = numbers.map((number) => `\tvalue = part${number}(value);\n`).join('');
  return `#include <stdio.h>\n#include "parts.h"\n\nint main(void)\n{\n\tlong value = 1;\n${calls}\tprintf("%ld\\n", value);\n\treturn 0;\n}\n`;
}

const makefile = `objects := $(patsubst src/%.c,build/%.o,$(wildcard src/*.c))

program: $(objects)
\tgcc -o $@ $^

build/%.o: src/%.c src/parts.h | build
\tgcc -O1 -Wall -c -o $@ $<

build:
\tmkdir -p $@
`;
