/** Where the kernel is asked to watch sensitive files. */

import { describe, expect, it } from 'vitest';
import { isWatchable, type PathFacts, placeInside, placeOf } from '../../src/rules/sensitive-paths.ts';

type Kinds = Readonly<Record<string, ReturnType<PathFacts['kind']>>>;

/** A file system of these files, where `links` lead from one path to another. */
function facts(kinds: Kinds, links: Readonly<Record<string, string>> = {}): PathFacts {
  const realPath = (path: string) => {
    const link = Object.entries(links).find(([from]) => path === from || path.startsWith(`${from}/`));
    const real = link === undefined ? path : link[1] + path.slice(link[0].length);
    return Object.hasOwn(kinds, real) ? real : null;
  };
  return { realPath, kind: (path) => (Object.hasOwn(links, path) ? 'symlink' : (kinds[path] ?? null)) };
}

describe('a sensitive path', () => {
  const host = facts(
    {
      '/': 'directory',
      '/etc': 'directory',
      '/etc/shadow': 'other',
      '/run': 'directory',
      '/run/docker.sock': 'socket',
    },
    { '/var/run': '/run' },
  );

  it('is watched as a file, a folder or a socket, behind links', () => {
    expect(placeOf('/etc/shadow', host)).toEqual({ field: 'path', path: '/etc/shadow', isSocket: false });
    expect(placeOf('/etc', host)).toEqual({ field: 'dir', path: '/etc', isSocket: false });
    expect(placeOf('/var/run/docker.sock', host)).toEqual({ field: 'path', path: '/run/docker.sock', isSocket: true });
  });

  it('need not be there where its folder is', () => {
    expect(placeOf('/etc/gshadow', host)).toEqual({ field: 'path', path: '/etc/gshadow', isSocket: false });
    expect(placeOf('/var/run/x.sock', facts({ '/var/run': 'directory' }))).toMatchObject({ isSocket: true });
    expect(placeOf('/etc/kubernetes/admin.conf', host)).toBeNull();
    expect(placeOf('/', host)).toBeNull();
  });

  it('is absolute', () => {
    const paths = ['/etc/shadow', 'etc', '/', '/a\0b', `/${'x'.repeat(5000)}`];

    expect(paths.map(isWatchable)).toEqual([true, false, false, false, false]);
  });
});

describe('a sensitive path in a container', () => {
  const root = '/r';

  it('is a file that is there', () => {
    const inside = facts({ '/r/etc': 'directory', '/r/etc/shadow': 'other' });

    expect(placeInside(root, '/etc/shadow', inside)).toEqual({ field: 'path', path: '/r/etc/shadow', isSocket: false });
    expect(placeInside(root, '/etc/gshadow', inside)).toBeNull();
    expect(placeInside(root, '/etc', inside)).toBeNull();
  });

  it('leads nowhere else by a link', () => {
    const linked = facts({ '/r/etc': 'directory', '/etc/shadow': 'other', '/etc': 'directory' }, { '/r/etc': '/etc' });
    const last = facts({ '/r/etc': 'directory', '/etc/shadow': 'other' }, { '/r/etc/shadow': '/etc/shadow' });

    expect([placeInside(root, '/etc/shadow', linked), placeInside(root, '/etc/shadow', last)]).toEqual([null, null]);
    expect(placeInside(root, '/../etc/shadow', facts({ '/etc/shadow': 'other' }))).toBeNull();
  });
});
