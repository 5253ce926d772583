/**
 * Each input held against its output, as the expectation says: by an identity that both have, or by what the output must
 * be. Pure.
 *
 *   inputs, all of a slice → outputs, all of the same slice → settled
 *
 * P1 Records are cut into slices by their digest, and a slice is held at a time, so memory is bounded by INPUTS_MAX however
 *    many records there are; each further slice takes another reading of both topics.
 * P2 A function of the expectation that throws is a difference, which names the record that it was called with.
 * P3 Before everything was read (`isPartial`), what is missing is no difference.
 */
import type {
  Expectation,
  ExpectedRecord,
  Identity,
  TopicRecord,
} from "../../../simulator/common/contract/expectation.ts";
import { describeError } from "../../../simulator/common/foundation/errors.ts";
import { Differences, namePlace, quote, type Side } from "./differences.ts";
import { canonicalJson } from "./json-text.ts";
import { type Digest, digestOf, PairTable, type Place } from "./pair-table.ts";

/** Of a slice: 176 MiB of tables. */
export const INPUTS_MAX = 2_500_000;

export const countSlices = (inputs: number, inputsMax = INPUTS_MAX): number =>
  Math.max(1, Math.ceil(inputs / inputsMax));

type Paired = Pick<Expectation, "eachOnce" | "mapping">;

/** Whether values are held against each other as texts or as JSON, and keys at all: as the first expected record says. */
interface Form {
  readonly isJson: boolean;
  readonly hasKey: boolean;
}

export class Pairing {
  /** Of eachOnce. */
  readonly once = new Differences();
  readonly mapped = new Differences();
  inputs = 0;
  outputs = 0;
  missing = 0;
  repeated = 0;
  readonly #expectation: Paired;
  readonly #slices: number;
  readonly #isPartial: boolean;
  #slice = 0;
  #table: PairTable;
  #form: Form | null = null;
  readonly #rows: number;

  constructor(
    expectation: Paired,
    { inputs, isPartial, inputsMax = INPUTS_MAX }: { inputs: number; isPartial: boolean; inputsMax?: number },
  ) {
    this.#expectation = expectation;
    this.#slices = countSlices(inputs, inputsMax);
    this.#isPartial = isPartial;
    this.#rows = Math.ceil(inputs / this.#slices);
    this.#table = new PairTable(this.#rows);
  }

  /** Goes on with the next slice; false: that was the last one. */
  nextSlice(): boolean {
    this.#settle();
    this.#slice += 1;
    if (this.#slice >= this.#slices) return false;
    this.#table = new PairTable(this.#rows);
    return true;
  }

  takeInput(record: TopicRecord): void {
    const { eachOnce } = this.#expectation;
    const identity = eachOnce === undefined ? null : this.#identify(eachOnce.input, record, "input");
    if (identity === undefined) return;
    const expected = this.#expect(record);
    if (expected === undefined) return;
    if (eachOnce === undefined) {
      // Nothing is to become of it.
      if (expected !== null) this.#addInput(record, expected, expected);
    } else if (identity !== null) this.#addInput(record, identity, expected);
  }

  takeOutput(record: TopicRecord): void {
    const { eachOnce } = this.#expectation;
    const identity =
      eachOnce === undefined ? this.#describe(record) : this.#identify(eachOnce.output, record, "output");
    if (identity === undefined || identity === null) return;
    const digest = digestOf(identity);
    if (!this.#isOfSlice(digest)) return;
    this.outputs += 1;
    const place = placeOf(record);
    const at = namePlace("output", place);
    const differences = eachOnce === undefined ? this.mapped : this.once;
    const slot = this.#table.find(digest);
    if (slot === null) {
      const what = eachOnce === undefined ? "which no input becomes" : `whose identity ${quote(identity)} no input has`;
      this.#note(differences, "output", place, `${at} holds ${quoteRecord(record)}, ${what}`);
      return;
    }
    const input = this.#table.placeOf(slot);
    if (this.#table.expectedOf(slot) === 0) {
      const text = `${at} holds ${quoteRecord(record)}, of ${namePlace("input", input)}, of which nothing was to become`;
      this.#note(differences, "output", place, text);
    } else if (this.#table.addOutput(slot) > this.#table.expectedOf(slot)) {
      this.repeated += 1;
      this.#note(
        differences,
        "output",
        place,
        `${at} repeats what came of ${namePlace("input", input)}: ${quoteRecord(record)}`,
      );
    } else if (eachOnce !== undefined && this.#expectation.mapping !== undefined) this.#compare(record, slot, input);
  }

  /** With the expected record, where the mapping gives one: of an input that was read once more. */
  explain(input: TopicRecord): string {
    const expected = this.#expectation.mapping?.(input);
    return expected === undefined || expected === null ? "nothing" : formatExpected(expected);
  }

  #settle(): void {
    if (this.#isPartial) return;
    const byContent = this.#expectation.eachOnce === undefined;
    for (const { place, count } of this.#table.missing()) {
      this.missing += count;
      const text = `${namePlace("input", place)} is not in the output`;
      const expectedOf = this.#expectation.mapping === undefined ? {} : { expectedOf: place };
      (byContent ? this.mapped : this.once).add({ side: "input", ...place, text, ...expectedOf }, count);
    }
  }

  #addInput(record: TopicRecord, identity: string, expected: string | null): void {
    const digest = digestOf(identity);
    if (!this.#isOfSlice(digest)) return;
    this.inputs += 1;
    const { eachOnce, mapping } = this.#expectation;
    const hasContent = eachOnce !== undefined && mapping !== undefined;
    const content = hasContent && expected !== null ? digestOf(expected) : null;
    const { slot, isFirst } = this.#table.addInput(digest, placeOf(record), content);
    const isExpected = mapping === undefined || expected !== null;
    if (isExpected && (isFirst || eachOnce === undefined)) this.#table.expectOutput(slot);
    if (isFirst || eachOnce === undefined) return;
    const first = namePlace("input", this.#table.placeOf(slot));
    const place = placeOf(record);
    const text = `${namePlace("input", place)} has the identity ${quote(identity)} of ${first}: eachOnce needs one that is unique`;
    this.#note(this.once, "input", place, text);
  }

  #compare(record: TopicRecord, slot: number, input: Place): void {
    const actual = this.#describe(record);
    if (actual === undefined || this.#table.hasContent(slot, digestOf(actual))) return;
    const place = placeOf(record);
    const text = `${namePlace("output", place)} holds ${quoteRecord(record)} for ${namePlace("input", input)}`;
    this.mapped.add({ side: "output", ...place, text, expectedOf: input });
  }

  /** P2: undefined. Null: it is left out. */
  #identify(identity: Identity, record: TopicRecord, side: Side): string | null | undefined {
    const value = this.#call(`eachOnce.${side}`, this.once, side, record, () => identity(record));
    return value === undefined || value === null ? value : String(value);
  }

  /** As text, in the form of all. Null: nothing; undefined: P2. */
  #expect(record: TopicRecord): string | null | undefined {
    const { mapping } = this.#expectation;
    if (mapping === undefined) return null;
    return this.#call("mapping", this.mapped, "input", record, () => {
      const expected = mapping(record);
      if (expected === null) return null;
      const { key, value } = expected;
      const form: Form = { isJson: typeof value === "object", hasKey: key !== undefined };
      // A tombstone is neither text nor object.
      if (value !== null) this.#form ??= form;
      const { isJson, hasKey } = this.#form ?? form;
      if (hasKey !== form.hasKey || (value !== null && isJson !== form.isJson)) {
        throw new Error("it gives texts and objects, or records with a key and without, and must keep to one of them");
      }
      return formatContent({ isJson, hasKey }, key ?? null, value);
    });
  }

  /** What the output holds, in the form of the expected records. Without any, nothing can be right. */
  #describe(record: TopicRecord): string | undefined {
    const form = this.#form ?? { isJson: false, hasKey: false };
    return this.#call("the value of", this.mapped, "output", record, () => {
      const value = form.isJson && record.value !== null ? record.json<object>() : record.value;
      return formatContent(form, record.key, value);
    });
  }

  #call<T>(what: string, into: Differences, side: Side, record: TopicRecord, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      // Each slice calls it again.
      if (this.#slice === 0) {
        const place = placeOf(record);
        const text = `${namePlace(side, place)}: ${what === "the value of" ? "its value is no JSON" : `${what} threw`}, ${describeError(error)}; it holds ${quoteRecord(record)}`;
        this.#note(into, side, place, text);
      }
      return undefined;
    }
  }

  #note(into: Differences, side: Side, place: Place, text: string): void {
    into.add({ side, ...place, text });
  }

  /** P1. */
  #isOfSlice(digest: Digest): boolean {
    return ((digest[3] as number) >>> 0) % this.#slices === this.#slice;
  }
}

const placeOf = ({ partition, offset }: TopicRecord): Place => ({ p: partition, offset });

function formatContent({ isJson, hasKey }: Form, key: string | null, value: string | object | null): string {
  const text = value === null ? "null" : isJson ? canonicalJson(value) : JSON.stringify(value);
  return hasKey ? `${JSON.stringify(key)} ${text}` : text;
}

const formatExpected = ({ key, value }: ExpectedRecord): string =>
  `${key === undefined ? "" : `key ${quote(key)} and `}${typeof value === "object" && value !== null ? quoteJson(value) : quote(value)}`;

const quoteJson = (value: object): string => {
  const text = canonicalJson(value);
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
};

const quoteRecord = ({ key, value }: TopicRecord): string =>
  key === null ? quote(value) : `${quote(value)} (key ${quote(key)})`;
