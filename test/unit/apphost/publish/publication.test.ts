/** What of a run's options is published, and that the program reads it there as it was asked for here. */
import { describe, expect, it } from "vitest";
import { readPublishRequest } from "../../../../apphost/cli/publish-options.ts";
import { resolveOptions } from "../../../../apphost/option-resolution.ts";
import { camelCase, type GivenOptions, type HostOptions, OPTION_TABLE } from "../../../../apphost/options.ts";
import { formatRunCommand, RUN_OPTIONS } from "../../../../apphost/publish/publication.ts";

const OUT = { out: "deploy", nodeImage: "node:24-slim" };
const optionsOf = (given: GivenOptions, env = {}): HostOptions =>
  readPublishRequest("compose", { ...OUT, ...given }, env).options;

/** As the command line would, for words without arguments between them. */
function readWords([verb, ...words]: readonly string[]): HostOptions {
  expect(verb).toBe("up");
  const given: Record<string, string | boolean> = {};
  words.forEach((word, index) => {
    if (!word.startsWith("--")) return;
    const next = words[index + 1];
    given[camelCase(word.slice(2))] = next === undefined || next.startsWith("--") ? true : next;
  });
  return resolveOptions("up", given, { FLINK_APPHOST_REDIS: "redis://redis:6379" });
}

/** One value that is not the default, for each option of a run. */
const ASKED: Readonly<Record<string, string | true>> = {
  messages: "5_000",
  messageSize: "200",
  compression: "zstd",
  rate: "1_000",
  maxTimeMs: "90500",
  warmUp: "1500ms",
  taskManagers: "4",
  partitions: "12",
  checkpointIntervalMs: "5s",
  topic: "orders",
  allowRejected: true,
  counterKey: "a$b",
  sequenceKey: "c",
};

describe("the command of a published run", () => {
  it("has nothing but what is needed where nothing was asked for", () => {
    expect(formatRunCommand(optionsOf({}))).toEqual(
      "up --once --ui plain --kafka kafka:9092 --allow-remote --messages 1000000".split(" "),
    );
  });

  it.each(RUN_OPTIONS)("%s means there what it means here", (name) => {
    const text = ASKED[name] as string | true;
    const asked = optionsOf({ [camelCase(OPTION_TABLE[name].flag)]: text });
    expect(asked[name]).not.toEqual(optionsOf({})[name]);
    expect(readWords(formatRunCommand(asked))).toEqual(asked);
  });

  it("holds no address of Redis, which has a password", () => {
    expect(formatRunCommand(optionsOf({})).join(" ")).not.toContain("redis:");
  });
});

describe("a request to publish", () => {
  it("takes what is not on the command line from the variables of its options, and from no others", () => {
    const env = { FLINK_APPHOST_MESSAGES: "77", FLINK_APPHOST_DETACH: "true", FLINK_APPHOST_UI: "tui" };
    expect(optionsOf({}, env)).toMatchObject({ messages: 77, detach: false, ui: "plain", once: true });
  });

  it.each<[string, GivenOptions, RegExp]>([
    ["nothing to process", { messages: "0" }, /with --messages 0 has nothing to process/],
    ["nothing to process in a topic", { messages: "0", topic: "orders" }, /its Kafka holds no topic of others/],
    ["one key for two", { counterKey: "k", sequenceKey: "k" }, /are both "k"/],
    ["a state that cannot be", { taskManagers: "256", partitions: "350" }, /more than one atomic Redis write can hold/],
  ])("that asks for %s is refused here and now", (_, given, text) => {
    expect(() => optionsOf(given)).toThrow(text);
  });
});
