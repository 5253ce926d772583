/** Inputs and outputs held against each other: each kind of difference is found, and named with its place. */
import { describe, expect, it } from "vitest";
import { canonicalJson } from "../../../../../scripts/validate/expectation/json-text.ts";
import { digestOf, PairTable } from "../../../../../scripts/validate/expectation/pair-table.ts";
import { countSlices, INPUTS_MAX, Pairing } from "../../../../../scripts/validate/expectation/pairing.ts";
import { createRecord } from "../../../../../scripts/validate/expectation/record-reader.ts";
import type { Expectation, TopicRecord } from "../../../../../simulator/common/contract/expectation.ts";

interface Row {
  readonly id: number;
  readonly v?: string;
}

const idOf = (record: TopicRecord) => record.json<Row>().id;
const BY_ID: Expectation = { eachOnce: { input: idOf, output: idOf } };
const UPPER: Expectation["mapping"] = (input) => {
  const { id, v = "" } = input.json<Row>();
  return { value: { v: v.toUpperCase(), id } };
};

/** Records of partition 0, by their offset; a row that is a text is the value itself. */
const toRecords = (rows: readonly (Row | string)[], key: string | null = null): TopicRecord[] =>
  rows.map((row, offset) => createRecord(0, offset, key, typeof row === "string" ? row : JSON.stringify(row)));

function pair(expectation: Expectation, inputs: TopicRecord[], outputs: TopicRecord[], isPartial = false): Pairing {
  const pairing = new Pairing(expectation, { inputs: inputs.length, isPartial });
  do {
    for (const input of inputs) pairing.takeInput(input);
    for (const output of outputs) pairing.takeOutput(output);
  } while (pairing.nextSlice());
  return pairing;
}

const texts = ({ first }: Pairing["once"]): string[] => first.map(({ text }) => text);

describe("each once", () => {
  const inputs = toRecords([{ id: 1 }, { id: 2 }, { id: 3 }]);

  it("holds for the same identities in any order and partition", () => {
    const outputs = toRecords([{ id: 3, v: "x" }, { id: 1 }, { id: 2 }]);
    const pairing = pair(BY_ID, inputs, outputs);
    expect(pairing).toMatchObject({ inputs: 3, outputs: 3, missing: 0, repeated: 0 });
    expect(pairing.once.count + pairing.mapped.count).toBe(0);
  });

  it.each<[string, Row[], RegExp]>([
    ["a missing one", [{ id: 1 }, { id: 3 }], /^input partition 0 offset 1 is not in the output$/],
    [
      "a repeated one",
      [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 2 }],
      /^output partition 0 offset 3 repeats what came of input partition 0 offset 1/,
    ],
    [
      "one that nobody sent",
      [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 9 }],
      /^output partition 0 offset 3 holds .*whose identity "9" no input has$/,
    ],
  ])("finds %s", (_, outputs, text) => {
    const { once } = pair(BY_ID, inputs, toRecords(outputs));
    expect(once.count).toBe(1);
    expect(texts(once)[0]).toMatch(text);
  });

  it("names the first by partition and offset, and counts all", () => {
    const many = toRecords(Array.from({ length: 50 }, (_, id) => ({ id })));
    const pairing = pair(BY_ID, many, [createRecord(2, 7, null, '{"id":99}'), createRecord(1, 8, null, '{"id":98}')]);
    expect(pairing.once.count).toBe(52);
    expect(pairing.once.first.map(({ side, p, offset }) => `${side} ${p} ${offset}`)).toEqual([
      "output 1 8",
      "output 2 7",
      "input 0 0",
      "input 0 1",
      "input 0 2",
    ]);
  });

  it("refuses two inputs of one identity, and names a record with which a function throws", () => {
    expect(texts(pair(BY_ID, toRecords([{ id: 1 }, { id: 1 }]), toRecords([{ id: 1 }])).once)[0]).toMatch(
      /input partition 0 offset 1 has the identity "1" of input partition 0 offset 0/,
    );
    expect(texts(pair(BY_ID, inputs, toRecords([{ id: 1 }, "oops", { id: 3 }])).once)[0]).toMatch(
      /^output partition 0 offset 1: eachOnce.output threw, .*JSON.*; it holds "oops"$/,
    );
  });

  it("leaves out what has no identity, and takes nothing for missing in a run that was cut short", () => {
    const odd = (record: TopicRecord) => (idOf(record) % 2 === 1 ? idOf(record) : null);
    expect(pair({ eachOnce: { input: odd, output: idOf } }, inputs, toRecords([{ id: 1 }, { id: 3 }])).once.count).toBe(
      0,
    );
    const partial = pair(BY_ID, inputs, toRecords([{ id: 1 }, { id: 1 }]), true);
    expect(partial).toMatchObject({ missing: 0, repeated: 1 });
  });
});

describe("a mapping", () => {
  const inputs = toRecords([
    { id: 1, v: "a" },
    { id: 2, v: "b" },
  ]);

  it("compares the output of the same identity as JSON, and says what it must be", () => {
    const expectation = { ...BY_ID, mapping: UPPER };
    const right = toRecords(['{"v":"B","id":2}', '{ "id": 1, "v": "A" }']);
    expect(pair(expectation, inputs, right).mapped.count).toBe(0);
    const pairing = pair(expectation, inputs, toRecords(['{"id":1,"v":"A"}', '{"id":2,"v":"x"}']));
    expect(pairing.once.count).toBe(0);
    expect(texts(pairing.mapped)).toEqual([
      'output partition 0 offset 1 holds "{\\"id\\":2,\\"v\\":\\"x\\"}" for input partition 0 offset 1',
    ]);
    expect(pairing.mapped.first[0]?.expectedOf).toEqual({ p: 0, offset: 1 });
    expect(pairing.explain(inputs[1] as TopicRecord)).toBe('{"id":2,"v":"B"}');
  });

  it("compares whole records, each as often as it is expected, where there is no identity", () => {
    const mapping: Expectation["mapping"] = () => ({ value: "x", key: "k" });
    const one = toRecords(["a", "b"]);
    expect(pair({ mapping }, one, toRecords(["x", "x"], "k")).mapped.count).toBe(0);
    expect(texts(pair({ mapping }, one, toRecords(["x"], "k")).mapped)[0]).toMatch(
      /^input partition 0 offset 0 is not in the output/,
    );
    expect(texts(pair({ mapping }, one, toRecords(["x", "x", "x"], "k")).mapped)[0]).toMatch(/offset 2 repeats/);
    expect(texts(pair({ mapping }, one, toRecords(["x", "x"], "other")).mapped)[0]).toMatch(
      /\(key "other"\), which no input becomes$/,
    );
  });

  it("expects nothing of an input for which it gives null", () => {
    const mapping: Expectation["mapping"] = (input) => (idOf(input) === 1 ? null : { value: "two" });
    expect(pair({ mapping }, inputs, toRecords(["two"])).mapped.count).toBe(0);
    const filtered = pair({ ...BY_ID, mapping }, inputs, toRecords(['{"id":1}', '{"id":2}']));
    expect(texts(filtered.once)[0]).toMatch(/^output partition 0 offset 0 .*of which nothing was to become/);
  });

  it("must keep to texts or to objects, and names an output that is no JSON", () => {
    const mixed: Expectation["mapping"] = (input) => ({ value: idOf(input) === 1 ? "text" : { a: 1 } });
    expect(texts(pair({ mapping: mixed }, inputs, []).mapped).join()).toMatch(
      /offset 1: mapping threw, .*must keep to one of them/,
    );
    expect(texts(pair({ mapping: UPPER }, inputs, toRecords(["oops"])).mapped)[0]).toMatch(
      /^output partition 0 offset 0: its value is no JSON/,
    );
  });
});

it("holds a bounded number of inputs, in slices that come to the same", () => {
  expect(countSlices(0)).toBe(1);
  expect(countSlices(INPUTS_MAX)).toBe(1);
  expect(countSlices(10_000_000)).toBe(4);
  const inputs = toRecords(Array.from({ length: 300 }, (_, id) => ({ id })));
  const outputs = toRecords(Array.from({ length: 299 }, (_, id) => ({ id: id + 1 })));
  const pairing = new Pairing(BY_ID, { inputs: inputs.length, isPartial: false, inputsMax: 100 });
  let readings = 0;
  do {
    readings += 1;
    for (const input of inputs) pairing.takeInput(input);
    for (const output of outputs) pairing.takeOutput(output);
  } while (pairing.nextSlice());
  expect(readings).toBe(3);
  expect(pairing).toMatchObject({ inputs: 300, outputs: 299, missing: 1, repeated: 0 });
  expect(texts(pairing.once)).toEqual(["input partition 0 offset 0 is not in the output"]);
});

it("refuses more inputs than its table has room for", () => {
  const table = new PairTable(1);
  const add = (i: number) => table.addInput(digestOf(String(i)), { p: 0, offset: i }, null);
  expect(() => Array.from({ length: 20 }, (_, i) => add(i))).toThrow(/fill a table of 16 slots/);
});

it("writes JSON in one form", () => {
  expect(canonicalJson({ b: [1, { d: undefined, c: null }], a: "x" })).toBe('{"a":"x","b":[1,{"c":null}]}');
  expect(canonicalJson(JSON.parse('{"a":"x","b":[1,{"c":null}]}'))).toBe(
    canonicalJson({ b: [1, { c: null }], a: "x" }),
  );
});
