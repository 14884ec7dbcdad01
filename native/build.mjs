// Builds the addon: `npm run build:native`. Silent when all goes well; needs g++, make and python3.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const directory = dirname(fileURLToPath(import.meta.url));
const result = join(directory, 'build', 'Release', 'godo_native.node');

function isFresh() {
  if (!existsSync(result)) return false;
  const sources = readdirSync(join(directory, 'src')).map((name) => join(directory, 'src', name));
  const newest = Math.max(...[...sources, join(directory, 'binding.gyp')].map((file) => statSync(file).mtimeMs));
  return statSync(result).mtimeMs > newest;
}

/** The prefix whose include/node belongs to this Node binary, as distribution packages and tarballs lay it out. */
function prefixWithHeaders() {
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  const headers = join(prefix, 'include', 'node');
  return existsSync(join(headers, 'node.h')) && existsSync(join(headers, 'common.gypi')) ? prefix : undefined;
}

function environment(hasHeaders) {
  const env = { ...process.env };
  // binding.gyp asks `node` where node-addon-api stands: it must be this one, also where it is not on the path.
  env.PATH = [dirname(process.execPath), env.PATH].filter(Boolean).join(delimiter);
  if (!hasHeaders) return env;
  // node-gyp ranks npm's configuration above its own arguments: a user's nodedir, target or disturl would win.
  for (const name of Object.keys(env)) {
    if (/^npm_(config|package_config_node_gyp)_/i.test(name) && !/_python$/i.test(name)) delete env[name];
  }
  return env;
}

function build() {
  const prefix = prefixWithHeaders();
  const nodeGyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  // With headers at hand the directory for downloaded ones stays unused, but node-gyp wants it or a HOME to be named.
  const headers = prefix === undefined ? [] : [`--nodedir=${prefix}`, `--devdir=${join(directory, 'build')}`];
  const args = [nodeGyp, 'rebuild', '--jobs=max', ...headers];
  const run = spawnSync(process.execPath, args, {
    cwd: directory,
    env: environment(prefix !== undefined),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (run.status === 0 && existsSync(result)) return 0;
  process.stderr.write(`${run.stdout ?? ''}${run.stderr ?? ''}${run.error ? `${run.error.message}\n` : ''}`);
  process.stderr.write('The native addon could not be built: it needs g++, make, python3 and the Node headers.\n');
  return run.status || 1;
}

process.exitCode = isFresh() ? 0 : build();
