import { expect, it } from 'vitest';
import { parseMetricsAddress } from '../../src/metrics/address.ts';

it.each([
  ['unix:/run/godo/metrics.sock', { path: '/run/godo/metrics.sock' }],
  ['unix:/run/../tmp/m', { path: '/tmp/m' }],
  ['127.0.0.1:9464', { host: '127.0.0.1', port: 9464 }],
])('metrics may be asked for at %s', (value, address) => {
  expect(parseMetricsAddress(value)).toEqual(address);
});

it.each([
  ...['0.0.0.0:9464', ':9464', '9464', 'localhost:9464', '[::1]:9464', '127.0.0.2:1', '127.0.0.1:0', '127.0.0.1:65536'],
  ...['unix:relative', 'unix:', `unix:/${'x'.repeat(120)}`, 'http://127.0.0.1:9464', '127.0.0.1:9464/x', ''],
])('metrics may not be asked for at %j', (value) => {
  expect(() => parseMetricsAddress(value)).toThrow('nothing else may ask');
});
