import type { CookedReader, RawVerifier } from '@godo/evidence';
import type { Sink } from './output.ts';
import type { Terminal } from './render/screen.ts';

/** Where the evidence is, as the options say. */
export interface EvidenceOptions {
  readonly db?: string;
  readonly dbFile?: string;
  readonly mongo?: string;
  readonly rawDb?: string;
  readonly cookedDb?: string;
}

/** Everything outside of the program that it touches. */
export interface World {
  /** @throws StoreError */
  openEvidence(options: EvidenceOptions): Promise<CookedReader>;
  /** @throws StoreError */
  openRaw(options: EvidenceOptions): Promise<RawVerifier>;
  /** The exit code of a command that has one of its own. */
  exitWith(code: number): void;
  readonly out: Sink;
  /** Text for the person, not data. */
  say(text: string): void;
  /** Now, in ns since the Unix epoch. */
  nowNs(): bigint;
  readonly terminal: Terminal;
  readonly environment: Readonly<Record<string, string | undefined>>;
}
