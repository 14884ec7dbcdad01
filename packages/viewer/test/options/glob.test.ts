import { expect, test } from 'vitest';
import { compileGlob } from '../../src/options/glob.ts';

function matching(pattern: string, texts: readonly string[]): string[] {
  const glob = compileGlob(pattern);
  return texts.filter((text) => glob.matches(text));
}

test.each([
  ['/etc/*', ['/etc/passwd', '/etc/.hidden'], ['/etc', '/etc/', '/etc/ssl/cert'].filter((p) => p !== '/etc/')],
  ['/etc/**', ['/etc/passwd', '/etc/ssl/certs/a.pem'], ['/etc', '/etcetera/x']],
  ['/var/**/log', ['/var/log', '/var/a/log', '/var/a/b/log'], ['/var/alog', '/var/a/logs', '/varlog']],
  ['**/y', ['y', '/root/y', 'a/y'], ['/root/xy']],
  ['/a**z', ['/az', '/a/b/z', '/abcz'], ['/a/b/zz/']],
  ['/tmp/?', ['/tmp/x', '/tmp/日'], ['/tmp/', '/tmp/xy']],
  ['/tmp/[a-c0]', ['/tmp/a', '/tmp/c', '/tmp/0'], ['/tmp/d', '/tmp/-', '/tmp//']],
  ['/tmp/[!a-c]', ['/tmp/d', '/tmp/-'], ['/tmp/a', '/tmp//']],
  ['/tmp/[]x]', ['/tmp/]', '/tmp/x'], ['/tmp/y']],
  ['/tmp/[a', ['/tmp/[a'], ['/tmp/a']],
  ['/tmp/\\*', ['/tmp/*'], ['/tmp/x', '/tmp/\\x']],
  ['*.so', ['/lib/x/libc.so', 'libc.so'], ['/lib/libc.so.6', '/lib.so/x']],
  ['passwd', ['/etc/passwd', 'passwd', '/home/x/passwd'], ['/etc/passwd-', '/passwd/x']],
  ['a/b', ['a/b'], ['/a/b', 'b']],
])('%s takes what a shell would', (pattern, yes, no) => {
  expect({ yes: matching(pattern, yes), no: matching(pattern, no) }).toEqual({ yes, no: [] });
});

test('a star takes an empty name', () => {
  expect(compileGlob('/etc/*').matches('/etc/')).toBe(true);
});

test('a pattern made to make matchers go back and forth takes no time', () => {
  const started = performance.now();
  const long = `/${'a'.repeat(4000)}`;
  expect(compileGlob(`/${'*a'.repeat(30)}b`).matches(long)).toBe(false);
  expect(compileGlob(`/${'**/'.repeat(30)}b`).matches(`/${'a/'.repeat(2000)}`)).toBe(false);
  expect(compileGlob(`${'**a'.repeat(30)}[b`).matches(long)).toBe(false);
  expect(performance.now() - started).toBeLessThan(2000);
});

test('only a pattern without special characters can be looked up by the store', () => {
  const exact = ['/bin/sh', 'sh', '/bin/*', '/bin/s?', '/bin/[s]h', '/bin/\\sh'].filter(
    (text) => compileGlob(text).exact,
  );
  expect(exact).toEqual(['/bin/sh', 'sh']);
});
