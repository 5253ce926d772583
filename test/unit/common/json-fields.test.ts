/** Files that hold something else than was written: refused with the path and the field, and never by an error of the parser. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readCheckpoint, readRecoveries } from "../../../simulator/common/contract/files/checkpoint.ts";
import { readLedger, readProducerIdentity } from "../../../simulator/common/contract/files/ledger.ts";
import { describeError } from "../../../simulator/common/foundation/errors.ts";
import { type Fields, parseJson } from "../../../simulator/common/foundation/json-fields.ts";
import { readJson } from "../../../simulator/common/foundation/json-file.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flink-apphost-fields-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const LEDGER = {
  schema: 1,
  round: 1,
  topic: "t",
  producerId: 7,
  producerEpoch: 0,
  firstId: 1,
  messages: 10,
  messageSize: 100,
  outcome: "finished",
  reason: null,
  firstSendAtUs: 1,
  lastAckAtUs: 2,
  acknowledged: 10,
  unknown: 0,
  refused: 0,
  unsent: 0,
  foreign: [],
  foreignCount: 0,
  restarts: 0,
  acknowledgeMs: { p50: 1, p95: 1, p99: 1, p999: 1, max: 1 },
  partitions: [
    { p: 0, firstIndex: 0, acknowledged: 10, resumed: 0, nextOffset: 10, shift: 0, idSum: 55, idMix: 1, endOffset: 10 },
  ],
};
const RECOVERY = { life: "l", atUs: 1, from: "redis", reason: "r", offsets: [1, 2] };
const CHECKPOINT = { schema: 1, id: 3, kind: "final", jobId: "j", epoch: 1, completedAtUs: 1, state: { total: "1" } };

describe.each([
  ["a ledger", readLedger as (fields: Fields) => unknown, LEDGER, "partitions"],
  ["recoveries", readRecoveries, { schema: 1, recoveries: [RECOVERY] }, "recoveries"],
  ["a checkpoint", readCheckpoint, CHECKPOINT, "state"],
  ["a producer's identity", readProducerIdentity, { topic: "t", producerId: 1, producerEpoch: 0 }, "producerId"],
] as const)("%s", (_, read, document, field) => {
  it("is read as it was written", async () => {
    const path = join(folder, "file.json");
    writeFileSync(path, JSON.stringify(document));
    expect(await readJson(path, read)).toEqual(document);
    expect(await readJson(join(folder, "none.json"), read)).toBeUndefined();
  });

  it.each(["", "{", "null", "[]", "5", "{}", JSON.stringify({ ...document, [field]: [null] })])(
    "that holds %s is refused with its path",
    async (text) => {
      const path = join(folder, "file.json");
      writeFileSync(path, text);
      const message = await readJson(path, read).then(() => "was read", describeError);
      expect(message).toMatch(/^\S+file\.json cannot be used: .*(it is not JSON|expected )/);
      expect(message).not.toMatch(/undefined|Unexpected|JSON at position|is not a function/);
    },
  );
});

it("names the field, what it holds, and what is expected", () => {
  const reason = (value: unknown, read: (fields: Fields) => unknown) => {
    const parsed = parseJson(JSON.stringify(value), read);
    return parsed.kind === "malformed" ? parsed.reason : "valid";
  };
  expect(reason({ a: "x" }, (fields) => fields.whole("a"))).toBe('a is "x", expected a whole number from 0');
  expect(reason({ a: 9 }, (fields) => fields.whole("a", 1, 5))).toBe("a is 9, expected 1 to 5");
  expect(reason({ a: [{ b: 1 }] }, (fields) => fields.list("a", (item) => item.text("b")))).toBe(
    "a[0].b is 1, expected a text",
  );
  expect(reason({ a: { b: [-1] } }, (fields) => fields.object("a").wholes("b"))).toBe(
    "a.b is [-1], expected a list of whole numbers",
  );
  expect(reason({}, (fields) => fields.flag("a"))).toBe("a is missing, expected true or false");
  expect(reason({ a: null }, (fields) => fields.nullable("a", () => fields.text("a")))).toBe("valid");
});
