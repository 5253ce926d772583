/**
 * What must hold between the input and the output of a job of the user's own (`--expect`), written by the user. Inert: the
 * validator asks it of the records that it reads again from both topics, committed ones only.
 */

/** A file may have been given another copy of this package than the one that runs it, so the mark is the same in all. */
const MARK = Symbol.for("flink-apphost.expectation");

export interface TopicRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  /** Null: a tombstone. */
  readonly value: string | null;
  /** The value as JSON. Throws where it is none; a throw is a difference that names the record. */
  json<T = unknown>(): T;
}

/** What tells a record from all others: the same text on both sides. Null: the record is left out. */
export type Identity = (record: TopicRecord) => string | number | bigint | null;

export interface ExpectedRecord {
  /** Left out: whatever key it has. */
  readonly key?: string | null;
  /** A text must be equal, byte by byte; of an object, and of a list, the JSON, in any order of its fields. */
  readonly value: string | object | null;
}

export interface Amount {
  readonly key: string | number;
  /** Whole: sums of fractions are not exact. */
  readonly amount: number | bigint;
}

/** At least one of them. */
export interface Expectation {
  /** Each input has an identity of its own, and is in the output exactly once. */
  readonly eachOnce?: { readonly input: Identity; readonly output: Identity };
  /**
   * What becomes of an input; null: nothing. With `eachOnce` it is held against the output of the same identity; without,
   * the output must be these records, each as often as it comes, in any order.
   */
  readonly mapping?: (input: TopicRecord) => ExpectedRecord | null;
  /** The amounts of the input, summed by key, are the newest totals in the output. Null: the record is left out. */
  readonly totals?: {
    readonly input: (record: TopicRecord) => Amount | null;
    readonly output: (record: TopicRecord) => Amount | null;
  };
}

export interface ExpectationDefinition {
  readonly [MARK]: true;
  readonly expectation: Expectation;
}

/** Says what must hold. Its functions are called for each record, and must not be asynchronous. */
export const defineExpectation = (expectation: Expectation): ExpectationDefinition => ({ [MARK]: true, expectation });

/** Null: it is one. Otherwise why it is none, to complete "the file …". */
export function refuseExpectation(exported: unknown): string | null {
  const marked = typeof exported === "object" && exported !== null && (exported as Record<symbol, unknown>)[MARK];
  if (marked !== true)
    return 'has no default export that defineExpectation made: write "export default defineExpectation({ … })"';
  const { eachOnce, mapping, totals } = (exported as ExpectationDefinition).expectation;
  const given = [
    ...(eachOnce === undefined ? [] : [eachOnce.input, eachOnce.output]),
    ...(mapping === undefined ? [] : [mapping]),
    ...(totals === undefined ? [] : [totals.input, totals.output]),
  ];
  if (given.length === 0) return "expects nothing: it needs eachOnce, mapping or totals";
  return given.every((one) => typeof one === "function") ? null : "has something else where a function must be";
}
