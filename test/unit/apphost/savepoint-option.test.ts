/** --from-savepoint: what it comes to, and what does not fit is refused before anything is started. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { resolveOptions } from "../../../apphost/option-resolution.ts";
import { createRunConfig } from "../../../apphost/run/run-config.ts";
import type { SavepointFile } from "../../../simulator/common/contract/files/savepoint.ts";
import { buildInitialFields } from "../../../simulator/runtime/checkpoint/recovery-state.ts";

const KAFKA = { kafka: "127.0.0.1:9092" };
const state = buildInitialFields({ life: "life-1", redisRunId: "r", epoch: 1 }, [0, 5]);
const file: SavepointFile = {
  schema: 1,
  kind: "savepoint",
  id: 1_000_007,
  jobId: "a".repeat(32),
  epoch: 1,
  completedAtUs: 1,
  source: { topic: "orders", partitions: 2, group: "g" },
  state: { ...state, total: "9", "count:0": "9", "offset:0": "9", phase: "stopped" },
};
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "savepoint-option-"));
  await write(JSON.stringify(file));
});
afterEach(() => rm(folder, { recursive: true }));

const write = (text: string) => writeFile(join(folder, "_metadata"), text);
const resolve = (more: Record<string, string> = {}, savepoint = folder) =>
  resolveOptions("up", { fromSavepoint: savepoint, ...KAFKA, ...more }, {});
const refusalOf = (more: Record<string, string> = {}, savepoint = folder): unknown => {
  try {
    return resolve(more, savepoint);
  } catch (error) {
    return (error as Error).message;
  }
};

test.each([
  ["its folder", () => folder],
  ["a file: URL", () => pathToFileURL(folder).href],
  ["Flink's short URL", () => `file:${folder}`],
])("by %s, the run counts what is behind it in its topic", (_, locate) => {
  const options = resolve({}, locate());
  expect(options).toMatchObject({ messages: 0, topic: "orders", partitions: 2, fromSavepoint: folder });
  const config = createRunConfig({ options, runId: "r" });
  expect(config).toMatchObject({ ownTopic: false, topic: "orders", savepointPath: folder });
  // Two jobs may start from one savepoint: each commits under a group of its own.
  expect(config.group).not.toBe("g");
});

test("the file in the folder is as good, and the topic and partitions may be named again", () => {
  const path = join(folder, "_metadata");
  expect(resolve({ topic: "orders", partitions: "2" }, path)).toMatchObject({ fromSavepoint: path });
  expect(resolve({ messages: "0" }).messages).toBe(0);
});

test.each<[string, Record<string, string>, RegExp]>([
  [
    "messages to produce",
    { messages: "5" },
    /counts what is in the savepoint's topic, and --messages 5 would add to it/,
  ],
  ["another topic", { topic: "others" }, /its offsets are those of topic orders, and not of others; omit --topic/],
  ["other partitions", { partitions: "3" }, /it holds 2 partitions of topic orders, which has 3/],
  ["no Kafka", { kafka: "" }, /a Kafka that the run starts has no such topic; give the --kafka HOST:PORT that has it/],
])("it is refused with %s", (_, more, reason) => {
  const given = { fromSavepoint: folder, ...KAFKA, ...more };
  const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ""));
  expect(() => resolveOptions("up", named, {})).toThrow(reason);
});

test.each<[string, (text: string) => string, RegExp]>([
  ["no JSON", () => "torn", /it is none that this program wrote: it is not JSON/],
  ["half of it", (text) => text.slice(0, 200), /it is not JSON/],
  ["a checkpoint", (text) => text.replace('"savepoint"', '"final"'), /kind is "final", expected/],
  ["no source", (text) => text.replace('"source"', '"from"'), /source is missing, expected an object/],
  ["a partition too many", (text) => text.replace('"partitions":2', '"partitions":3'), /its state lacks a valid \w+:2/],
  ["counts that do not add up", (text) => text.replace('"count:0":"9"', '"count:0":"8"'), /do not belong together/],
  ["a later form", (text) => text.replace('"schema":1', '"schema":2'), /schema is 2, expected 1/],
])("a file that is %s is refused with the reason", async (_, spoil, reason) => {
  await write(spoil(JSON.stringify(file)));
  expect(refusalOf()).toMatch(new RegExp(`^no job can start from savepoint ${folder}: `));
  expect(refusalOf()).toMatch(reason);
});

test("what is not there, is no file, or is far too large is refused by its path", async () => {
  expect(refusalOf({}, join(folder, "none"))).toContain(`${join(folder, "none")}: it is not there`);
  await write("x".repeat(4 * 1024 * 1024 + 1));
  expect(refusalOf()).toContain("it has 4194305 bytes, and a savepoint has at most 4194304");
  await rm(join(folder, "_metadata"));
  await mkdir(join(folder, "_metadata"));
  expect(refusalOf()).toContain("_metadata is no file");
  expect(() => resolve({}, "hdfs://h/x")).toThrow(/--from-savepoint is .*expected the folder of a savepoint/);
});
