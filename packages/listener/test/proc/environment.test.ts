import { describe, expect, it } from 'vitest';
import { environmentNames } from '../../src/proc/environment.ts';
import { realProc } from '../../src/proc/proc-files.ts';

describe('the names of an environment', () => {
  it('come once each and without values', () => {
    expect(environmentNames('PATH=/bin:/x\0A=1=2\0PATH=again\0BASH_FUNC_f%%=() { :; }\0EMPTY=\0', true)).toEqual({
      envNames: ['PATH', 'A', 'BASH_FUNC_f%%', 'EMPTY'],
    });
  });

  it('are none where something else was written over them', () => {
    const title = 'nginx: worker process --password=hidden\0secret without a sign\0=x\0caf\xe9=x\0';

    expect([environmentNames(title, true), environmentNames('', true)]).toEqual([{ envNames: [] }, { envNames: [] }]);
  });

  it('are cut where there are too many, and where not all was read', () => {
    const many = Array.from({ length: 5000 }, (_, index) => `N${index}=x\0`).join('');

    expect(environmentNames(many, true)).toMatchObject({ envNamesCut: true, envNames: { length: 4096 } });
    expect(environmentNames('A=1\0B=2', false)).toEqual({ envNames: ['A'], envNamesCut: true });
  });

  it('are read of a process', () => {
    const own = realProc.open(process.pid);
    try {
      const { text, whole } = own?.environment() ?? { text: '', whole: false };
      expect(environmentNames(text, whole).envNames).toContain('PATH');
    } finally {
      own?.close();
    }
  });
});
