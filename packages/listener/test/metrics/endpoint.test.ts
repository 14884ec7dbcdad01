import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { MetricsEndpoint } from '../../src/metrics/endpoint.ts';

const folder = mkdtempSync(join(tmpdir(), 'godo-metrics-'));
const source = { counters: () => ({ auditRecords: 5 }), facts: () => ({}) };

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function ask(socketPath: string, path = '/metrics', method = 'GET'): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path, method }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    })
      .on('error', reject)
      .end();
  });
}

it('metrics are told on a socket for its owner alone, which is gone afterwards', async () => {
  const path = join(folder, 'run', 'metrics.sock');
  const endpoint = await MetricsEndpoint.open({ path }, source);
  const { status, text } = await ask(path);
  expect([status, (await ask(path, '/')).status, (await ask(path, '/metrics', 'POST')).status]).toEqual([
    200, 404, 404,
  ]);
  expect(text).toContain('godo_audit_records_total 5\n');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  endpoint.close();
  expect(() => statSync(path)).toThrow();
});

it('a file that is no socket is left alone', async () => {
  const path = join(folder, 'file');
  writeFileSync(path, 'precious');
  await expect(MetricsEndpoint.open({ path }, source)).rejects.toMatchObject({ code: 'METRICS' });
  expect(statSync(path).size).toBe(8);
});

it('an address that somebody has is an error that says so', async () => {
  const path = join(folder, 'twice.sock');
  const first = await MetricsEndpoint.open({ host: '127.0.0.1', port: 39_464 }, source);
  await expect(MetricsEndpoint.open({ host: '127.0.0.1', port: 39_464 }, source)).rejects.toThrow('EADDRINUSE');
  first.close();
  // What another run has left is replaced.
  (await MetricsEndpoint.open({ path }, source)).close();
});
