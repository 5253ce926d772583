/** What the codec tests share: arbitraries of the protocol's types, and reading a whole body. */
import fc from "fast-check";
import { expect } from "vitest";
import { NO_TOPIC_ID } from "../../../../../simulator/clients/kafka/wire/apis/topic-reference.ts";
import { Reader } from "../../../../../simulator/clients/kafka/wire/reader.ts";
import { Writer } from "../../../../../simulator/clients/kafka/wire/writer.ts";

export const seed = process.env["TEST_SEED"] === undefined ? {} : { seed: Number(process.env["TEST_SEED"]) };

export const name = fc.string({ unit: "grapheme", maxLength: 20 });
export const nullableName = fc.option(name);
export const int16 = fc.integer({ min: -32_768, max: 32_767 });
export const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
export const int64 = fc.maxSafeInteger();
export const few = <T>(element: fc.Arbitrary<T>) => fc.array(element, { maxLength: 4 });
export const uuid = fc.uuid().map((text) => text.replaceAll("-", ""));
export const bytes = fc.uint8Array({ maxLength: 2_000 }).map((array) => Buffer.from(array));
/** How a topic without a given id is read from a version that names it by its id, or by its name. */
export const topicAs = <T extends { readonly name: string }>(topic: T, byId: boolean) =>
  byId ? { ...topic, name: "", topicId: NO_TOPIC_ID } : topic;

export const topicOf = <T>(partition: fc.Arbitrary<T>) => few(fc.record({ name, partitions: few(partition) }));

/** Reads a whole body, and fails when bytes are left over or missing. */
export function decodeAll<T>(w: Writer, read: (r: Reader) => T): { value: T; buffer: Buffer } {
  const frame = Buffer.concat(w.finishFrame());
  expect(frame.readInt32BE(0)).toBe(frame.length - 4);
  const r = new Reader(frame, 4);
  r.flexible = w.flexible;
  const value = read(r);
  r.expectEnd();
  return { value, buffer: frame };
}

export function bodyWriter(flexible = false): Writer {
  const w = new Writer();
  w.int32(0);
  w.flexible = flexible;
  return w;
}
