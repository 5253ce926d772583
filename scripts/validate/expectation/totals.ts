/**
 * Totals by key: what the amounts of the input come to, held against the newest total of each key in the output. Pure.
 *
 * S1 At most KEYS_MAX keys, with KEY_TEXT_MAX characters in all, are held; more leave the answer unknown.
 * S2 Newest is what has the highest offset of its partition, so all totals of a key must be in one.
 */
import type { Amount, Expectation, TopicRecord } from "../../../simulator/common/contract/expectation.ts";
import { describeError } from "../../../simulator/common/foundation/errors.ts";
import { Differences, namePlace, quote, type Side } from "./differences.ts";
import type { Place } from "./pair-table.ts";

const KEYS_MAX = 1_000_000;
const KEY_TEXT_MAX = 64 * 1024 * 1024;

interface KeyTotal {
  expected: bigint;
  /** Of the first amount of the input; null: the input has none. */
  firstInput: Place | null;
  /** Null: the output has none. */
  actual: bigint | null;
  newest: Place | null;
}

export class Totals {
  readonly differences = new Differences();
  readonly #totals: NonNullable<Expectation["totals"]>;
  readonly #keys = new Map<string, KeyTotal>();
  #keyText = 0;
  #isOverfull = false;

  readonly #keysMax: number;

  constructor(totals: NonNullable<Expectation["totals"]>, keysMax = KEYS_MAX) {
    this.#totals = totals;
    this.#keysMax = keysMax;
  }

  get keys(): number {
    return this.#keys.size;
  }

  /** S1. Null: all keys were held. */
  get unknown(): string | null {
    if (!this.#isOverfull) return null;
    return `more than ${this.#keysMax} keys, or ${KEY_TEXT_MAX} characters of them, are not held`;
  }

  takeInput(record: TopicRecord): void {
    const read = this.#read("input", record);
    const total = read && this.#totalOf(read.key);
    if (read === null || total === null) return;
    total.expected += read.amount;
    total.firstInput ??= { p: record.partition, offset: record.offset };
  }

  takeOutput(record: TopicRecord): void {
    const read = this.#read("output", record);
    const total = read && this.#totalOf(read.key);
    if (read === null || total === null) return;
    const place = { p: record.partition, offset: record.offset };
    if (total.newest !== null && total.newest.p !== place.p) {
      const text = `${namePlace("output", place)} has a total of key ${quote(read.key)}, as has ${namePlace("output", total.newest)}: which is the newer one is not to be known`;
      this.differences.add({ side: "output", ...place, text });
    } else if (total.newest === null || total.newest.offset < place.offset) {
      total.newest = place;
      total.actual = read.amount;
    }
  }

  /** When both topics are read. */
  settle(): void {
    if (this.#isOverfull) return;
    for (const [key, { expected, firstInput, actual, newest }] of this.#keys) {
      if (newest === null && firstInput !== null) {
        const text = `${namePlace("input", firstInput)} is the first of key ${quote(key)}, which has no total in the output; expected ${expected}`;
        this.differences.add({ side: "input", ...firstInput, text });
      } else if (newest !== null && (actual !== expected || firstInput === null)) {
        const wanted = firstInput === null ? "none, since the input has no such key" : String(expected);
        const text = `${namePlace("output", newest)} has ${actual} as the newest total of key ${quote(key)}; expected ${wanted}`;
        this.differences.add({ side: "output", ...newest, text });
      }
    }
  }

  #read(side: Side, record: TopicRecord): { readonly key: string; readonly amount: bigint } | null {
    try {
      const given = this.#totals[side](record);
      return given === null ? null : { key: String(given.key), amount: toWhole(given) };
    } catch (error) {
      const place = { p: record.partition, offset: record.offset };
      const text = `${namePlace(side, place)}: totals.${side} threw, ${describeError(error)}; it holds ${quote(record.value)}`;
      this.differences.add({ side, ...place, text });
      return null;
    }
  }

  /** S1. */
  #totalOf(key: string): KeyTotal | null {
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    this.#keyText += key.length;
    if (this.#keys.size >= this.#keysMax || this.#keyText > KEY_TEXT_MAX) this.#isOverfull = true;
    if (this.#isOverfull) return null;
    const total: KeyTotal = { expected: 0n, firstInput: null, actual: null, newest: null };
    this.#keys.set(key, total);
    return total;
  }
}

function toWhole({ amount }: Amount): bigint {
  if (typeof amount === "bigint") return amount;
  if (Number.isSafeInteger(amount)) return BigInt(amount);
  throw new Error(`its amount is ${amount}, and must be a whole number up to 2^53, or a bigint`);
}
