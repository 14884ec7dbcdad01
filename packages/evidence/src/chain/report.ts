/** What is found when evidence is checked, and in which words it is told. */

import { isoTime } from '../moment.ts';
import type { RawCollection } from '../raw-documents.ts';
import { visibleSentence } from '../visible-text.ts';

export const verdicts = ['intact', 'tampered', 'unreadable', 'gaps'] as const;
export type Verdict = (typeof verdicts)[number];

/** By exit code: of several verdicts the first of these is that of the whole. */
const byWeight: readonly Verdict[] = ['tampered', 'unreadable', 'gaps', 'intact'];

export function worstOf(all: readonly Verdict[]): Verdict {
  return byWeight.find((verdict) => all.includes(verdict)) ?? 'intact';
}

export function exitCodeOf(verdict: Verdict): number {
  return verdicts.indexOf(verdict);
}

/** Documents that are not as they were told. Seconds since the epoch. */
export interface Finding {
  /** unclear: of a run that was cut off, more than was told. lost: a loss says that they did not reach the database. */
  readonly kind: 'removed' | 'added' | 'changed' | 'unclear' | 'lost';
  readonly collection: RawCollection;
  readonly from: number | null;
  readonly to: number | null;
  readonly expected: number;
  readonly found: number;
  /** Of documents that were found there, or are missed: the first few. */
  readonly ids: readonly string[];
}

/** One run of a listener. */
export interface RunReport {
  readonly sessionId: string;
  readonly host: string | null;
  readonly start: string | null;
  readonly verdict: Verdict;
  readonly documents: number;
  readonly links: number;
  /** Of its last link. */
  readonly entry_hash: string | null;
  readonly signatures: 'none' | 'not checked' | 'valid' | 'invalid';
  /** What is wrong with the links. */
  readonly chain: readonly string[];
  readonly findings: readonly Finding[];
  /** What is not known, or was lost, by its own word. */
  readonly gaps: readonly string[];
}

export interface VerifyReport {
  /** null: it could not be opened, or not be read to its end. */
  readonly location: string | null;
  readonly verdict: Verdict;
  readonly runs: readonly RunReport[];
  /** What is wrong, or not known, of no run. */
  readonly problems: readonly string[];
  readonly gaps: readonly string[];
}

const words: Readonly<Record<Verdict, string>> = {
  intact: 'intact',
  tampered: 'TAMPERED',
  unreadable: 'UNREADABLE',
  gaps: 'intact, with gaps',
};

/** Findings that are told of one run; the others are counted. */
const findingsTold = 20;

export function reportText(report: VerifyReport): string {
  const lines = report.runs.flatMap(runLines);
  for (const problem of report.problems) lines.push(visibleSentence(problem));
  for (const gap of report.gaps) lines.push(visibleSentence(gap));
  lines.push(
    report.location === null ? words[report.verdict] : `${words[report.verdict]}: ${visibleSentence(report.location)}`,
  );
  return `${lines.join('\n')}\n`;
}

function runLines(run: RunReport): string[] {
  const { verdict, sessionId, host, start, documents, links, entry_hash, signatures } = run;
  const signed = {
    none: 'not signed',
    'not checked': 'signatures not checked',
    valid: 'signed',
    invalid: 'signature wrong',
  };
  const lines = [
    `${words[verdict]}: run ${visibleSentence(sessionId)}`,
    `  ${visibleSentence(host ?? 'unknown host')}, ${visibleSentence(start ?? 'unknown start')}: ${documents} documents, ${links} links, ${signed[signatures]}`,
  ];
  if (entry_hash !== null) lines.push(`  last entry_hash ${visibleSentence(entry_hash)}`);
  lines.push(...run.chain.map((problem) => `  ${visibleSentence(problem)}`));
  lines.push(...run.findings.slice(0, findingsTold).map((finding) => `  ${findingText(finding)}`));
  if (run.findings.length > findingsTold) lines.push(`  … and ${run.findings.length - findingsTold} more places`);
  lines.push(...run.gaps.map((gap) => `  ${visibleSentence(gap)}`));
  return lines;
}

const happened = {
  removed: 'removed',
  added: 'added',
  changed: 'changed',
  unclear: 'not covered in part',
  lost: 'lost before they came here',
} as const;

function findingText({ kind, collection, from, to, expected, found, ids }: Finding): string {
  const when = from === null || to === null ? '' : ` ${secondText(from)}${to === from ? '' : ` to ${secondText(to)}`}`;
  const named = ids.length === 0 ? '' : ` (${ids.map(visibleSentence).join(', ')}${found > ids.length ? ', …' : ''})`;
  return `${happened[kind]}: ${collection}${when}: ${expected} documents told, ${found} found${named}`;
}

function secondText(second: number): string {
  if (!Number.isFinite(second)) return 'at no time';
  return isoTime(BigInt(second) * 1_000_000_000n).replace('.000000000', '');
}
