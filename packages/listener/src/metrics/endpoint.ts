/** Answers `GET /metrics` on a unix socket or on 127.0.0.1. */

import { once } from 'node:events';
import { lstatSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { dirname } from 'node:path';
import { ListenerError } from '../listener-error.ts';
import type { MetricsAddress } from './address.ts';
import { Exposition, type MetricsSource } from './exposition.ts';

/** One that asks and does not listen to the answer is not waited for. */
const requestMs = 5_000;
const mostConnections = 8;

export class MetricsEndpoint {
  readonly #server: Server;
  readonly #path: string | null;

  private constructor(server: Server, path: string | null) {
    this.#server = server;
    this.#path = path;
  }

  /** @throws ListenerError METRICS when nobody can be listened to there. */
  static async open(address: MetricsAddress, source: MetricsSource): Promise<MetricsEndpoint> {
    const exposition = new Exposition(source);
    const server = createServer({ requestTimeout: requestMs, headersTimeout: requestMs }, (request, response) => {
      if (request.method !== 'GET' || request.url !== '/metrics') {
        response.writeHead(404).end();
        return;
      }
      exposition.text().then(
        (text) => response.writeHead(200, { 'Content-Type': exposition.contentType }).end(text),
        () => response.writeHead(500).end(),
      );
    });
    server.maxConnections = mostConnections;
    server.setTimeout(requestMs);
    try {
      if ('path' in address) makeRoom(address.path);
      const listening = once(server, 'listening');
      // Whoever may open it may know what happens here: that is nobody else, from the moment at which it is made.
      const umask = process.umask(0o177);
      server.listen(address);
      process.umask(umask);
      await listening;
    } catch (error) {
      server.close();
      throw new ListenerError('METRICS', `Metrics cannot be offered there: ${(error as Error).message}`, {
        cause: error,
      });
    }
    server.unref();
    return new MetricsEndpoint(server, 'path' in address ? address.path : null);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    if (this.#path !== null) rmSync(this.#path, { force: true });
  }
}

/** What a listener before us has left. Nothing else is removed. */
function makeRoom(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isSocket()) throw new Error(`${path} is there and no socket`);
  rmSync(path);
}
