/** A Docker engine for the tests of a `describe`, and what that takes. */

import { afterAll, beforeAll } from 'vitest';
import { staticBusybox } from './busybox-image.ts';
import { type DockerEngine, startDockerEngine } from './docker-engine.ts';
import { type Need, program } from './needs.ts';

export const docker: readonly Need[] = [
  program('dockerd', 'docker.io'),
  program('docker', 'docker.io'),
  // Its image is made of it.
  staticBusybox,
];

/**
 * To be called in a `describe`, after `useAuditScene`: then it ends before audit is put back.
 * @param containerd - Gives the socket of one that runs when the engine is started; by default it has one of its own.
 */
export function useDockerEngine(containerd?: () => string): () => DockerEngine {
  let engine: DockerEngine | undefined;

  beforeAll(async () => {
    engine = await startDockerEngine(containerd?.());
  });

  afterAll(async () => {
    await engine?.stop();
  });

  return () => {
    if (engine === undefined) throw new Error('The engine is there while tests run.');
    return engine;
  };
}
