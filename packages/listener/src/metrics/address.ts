/** Where Prometheus may ask: what is counted tells of a host, and whoever asks gets an answer, so it stays on the host. */

import { isAbsolute, normalize } from 'node:path';
import { InvalidArgumentError } from 'commander';

export type MetricsAddress = { readonly path: string } | { readonly host: '127.0.0.1'; readonly port: number };

/** @throws InvalidArgumentError */
export function parseMetricsAddress(value: string): MetricsAddress {
  const path = value.startsWith('unix:') ? value.slice('unix:'.length) : null;
  // sun_path holds 107 bytes and a NUL.
  if (path !== null && isAbsolute(path) && !path.includes('\0') && Buffer.byteLength(path) <= 107) {
    return { path: normalize(path) };
  }
  const port = Number(/^127\.0\.0\.1:(\d{1,5})$/.exec(value)?.[1]);
  if (port >= 1 && port <= 65_535) return { host: '127.0.0.1', port };
  throw new InvalidArgumentError(
    'It must be unix: and an absolute path, or 127.0.0.1 and a port: nothing else may ask.',
  );
}
