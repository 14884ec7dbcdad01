import { none, ReferenceColumn } from './columns.ts';
import { type Facts, noFacts } from './facts.ts';
import type { ProgramDetails } from './program-details.ts';
import { SharedTexts } from './shared-texts.ts';

/** The number of {@link noFacts}. */
export const noFactsNumber = 0;

/** Its parts lie together: the numbers of their texts. */
const parts = 4;
const part = { exe: 0, comm: 1, argv: 2, cwd: 3 } as const;
type Part = (typeof part)[keyof typeof part];

type List = readonly string[];
type Hexes = readonly (string | null)[];
type ListWithHexes = readonly [List, Hexes];

/**
 * Keeps facts of very many processes by number. They differ mostly in their arguments, and facts that are composed of
 * others share the texts of those.
 */
export class SharedFacts {
  readonly #texts = new SharedTexts();
  /** Text numbers, unset where a fact is not known. */
  readonly #parts = new ReferenceColumn();
  #size = 1;
  #last = noFactsNumber;
  #lastFacts = noFacts;

  /** @returns A new number, but for {@link noFacts}. */
  add(facts: Facts): number {
    if (facts === noFacts) return noFactsNumber;
    const { exe, comm, argv, cwd } = facts;
    return this.#add(
      exe === null ? none : this.#textOf(exe, facts.exeHex, facts.program),
      comm === null ? none : this.#textOf(comm, facts.commHex),
      argv === null ? none : this.#texts.numberOf(JSON.stringify(facts.argvHex ? [argv, facts.argvHex] : argv)),
      cwd === null ? none : this.#textOf(cwd, facts.cwdHex),
    );
  }

  get(number: number): Facts {
    if (number === this.#last) return this.#lastFacts;
    this.#last = number;
    this.#lastFacts = this.#decoded(number);
    return this.#lastFacts;
  }

  knowsCwd(number: number): boolean {
    return this.#at(number, part.cwd) !== none;
  }

  /** Whether the second names a program that the first does not. */
  isOtherProgram(before: number, after: number): boolean {
    const one = this.#at(before, part.exe);
    const other = this.#at(after, part.exe);
    if (other === none || one === other) return false;
    return one === none || decodedText(this.#texts.get(one))[0] !== decodedText(this.#texts.get(other))[0];
  }

  /** As `overlay` of facts. */
  overlay(under: number, over: number): number {
    if (over === noFactsNumber || under === over) return under;
    if (under === noFactsNumber) return over;
    const chosen = (which: Part): number => {
      const text = this.#at(over, which);
      return text === none ? this.#at(under, which) : text;
    };
    return this.#add(chosen(part.exe), chosen(part.comm), chosen(part.argv), chosen(part.cwd));
  }

  /** As `applyExecution` of facts. */
  applyExecution(before: number, execution: number): number {
    if (this.knowsCwd(execution) || !this.knowsCwd(before)) return execution;
    const own = (which: Part): number => this.#at(execution, which);
    return this.#add(own(part.exe), own(part.comm), own(part.argv), this.#at(before, part.cwd));
  }

  #add(exe: number, comm: number, argv: number, cwd: number): number {
    const number = this.#size;
    const first = number * parts;
    this.#parts.set(first + part.exe, exe);
    this.#parts.set(first + part.comm, comm);
    this.#parts.set(first + part.argv, argv);
    this.#parts.set(first + part.cwd, cwd);
    this.#size += 1;
    return number;
  }

  #at(number: number, which: Part): number {
    return this.#parts.at(number * parts + which);
  }

  #textOf(text: string, hex: string | undefined, program?: ProgramDetails): number {
    const isPlain = hex === undefined && program === undefined && !isOdd(text);
    return this.#texts.numberOf(isPlain ? text : `\0${JSON.stringify([text, hex, program])}`);
  }

  #decoded(number: number): Facts {
    const [exe, exeHex, program] = this.#text(number, part.exe);
    const [comm, commHex] = this.#text(number, part.comm);
    const [argv, argvHex] = this.#list(number);
    const [cwd, cwdHex] = this.#text(number, part.cwd);
    const exact = exeHex === null && commHex === null && argvHex === null && cwdHex === null;
    if (exact && program === null) return { exe, comm, argv, cwd };
    return {
      exe,
      ...(exeHex !== null && { exeHex }),
      ...(program !== null && { program }),
      comm,
      ...(commHex !== null && { commHex }),
      argv,
      ...(argvHex !== null && { argvHex }),
      cwd,
      ...(cwdHex !== null && { cwdHex }),
    };
  }

  #text(number: number, which: Part): DecodedText | readonly [null, null, null] {
    const text = this.#at(number, which);
    return text === none ? unknown : decodedText(this.#texts.get(text));
  }

  #list(number: number): readonly [list: List | null, hexes: Hexes | null] {
    const text = this.#at(number, part.argv);
    if (text === none) return [null, null];
    const list = JSON.parse(this.#texts.get(text)) as List | ListWithHexes;
    return hasHexes(list) ? list : [list, null];
  }
}

const unknown = [null, null, null] as const;

type DecodedText = readonly [text: string, hex: string | null, program: ProgramDetails | null];

/** The kernel lets no NUL into a text, and our decoding leaves none that is not well-formed; a database may. */
const odd = /[\0\ud800-\udfff]/;

function isOdd(text: string): boolean {
  return odd.test(text);
}

function hasHexes(list: List | ListWithHexes): list is ListWithHexes {
  return typeof list[0] === 'object';
}

function decodedText(kept: string): DecodedText {
  if (kept.charCodeAt(0) !== 0) return [kept, null, null];
  const [text, hex, program] = JSON.parse(kept.slice(1)) as [string, (string | null)?, (ProgramDetails | null)?];
  return [text, hex ?? null, program ?? null];
}
