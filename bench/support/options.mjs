/** The options that all benches have, and their parsing. */

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BenchError } from './cleanup.mjs';

const project = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');

const common = {
  runs: { type: 'string', default: '5', value: 'N', help: 'runs of each cell; medians are told' },
  only: { type: 'string', value: 'NAME,…', help: 'only what has one of these names' },
  json: { type: 'string', value: 'FILE', help: 'append the JSON line to this file too' },
  godo: { type: 'string', value: 'DIR', help: 'the built checkout of godo to measure (or $GODO; default: this one)' },
  help: { type: 'boolean', short: 'h', help: 'this text' },
};

/**
 * Parses the command line. `own` adds options in the form of `common` above; those whose name is in `numbers` become
 * whole numbers. Gives null after --help was printed.
 *
 *     const options = benchOptions('bench:idle', 'CPU and memory of godo at rest.', { seconds: {…default: '60'} }, ['seconds']);
 *
 * @throws BenchError for a command line that makes no sense.
 */
export function benchOptions(name, about, own = {}, numbers = []) {
  const known = { ...common, ...own };
  const spec = Object.fromEntries(
    Object.entries(known).map(([option, { type, short, default: preset }]) => [
      option,
      { type, ...(short && { short }), ...(preset !== undefined && { default: preset }) },
    ]),
  );
  let values;
  try {
    ({ values } = parseArgs({ options: spec, allowPositionals: false }));
  } catch (error) {
    throw new BenchError(`${error.message.split('\n')[0]} (see npm run ${name} -- --help)`);
  }
  if (values.help) {
    process.stdout.write(helpText(name, about, known));
    return null;
  }
  const options = { ...values, only: values.only === undefined ? null : values.only.split(',') };
  for (const number of ['runs', ...numbers]) {
    options[number] = Number(values[number]);
    if (!Number.isInteger(options[number]) || options[number] < 1)
      throw new BenchError(`--${number} must be a whole number above 0.`);
  }
  options.godo = values.godo ?? process.env.GODO ?? project;
  return options;
}

/** Keeps those items whose name `--only` lists; names that nothing has are an error. `groups`: all lists it may name. */
export function keepOnly(only, items, groups = [items]) {
  if (only === null) return items;
  const names = groups.flat().map(({ name }) => name);
  const wrong = only.filter((name) => !names.includes(name));
  if (wrong.length > 0) throw new BenchError(`--only knows no ${wrong.join(', ')}; it knows ${names.join(', ')}.`);
  const kept = items.filter(({ name }) => only.includes(name));
  return kept.length > 0 ? kept : items;
}

function helpText(name, about, known) {
  const lines = Object.entries(known).map(([option, { value, help, default: preset }]) => {
    const left = `  --${option}${value ? ` ${value}` : ''}`;
    return `${left.padEnd(24)}${help}${preset === undefined ? '' : ` (default: ${preset})`}\n`;
  });
  return `npm run ${name} -- [OPTION…]\n\n${about}\n\n${lines.join('')}`;
}
