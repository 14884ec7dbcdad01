import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (name: string) => fileURLToPath(new URL(`./packages/${name}/src/index.ts`, import.meta.url));

export default defineConfig({
  resolve: {
    // The workspace links resolve to dist; tests must see the sources, not the last build.
    alias: { '@godo/evidence': source('evidence') },
  },
  test: {
    testTimeout: 60_000,
    hookTimeout: 180_000,
    projects: process.env.SOAK_MINUTES
      ? // That one takes half an hour.
        [{ extends: true, test: { name: 'soak', include: ['test/soak.ts'] } }]
      : [
          {
            extends: true,
            test: {
              name: 'packages',
              include: ['packages/*/test/**/*.test.ts', 'native/test/**/*.test.ts'],
              maxWorkers: 2,
              sequence: { groupOrder: 0 },
            },
          },
          {
            extends: true,
            test: {
              name: 'system',
              include: ['test/**/*.test.ts'],
              // They share the one audit subsystem of the kernel, and measure how long loads take.
              fileParallelism: false,
              sequence: { groupOrder: 1 },
            },
          },
        ],
  },
});
