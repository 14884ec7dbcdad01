import { expect, it } from 'vitest';
import { KnownGroups } from '../../src/proc/known-groups.ts';

it('Groups are kept in the form of the addon: those that were added last, each once', () => {
  const groups = new KnownGroups(2);
  const added = ['0::/a\n', '0::/b\n', '0::/b\n', '0::/\u00e9\n'].map((text) => {
    groups.add(text);
    return Buffer.from(groups.bytes).toString('latin1');
  });

  expect(added).toEqual(['0::/a\n\0', '0::/a\n\x000::/b\n\0', '0::/a\n\x000::/b\n\0', '0::/b\n\x000::/\u00e9\n\0']);
});
