/** A MongoDB server for the tests of a `describe`, and how a raw database in it is named. */

import type { StoreTarget } from '@godo/evidence';
import { afterAll, beforeAll } from 'vitest';
import {
  canStartMongoServer,
  type MongoServer,
  mongoServerStartMs,
} from '../../packages/evidence/test/support/mongodb-server.ts';
import type { Need } from './needs.ts';

export const mongo: Need = () => (canStartMongoServer() ? null : 'There is no MongoDB server.');

/** To be called in a `describe`. `start` is that of `mongodb-server.ts` whose server the tests need. */
export function useMongoServer<Server extends MongoServer>(start: () => Promise<Server>): () => Server {
  let server: Server | undefined;

  beforeAll(async () => {
    server = await start();
  }, mongoServerStartMs);

  afterAll(async () => {
    await server?.stop();
  });

  return () => {
    if (server === undefined) throw new Error('The server is there while tests run.');
    return server;
  };
}

/** For the command lines of godo's programs, and for the stores. */
export function rawDatabase({ uri }: MongoServer, rawDb: string): { options: readonly string[]; target: StoreTarget } {
  return {
    options: ['--mongo', uri, '--raw-db', rawDb],
    target: { kind: 'mongodb', uri, rawDb, cookedDb: 'cooked' },
  };
}
