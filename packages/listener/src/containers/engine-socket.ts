/** One question to an engine over its unix socket. */

import { stat } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';

const answerMs = 1_000;
const mostBytes = 2 * 1024 * 1024;

export type Answer =
  | { readonly kind: 'json'; readonly value: unknown }
  /** The engine says that it has no such thing. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'failed'; readonly why: string };

/**
 * GET of a path, answered within `limitMs`. The socket must belong to `owner` (a uid), or somebody could have us speak to
 * a service that is none of theirs.
 */
export async function ask(socketPath: string, owner: number, path: string, limitMs = answerMs): Promise<Answer> {
  try {
    const socket = await stat(socketPath);
    if (!socket.isSocket()) return { kind: 'failed', why: `${socketPath} is no socket` };
    if (socket.uid !== owner) return { kind: 'failed', why: `${socketPath} is not the engine's own` };
    const response = await get(socketPath, path, limitMs);
    if (response.status === 404) return { kind: 'unknown' };
    if (response.status !== 200) return { kind: 'failed', why: `it answered with status ${response.status}` };
    return { kind: 'json', value: JSON.parse(response.body) };
  } catch (error) {
    return { kind: 'failed', why: (error as Error).message };
  }
}

interface Response {
  readonly status: number;
  readonly body: string;
}

async function get(socketPath: string, path: string, limitMs: number): Promise<Response> {
  // Most hosts have no engine that must be asked.
  const { request } = await import('node:http');
  return await new Promise((resolve, reject) => {
    const failed = (error: Error) => {
      clearTimeout(timer);
      asked.destroy();
      reject(error);
    };
    // For the whole exchange, however slowly it trickles.
    const timer = setTimeout(() => failed(new Error(`it did not answer within ${limitMs} ms`)), limitMs);
    const headers = { host: 'engine', connection: 'close' };
    const asked = request({ socketPath, path, headers, agent: false }, (answer) => {
      bodyOf(answer).then((body) => {
        clearTimeout(timer);
        resolve({ status: answer.statusCode ?? 0, body });
      }, failed);
    });
    asked.on('error', failed);
    asked.end();
  });
}

async function bodyOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > mostBytes) throw new Error(`its answer has more than ${mostBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
