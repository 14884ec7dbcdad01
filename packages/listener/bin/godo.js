#!/usr/bin/env node
import { existsSync } from 'node:fs';

if (existsSync(new URL('../dist/cli.js', import.meta.url))) {
  // Before all else, which takes longer to load: what is on the command line is in the list of processes.
  (await import('@godo/evidence/own-arguments')).hideOwnSecrets();
  await import('../dist/cli.js');
} else {
  process.stderr.write('godo is not built yet: run "npm ci" (or "npm run build") in the project folder.\n');
  process.exitCode = 1;
}
