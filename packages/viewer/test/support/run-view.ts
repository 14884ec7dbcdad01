import type { CookedQuery } from '@godo/evidence';
import { runViewer } from '../../src/run.ts';
import { at } from './documents.ts';
import { memoryReader } from './memory-reader.ts';
import { dockerRun, type Evidence } from './story.ts';

export interface Given {
  readonly evidence?: Evidence;
  readonly width?: number;
  readonly terminal?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  readonly queries?: CookedQuery[];
}

export interface Printed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the viewer over evidence in memory, in a UTF-8 locale, one hour after the story began. */
export async function view(argv: readonly string[], given: Given = {}): Promise<Printed> {
  let out = '';
  let err = '';
  const code = await runViewer(
    argv,
    {
      openEvidence: async () => memoryReader(given.evidence ?? dockerRun, given.queries),
      openRaw: () => Promise.reject(new Error('a view reads no raw evidence')),
      out: {
        write: (text, done) => {
          out += text;
          done();
        },
      },
      say: (text) => {
        err += text;
      },
      nowNs: () => at(3600),
      terminal: { isTerminal: given.terminal ?? false, columns: given.terminal ? given.width : undefined },
      environment: { LANG: 'C.UTF-8', COLUMNS: String(given.width ?? 120), ...given.environment },
    },
    '0.1.0',
  );
  return { code, out, err };
}
