import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (name: string) => fileURLToPath(new URL(`./packages/${name}/src/index.ts`, import.meta.url));

export default defineConfig({
  resolve: {
    // The workspace links resolve to dist; tests must see the sources, not the last build.
    alias: { '@godo/evidence': source('evidence') },
  },
  test: {
    // That one takes half an hour.
    include: process.env.SOAK_MINUTES
      ? ['test/soak.ts']
      : ['packages/*/test/**/*.test.ts', 'native/test/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 180_000,
    // Root tests share the one audit subsystem of the kernel.
    fileParallelism: false,
  },
});
