/** `produce` is for a running host or, with --kafka on the command line, for a Kafka without one: what contradicts is refused. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runCli } from "../../../../apphost/cli/cli.ts";
import { isForKafka, readProduction } from "../../../../apphost/cli/produce-options.ts";

let printed = "";
beforeEach(() => {
  printed = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

const ALONE = ["--kafka", "127.0.0.1:9092", "--topic", "orders"];

describe("what contradicts is refused before anything is asked", () => {
  it.each<[string, readonly string[], RegExp]>([
    ["a topic for a host", ["--topic", "orders"], /--topic without --kafka: a running host has its own/],
    ["a codec for a host", ["--compression", "lz4"], /--compression without --kafka/],
    ["two of them", ["--message-size", "200", "--create-topic"], /--message-size and --create-topic without --kafka/],
    ["a Kafka without a topic", ["--kafka", "127.0.0.1:9092"], /--topic is missing: expected a topic name/],
    ["a host and a Kafka", [...ALONE, "--run", "abc"], /--run names a host, and --kafka is for a Kafka without one/],
    ["a Kafka elsewhere", ["--kafka", "192.0.2.1:9092", "--topic", "t"], /192\.0\.2\.1:9092 is not on this machine/],
    [
      "a codec that is none",
      [...ALONE, "--compression", "brotli"],
      /--compression is "brotli": expected one of none, gzip/,
    ],
  ])("%s", async (_, options, text) => {
    expect(await runCli(["produce", "--messages", "5", ...options])).toBe(2);
    expect(printed).toMatch(text);
  });
});

const given = { messages: "5", rate: "0", ui: "json", kafka: "127.0.0.1:9092", topic: "orders" };

it("does not pass the running host by because of a variable that `up` reads", () => {
  vi.stubEnv("FLINK_APPHOST_KAFKA", "127.0.0.1:9092");
  expect(isForKafka({ messages: "5" })).toBe(false);
  expect(isForKafka(given)).toBe(true);
  vi.unstubAllEnvs();
});

it("takes what is not on the command line from the variables of the options", () => {
  const env = { FLINK_APPHOST_COMPRESSION: "zstd", FLINK_APPHOST_MESSAGE_SIZE: "200" };
  const { entry, topic, mayCreate, options } = readProduction(given, env);
  expect({ ...entry.access, topic, mayCreate }).toEqual({
    bootstrap: [{ host: "127.0.0.1", port: 9092 }],
    security: { tls: null, sasl: null },
    topic: "orders",
    mayCreate: false,
  });
  expect(options).toMatchObject({ messages: 5, messageSize: 200, compression: "zstd", partitions: null });
});
