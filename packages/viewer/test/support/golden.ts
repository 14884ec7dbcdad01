import { expect } from 'vitest';

/** Compares with a kept output; `vitest run -u` writes it anew, to be reviewed as a diff. */
export async function expectGolden(text: string, name: string): Promise<void> {
  await expect(text).toMatchFileSnapshot(`../golden/${name}.txt`);
}
