/**
 * Checks raw evidence against its links, in one pass. Memory: the links, and 32 bytes for each observation of a task and
 * each checkpoint, and for each file session that ended later than those that are read; no document is kept.
 */

import type { KeyObject } from 'node:crypto';
import {
  type ChainDocument,
  type LossDocument,
  type RawCollection,
  type RawEntry,
  rawCollections,
  type SessionDocument,
} from '../raw-documents.ts';
import { StoreError } from '../store-error.ts';
import type { RawVerifier } from '../stores.ts';
import { digestOf } from './canonical.ts';
import { idOf } from './ledger.ts';
import { isLink } from './link.ts';
import { type CheckedLinks, checkLinks } from './link-check.ts';
import { type Finding, type RunReport, type Verdict, type VerifyReport, worstOf } from './report.ts';
import { type NamedMember, VerifiedRun } from './verified-run.ts';

interface Run {
  readonly sessionId: string;
  readonly checked: CheckedLinks;
  readonly verified: VerifiedRun;
  start: SessionDocument | null;
  hasEndDocument: boolean;
  /** Documents where there are no links. */
  unchained: number;
  losses: { count: number; isUnknown: boolean; documents: number };
}

/** @param key null: signatures are not checked. @throws StoreError where the evidence cannot be read. */
export async function verifyEvidence(source: RawVerifier, key: KeyObject | null = null): Promise<VerifyReport> {
  const faults = await source.faults();
  if (faults.length > 0) {
    const problems = faults.map((fault) => `The database is damaged: ${fault}`);
    return { location: source.location, verdict: 'unreadable', runs: [], problems, gaps: [] };
  }
  return await new Verification(source, key).report();
}

/** Statements of refused documents that are told from each other; what more say excuses nothing. */
const mostRefusals = 100_000;

class Verification {
  readonly #source: RawVerifier;
  readonly #key: KeyObject | null;
  readonly #runs = new Map<string, Run>();
  readonly #members = new Map<string, NamedMember[]>();
  readonly #problems: string[] = [];
  /** Of no run that is known. */
  readonly #strays = new Map<RawCollection, { count: number; id: string }>();
  /** Documents that never reached the database, as losses say: how many. */
  #lostOnTheWay = 0;
  /** What is refused, as stated. */
  readonly #refusals = new Set<string>();

  constructor(source: RawVerifier, key: KeyObject | null) {
    this.#source = source;
    this.#key = key;
  }

  async report(): Promise<VerifyReport> {
    await this.#readLinks();
    // Runs are known by their start, where they have no links.
    const others = rawCollections.filter((name) => name !== 'chain' && name !== 'sessions');
    for (const collection of ['sessions', ...others] as const) await this.#readDocuments(collection);
    const runs = [...this.#runs.values()].map((run) => this.#runReport(run));
    for (const [collection, { count, id }] of this.#strays) {
      this.#problems.push(
        `Added: ${count} document(s) of ${collection} belong to no run (${id}${count > 1 ? ', …' : ''}).`,
      );
    }
    const gaps = runs.length === 0 ? ['There is no run in it.'] : [];
    const verdict = worstOf([
      ...runs.map((run) => run.verdict),
      ...(this.#problems.length > 0 ? ['tampered' as const] : []),
      ...(gaps.length > 0 ? ['gaps' as const] : []),
    ]);
    return { location: this.#source.location, verdict, runs, problems: this.#problems, gaps };
  }

  async #readLinks(): Promise<void> {
    const links = new Map<string, ChainDocument[]>();
    for await (const { entries, changed } of this.#source.stored('chain')) {
      this.#tellChanged('chain', changed);
      for (const entry of entries) {
        const link = (entry as { document?: unknown }).document;
        if (!isLink(link)) {
          this.#problems.push(`Changed: a document of chain is no link (${idOf(entry)}).`);
          continue;
        }
        const list = links.get(link.sessionId);
        if (list === undefined) links.set(link.sessionId, [link]);
        else list.push(link);
      }
    }
    for (const [sessionId, found] of links) this.#begin(sessionId, found);
  }

  #begin(sessionId: string, found: readonly ChainDocument[]): Run {
    const checked = checkLinks(found, this.#key);
    const verified = new VerifiedRun(sessionId, checked.common, checked.links);
    for (const member of verified.members) {
      const name = memberName(member.collection, member.id);
      const list = this.#members.get(name);
      if (list === undefined) this.#members.set(name, [member]);
      else list.push(member);
    }
    const losses = { count: 0, isUnknown: false, documents: 0 };
    const run = { sessionId, checked, verified, start: null, hasEndDocument: false, unchained: 0, losses };
    this.#runs.set(sessionId, run);
    return run;
  }

  async #readDocuments(collection: RawCollection): Promise<void> {
    for await (const { entries, changed } of this.#source.stored(collection)) {
      this.#tellChanged(collection, changed);
      for (const entry of entries) this.#take(entry);
    }
    for (const { verified } of this.#runs.values()) verified.finish(collection);
  }

  #tellChanged(collection: RawCollection, changed: readonly (string | null)[]): void {
    for (const id of changed) {
      if (this.#problems.length >= problemsTold) return;
      this.#problems.push(
        `Changed: a document of ${collection} is not as a listener writes it (${id ?? 'id unknown'}).`,
      );
    }
  }

  #take(entry: RawEntry): void {
    const { collection } = entry;
    const run = this.#runOf(entry);
    if (run === null) {
      const strays = this.#strays.get(collection);
      if (strays === undefined) this.#strays.set(collection, { count: 1, id: idOf(entry) });
      else strays.count += 1;
      return;
    }
    if (collection === 'losses' && 'document' in entry) this.#learnLoss(run, entry.document);
    if (run.checked.links.length === 0) {
      run.unchained += 1;
      return;
    }
    const namesakes = this.#members.size === 0 ? [] : (this.#members.get(memberName(collection, idOf(entry))) ?? []);
    run.verified.take(entry, digestOf(entry), namesakes);
  }

  #runOf(entry: RawEntry): Run | null {
    const origin =
      'session' in entry ? entry.session.origin : 'observation' in entry ? entry.observation : entry.document;
    const { sessionId } = origin;
    const known = this.#runs.get(sessionId) ?? null;
    if (entry.collection !== 'sessions') return known;
    const { document } = entry;
    const isStart = document.phase === 'start';
    const run = known ?? (isStart && typeof sessionId === 'string' ? this.#begin(sessionId, []) : null);
    if (run === null) return null;
    if (isStart) run.start = document;
    else run.hasEndDocument = true;
    return run;
  }

  #learnLoss(run: Run, loss: LossDocument): void {
    const { severity, source, count } = loss;
    if (severity !== 'loss') return;
    run.losses.documents += 1;
    if (typeof count === 'number') run.losses.count += count;
    else run.losses.isUnknown = true;
    // It may tell of what an earlier run left behind.
    if (source === 'spool' || (source === 'store' && this.#isNewRefusal(loss)))
      this.#lostOnTheWay += typeof count === 'number' ? count : Number.POSITIVE_INFINITY;
  }

  /** What is refused out of the spool is so again after each start until all before and behind it is delivered. */
  #isNewRefusal({ from, to, count }: LossDocument): boolean {
    const name = JSON.stringify([from, to, count]);
    if (this.#refusals.has(name) || this.#refusals.size === mostRefusals) return false;
    this.#refusals.add(name);
    return true;
  }

  #runReport(run: Run): RunReport {
    const { sessionId, checked, verified, start } = run;
    const chain = [...checked.problems];
    const gaps = gapsOf(run);
    // A log is read again when it has grown.
    const isToldAgain = checked.isForked && start?.intake === 'log' && checked.problems.length === 0;
    if (checked.isForked && !isToldAgain) chain.push('There are several links of one number.');
    const isUnchained = checked.links.length === 0;
    if (isUnchained && start?.chained && run.hasEndDocument) chain.push('All of its links are missing.');
    if (isUnchained && this.#key !== null && start?.chained) chain.push('It has no signature.');
    if (!isUnchained && !checked.isForked && run.hasEndDocument && !verified.hasEnded) {
      chain.push('It has an end, and no link for that: its last link is missing.');
    }
    const findings = [...verified.findings, ...(isToldAgain ? [] : this.#missingMembers(verified))];
    const lost = this.#lost(findings, chain, checked);
    if (lost.count > 0) gaps.push(`Losses say that ${lost.count} document(s) or more did not reach the database.`);
    const isTampered =
      lost.chain.length > 0 || lost.findings.some(({ kind }) => !(kind === 'unclear' || kind === 'lost'));
    const verdict: Verdict = isTampered ? 'tampered' : gaps.length > 0 ? 'gaps' : 'intact';
    return {
      sessionId,
      host: textOrNull(start?.host) ?? checked.links[0]?.host ?? null,
      start: textOrNull(start?.time),
      verdict,
      documents: isUnchained ? run.unchained : verified.documents,
      links: checked.links.length,
      entry_hash: checked.links.at(-1)?.entry_hash ?? null,
      signatures: checked.signatures,
      chain: lost.chain,
      findings: lost.findings,
      gaps,
    };
  }

  /** Told alone, and not there, or there with another content. Of one id one is enough: the first stays in the database. */
  #missingMembers({ members }: VerifiedRun): Finding[] {
    const findings: Finding[] = [];
    for (const { collection, id, isFound, isChanged, other } of members) {
      if (isFound || other?.isIntact) continue;
      if (this.#members.get(memberName(collection, id))?.some((one) => one.isFound)) continue;
      const kind = isChanged ? 'changed' : 'removed';
      findings.push({ kind, collection, from: null, to: null, expected: 1, found: isChanged ? 1 : 0, ids: [id] });
    }
    return findings;
  }

  /** What is missing, as far as losses say that so much was lost on the way. */
  #lost(findings: readonly Finding[], chain: readonly string[], { hasHole }: CheckedLinks) {
    const missing = findings.filter(({ kind }) => kind === 'removed');
    const count = missing.reduce((sum, { expected, found }) => sum + expected - found, 0);
    if ((count === 0 && !hasHole) || count + (hasHole ? 1 : 0) > this.#lostOnTheWay)
      return { findings, chain, count: 0 };
    this.#lostOnTheWay -= count;
    const told = findings.map((finding): Finding => {
      const isLost = finding.kind === 'removed' || (hasHole && finding.kind === 'added');
      return isLost ? { ...finding, kind: 'lost' } : finding;
    });
    return { findings: told, chain: hasHole ? chain.filter((one) => !isHole(one)) : chain, count: Math.max(1, count) };
  }
}

/** A document of `sessions` is taken as it stands in the database: anything may stand there. */
function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

const problemsTold = 50;

function memberName(collection: RawCollection, id: string): string {
  return `${collection} ${id}`;
}

function isHole(problem: string): boolean {
  return /^Links? \d+( to \d+)? (is|are) missing\.$|does not follow the link before it\.$/.test(problem);
}

function gapsOf({ checked, verified, start, unchained, losses, hasEndDocument }: Run): string[] {
  const gaps: string[] = [];
  if (checked.links.length === 0) {
    const why = start?.chained && !hasEndDocument ? 'it was cut off before its first link' : 'it is of an earlier godo';
    gaps.push(`No link tells of it (${why}): its ${unchained} document(s) cannot be checked.`);
  } else if (checked.isForked) {
    gaps.push(
      `Its log was read more than once, with different ends: ${verified.notCovered} document(s) after that are not covered.`,
    );
  } else if (!verified.hasEnded) {
    gaps.push(`It has no end: ${verified.notCovered} document(s) after its last link are not covered.`);
  }
  if (losses.documents > 0) {
    const count = `${losses.count}${losses.isUnknown ? ' or more' : ''}`;
    gaps.push(`It states losses itself: ${losses.documents} document(s) in losses, ${count} missing.`);
  }
  return gaps;
}

/** As {@link verifyEvidence}; evidence that cannot be read is a verdict, too. */
export async function verdictOf(open: () => Promise<RawVerifier>, key: KeyObject | null): Promise<VerifyReport> {
  try {
    const source = await open();
    try {
      return await verifyEvidence(source, key);
    } finally {
      await source.close();
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { location: null, verdict: 'unreadable', runs: [], problems: [error.message], gaps: [] };
  }
}
