/** Numbers equal values from 0 on and keeps one of each: most processes of a host have few users, runs and containers. */
export class SharedValues<T> {
  readonly #nameOf: (value: T) => string;
  readonly #numbers = new Map<string, number>();
  readonly #values: T[] = [];
  #lastName: string | null = null;
  #lastNumber = 0;

  /** @param nameOf - A text that says all of a value: two values with one name are taken for equal. */
  constructor(nameOf: (value: T) => string) {
    this.#nameOf = nameOf;
  }

  /** @param value - Must not be changed any more. */
  numberOf(value: T): number {
    const name = this.#nameOf(value);
    if (name === this.#lastName) return this.#lastNumber;
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.#values.push(value) - 1;
      this.#numbers.set(name, number);
    }
    this.#lastName = name;
    this.#lastNumber = number;
    return number;
  }

  /** @throws RangeError where no value has this number. */
  get(number: number): T {
    if (number < 0 || number >= this.#values.length) throw new RangeError(`no value has the number ${number}`);
    return this.#values[number] as T;
  }
}
