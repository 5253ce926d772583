/**
 * Reads JSON that may be anything: a file is only as good as who wrote it last. A refusal names the field, what it holds
 * and what is expected. Pure.
 */

export type Parsed<T> =
  | { readonly kind: "valid"; readonly value: T }
  /** Completes "PATH cannot be used: …". */
  | { readonly kind: "malformed"; readonly reason: string };

/** Never throws at what the text holds. `read` says what is wrong by the methods of `Fields`. */
export function parseJson<T>(text: string, read: (fields: Fields) => T): Parsed<T> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // What the parser says of a position helps nobody who did not write the file.
    return { kind: "malformed", reason: "it is not JSON" };
  }
  return readValue(value, read);
}

export function readValue<T>(value: unknown, read: (fields: Fields) => T): Parsed<T> {
  try {
    return { kind: "valid", value: read(Fields.of(value, "")) };
  } catch (error) {
    if (!(error instanceof FieldRefused)) throw error;
    return { kind: "malformed", reason: error.message };
  }
}

/** Control flow only: it leaves this file as "malformed". */
class FieldRefused extends Error {
  override readonly name = "FieldRefused";
}

export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  /** Where it stands in the document, with a dot at its end. */
  readonly #place: string;

  private constructor(values: Readonly<Record<string, unknown>>, place: string) {
    this.#values = values;
    this.#place = place;
  }

  static of(value: unknown, place: string): Fields {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new FieldRefused(`${place === "" ? "it" : place.slice(0, -1)} is ${show(value)}, expected an object`);
    }
    return new Fields(value as Record<string, unknown>, place);
  }

  text(name: string, pattern = /^/): string {
    const value = this.#values[name];
    if (typeof value === "string" && pattern.test(value)) return value;
    return this.refuse(name, `a text${pattern.source === "^" ? "" : ` that matches ${pattern.source}`}`);
  }

  whole(name: string, min = 0, max: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.#values[name];
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max) return value;
    return this.refuse(name, max === Number.MAX_SAFE_INTEGER ? `a whole number from ${min}` : `${min} to ${max}`);
  }

  flag(name: string): boolean {
    const value = this.#values[name];
    return typeof value === "boolean" ? value : this.refuse(name, "true or false");
  }

  object(name: string): Fields {
    return Fields.of(this.#values[name], `${this.#place}${name}.`);
  }

  list<T>(name: string, read: (item: Fields) => T): readonly T[] {
    const value = this.#values[name];
    if (!Array.isArray(value)) return this.refuse(name, "a list");
    return value.map((item, index) => read(Fields.of(item, `${this.#place}${name}[${index}].`)));
  }

  wholes(name: string): readonly number[] {
    const value = this.#values[name];
    if (Array.isArray(value) && value.every((one) => Number.isSafeInteger(one) && one >= 0)) return value as number[];
    return this.refuse(name, "a list of whole numbers");
  }

  lines(name: string): readonly string[] {
    const value = this.#values[name];
    if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value as string[];
    return this.refuse(name, "a list of texts");
  }

  /** An object that holds nothing but texts. */
  texts(name: string): Readonly<Record<string, string>> {
    const value = this.#values[name];
    const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
    if (isMap && Object.values(value).every((one) => typeof one === "string")) return value as Record<string, string>;
    return this.refuse(name, "an object of texts");
  }

  /** Null for a field that is null or not there: earlier versions may not have had it. */
  nullable<T>(name: string, read: () => T): T | null {
    return (this.#values[name] ?? null) === null ? null : read();
  }

  /** All of it, once every field that somebody relies on was looked at. */
  as<T>(): T {
    return this.#values as T;
  }

  refuse(name: string, expected: string): never {
    throw new FieldRefused(`${this.#place}${name} is ${show(this.#values[name])}, expected ${expected}`);
  }
}

const SHOWN_MAX = 60;

const show = (value: unknown): string => (JSON.stringify(value) ?? "missing").slice(0, SHOWN_MAX);
