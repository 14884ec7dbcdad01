import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { absolutePath } from '../../src/audit/paths.ts';

describe('the absolute form of a name', () => {
  it.each([
    ['/etc/passwd', '/srv', '/etc/passwd'],
    ['hello.txt', '/srv/example', '/srv/example/hello.txt'],
    ['./hello.txt', '/srv', '/srv/hello.txt'],
    ['sub//deep/./x', '/srv', '/srv/sub/deep/x'],
    ['x', '/', '/x'],
    ['.', '/srv', '/srv'],
    ['/', null, '/'],
    ['/tmp/', null, '/tmp'],
    ['sub/', '/srv', '/srv/sub'],
    ['caf\xc3\xa9\xff', '/srv', '/srv/caf\xc3\xa9\xff'],
  ])('of %j in %j is %j', (name, cwd, path) => {
    expect(absolutePath(name, cwd)).toBe(path);
  });

  it('leads out of the working directory, and not above the root', () => {
    expect(absolutePath('../x', '/srv/example')).toBe('/srv/x');
    expect(absolutePath('../../../x', '/srv/example')).toBe('/x');
    expect(absolutePath('..', '/srv/example')).toBe('/srv');
  });

  it('keeps the .. behind a name, for that may be a symbolic link', () => {
    expect(absolutePath('link/../x', '/srv')).toBe('/srv/link/../x');
    expect(absolutePath('/srv/link/../x', null)).toBe('/srv/link/../x');
  });

  it.each([
    [null, '/srv'],
    ['', '/srv'],
    ['x', null],
    ['x', ''],
    ['x', 'srv'],
    ['x', '(unreachable)/srv'],
  ])('of %j in %j is not known', (name, cwd) => {
    expect(absolutePath(name, cwd)).toBeNull();
  });

  it('is the same when it is taken again', () => {
    const name = fc.array(fc.constantFrom('a', 'b', '.', '..', ''), { minLength: 1 }).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(name, (given) => {
        const path = absolutePath(given, '/srv/example');
        expect(absolutePath(path, null)).toBe(path);
      }),
    );
  });
});
