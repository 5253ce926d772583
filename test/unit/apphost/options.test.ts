/** Options: option > environment > default, and precise refusals of what is wrong. */
import { describe, expect, it } from "vitest";
import { resolveOptions } from "../../../apphost/option-resolution.ts";
import { describeOptions } from "../../../apphost/options.ts";
import { checkEmbeddedMemory, warmUpMessages } from "../../../apphost/topic-size.ts";
import { isAppError } from "../../../simulator/common/foundation/errors.ts";

function refusalOf(work: () => unknown): { code: string; category: string; message: string } {
  try {
    work();
  } catch (error) {
    if (isAppError(error)) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("sources", () => {
  it("takes the option before the twin, the twin before the original's name, and that before the default", () => {
    const env = { FLINK_APPHOST_MESSAGES: "20", SIMULATOR_NUM_MESSAGES: "30" };
    expect(resolveOptions("up", { messages: "10" }, env).messages).toBe(10);
    expect(resolveOptions("up", {}, env).messages).toBe(20);
    expect(resolveOptions("up", {}, { SIMULATOR_NUM_MESSAGES: "30" }).messages).toBe(30);
    expect(resolveOptions("up", {}, {}).messages).toBe(1_000_000);
    expect(resolveOptions("stress", {}, {}).messages).toBe(10_000_000);
  });

  it("honours every name of the original system that makes sense", () => {
    const options = resolveOptions(
      "stress",
      {},
      {
        SIMULATOR_KAFKA_TOPIC: "a.topic",
        SIMULATOR_REDIS_KEY_SINK_COUNTER: "counter",
        SIMULATOR_REDIS_KEY_GLOBAL_SEQUENCE: "sequence",
        MAX_ALLOWED_TIME_MS: "5000",
      },
    );
    expect(options).toMatchObject({
      topic: "a.topic",
      counterKey: "counter",
      sequenceKey: "sequence",
      maxTimeMs: 5_000,
    });
  });

  it("never reads the variables that dependents get", () => {
    const env = { KAFKA_BOOTSTRAP_SERVERS: "production:9092", REDIS_URL: "redis://production:6379" };
    expect(resolveOptions("up", {}, env)).toMatchObject({ kafka: null, redis: null });
  });

  it("treats an empty variable as not set", () => {
    expect(resolveOptions("up", {}, { FLINK_APPHOST_KAFKA: "" }).kafka).toBeNull();
  });
});

describe("values", () => {
  it.each([
    ["300000", 300_000],
    ["300_000", 300_000],
    ["300s", 300_000],
    ["5m", 300_000],
    ["250ms", 250],
  ])("reads the duration %s", (text, expected) => {
    expect(resolveOptions("up", { maxTime: text }, {}).maxTimeMs).toBe(expected);
  });

  it.each([
    ["messages", "ten", "--messages"],
    ["messages", "1__0", "--messages"],
    ["messages", "-1", "--messages"],
    ["messageSize", "63", "--message-size"],
    ["compression", "brotli", "--compression"],
    ["maxTime", "5x", "--max-time"],
    ["warmUp", "0", "--warm-up"],
    ["warmUp", "0s", "--warm-up"],
    ["warmUp", "2h", "--warm-up"],
    ["warmUp", "1.5s", "--warm-up"],
    ["warmUp", "1000000001", "--warm-up"],
    ["warmUp", "soon", "--warm-up"],
    ["infra", "cloud", "--infra"],
    ["kafka", "localhost", "--kafka"],
    ["kafka", "localhost:99999", "--kafka"],
    ["redis", "http://localhost:6379", "--redis"],
    ["topic", "a b", "--topic"],
    ["partitions", "351", "--partitions"],
    ["testOperator", "/bin/sh", "--test-operator"],
  ])("refuses %s = %s by name, value and form", (name, value, flag) => {
    const refusal = refusalOf(() => resolveOptions("up", { [name]: value }, {}));
    expect(refusal.category).toBe("usage");
    expect(refusal.message).toContain(`${flag} is "${value}"`);
    expect(refusal.message).toContain("expected");
  });

  it.each([
    ["5s", { kind: "duration", durationMs: 5_000 }, "5s"],
    ["500ms", { kind: "duration", durationMs: 500 }, "500ms"],
    ["1m", { kind: "duration", durationMs: 60_000 }, "60s"],
    ["200_000", { kind: "messages", messages: 200_000 }, "200000"],
  ])("reads the warm-up %s: a bare number is one of messages", (text, expected, shown) => {
    const options = resolveOptions("up", { warmUp: text }, {});
    expect(options.warmUp).toEqual(expected);
    expect(describeOptions(options)["warmUp"]).toBe(shown);
    expect(resolveOptions("up", {}, { FLINK_APPHOST_WARM_UP: shown }).warmUp).toEqual(expected);
  });

  it("names the variable when the wrong value came from the environment", () => {
    const refusal = refusalOf(() => resolveOptions("up", {}, { MAX_ALLOWED_TIME_MS: "soon" }));
    expect(refusal.message).toContain('MAX_ALLOWED_TIME_MS is "soon"');
  });

  it("shows no password of a refused Redis URL", () => {
    const refusal = refusalOf(() => resolveOptions("up", { redis: "redis://:secret@host:6379/x/y" }, {}));
    expect(refusal.message).not.toContain("secret");
  });

  it.each([
    ["redis", "redis://:50%secret@127.0.0.1:1"],
    ["redis", "redis://:secret@127.0.0.1:0"],
    ["redis", "redis://:secret@[::g]:1"],
    ["kafka", "127.0.0.1:9092;password=secret"],
    // As a path it would be made, and shown wherever the run's folder is.
    ["runDir", "redis://:secret@127.0.0.1:1"],
    ["apphost", "redis://:secret@127.0.0.1:1/apphost.ts"],
    ["kafka", "127.0.0.1:0"],
    ["kafka", "127.0.0.1:9092,"],
    ["kafka", "::1:9092"],
  ])("refuses --%s %s by its form, and shows no password", (name, text) => {
    const refusal = refusalOf(() => resolveOptions("up", { [name]: text }, {}));
    expect(refusal).toMatchObject({ code: "USAGE_OPTION_INVALID", category: "usage" });
    expect(refusal.message).not.toContain("secret");
  });

  it("keeps all parts of an address", () => {
    const given = { redis: "redis://alice@[::1]:7000/3", kafka: "127.0.0.1:1,[::1]:2" };
    expect(resolveOptions("up", given, {})).toMatchObject({
      redis: { host: "::1", port: 7000, username: "alice", password: "", database: 3, tls: false },
      kafka: [
        { host: "127.0.0.1", port: 1 },
        { host: "::1", port: 2 },
      ],
    });
    const described = describeOptions(resolveOptions("up", given, {}));
    expect(described).toMatchObject({ kafka: "127.0.0.1:1,[::1]:2", redis: "redis://:***@[::1]:7000/3" });
  });
});

describe("relations", () => {
  it("refuses more TaskManagers than one atomic write can hold beside the partitions, with both numbers", () => {
    const resolve = (partitions: number, taskManagers: number) => () =>
      resolveOptions("up", { partitions: String(partitions), taskManagers: String(taskManagers) }, {});
    expect(resolve(350, 140)).not.toThrow();
    expect(resolve(339, 256)).not.toThrow();
    const refusal = refusalOf(resolve(350, 141));
    expect(refusal.category).toBe("usage");
    expect(refusal.message).toMatch(/--task-managers 141 with --partitions 350 .*; give --task-managers 140 or fewer/);
  });

  it.each(["SASL_SSL://host:9092", "user:password@host:9092"])("refuses SASL by name: %s", (kafka) => {
    expect(refusalOf(() => resolveOptions("up", { kafka }, {})).message).toContain("SASL");
  });

  it("refuses TLS for Kafka by name", () => {
    expect(refusalOf(() => resolveOptions("up", { kafka: "ssl://host:9092" }, {})).message).toContain("TLS");
  });

  it("writes to servers of other machines only when that is said", () => {
    const given = { kafka: "kafka.example.com:9092" };
    expect(refusalOf(() => resolveOptions("up", given, {})).message).toContain("--allow-remote");
    expect(resolveOptions("up", { ...given, allowRemote: true }, {}).kafka).toEqual([
      { host: "kafka.example.com", port: 9092 },
    ]);
    expect(resolveOptions("up", { ...given, messages: "0", topic: "t" }, {}).kafka).toHaveLength(1);
    expect(resolveOptions("up", { kafka: "127.0.0.1:9092,[::1]:9092" }, {}).allowRemote).toBe(false);
  });

  it("refuses a verdict on nothing", () => {
    expect(refusalOf(() => resolveOptions("stress", { messages: "0" }, {})).code).toBe("USAGE_CONFLICT");
    expect(resolveOptions("up", { messages: "0" }, {}).messages).toBe(0);
    expect(resolveOptions("stress", { messages: "0", topic: "t" }, {}).topic).toBe("t");
  });

  it("refuses a warm-up of nothing: no round follows it, with a topic to count or without", () => {
    for (const given of [{ messages: "0" }, { messages: "0", topic: "t" }]) {
      const { code, message } = refusalOf(() => resolveOptions("up", { ...given, warmUp: "5s" }, {}));
      expect(code).toBe("USAGE_CONFLICT");
      expect(message).toMatch(/--warm-up .*--messages 0 .*give --messages N, or omit --warm-up/);
    }
    expect(resolveOptions("up", { warmUp: "5s", topic: "t" }, {}).warmUp).not.toBeNull();
  });

  it.each([
    [{ isolated: true, fixedPorts: true }, "--fixed-ports"],
    [{ detach: true, once: true }, "--detach"],
    [{ detach: true, ui: "tui" }, "no terminal"],
  ])("refuses what contradicts itself: %j", (given, word) => {
    const { code, message } = refusalOf(() => resolveOptions("up", given, {}));
    expect(code).toBe("USAGE_CONFLICT");
    expect(message).toContain(word);
  });

  it("compares the messages with the embedded memory, and shows both numbers", () => {
    const options = resolveOptions("stress", { messages: "10_000", embeddedMemory: "1m" }, {});
    const { message } = refusalOf(() => checkEmbeddedMemory(options, options.messages));
    expect(message).toContain("1120000 bytes");
    expect(message).toContain("1048576 bytes");
    expect(() => checkEmbeddedMemory(options, 9_362)).not.toThrow();
  });
});

it("bounds a warm-up for a time by what a broker has to keep of it, and one of messages by these", () => {
  const options = resolveOptions("up", { messageSize: "100", embeddedMemory: "1m" }, {});
  const forTime = { kind: "duration", durationMs: 60_000 } as const;
  expect(warmUpMessages(options, { kind: "messages", messages: 7 }, true)).toBe(7);
  expect(warmUpMessages(options, forTime, true)).toBe(Math.floor(2 ** 19 / 112));
  expect(warmUpMessages(options, forTime, false)).toBe(Math.floor(2 ** 32 / 112));
});

it("masks the Redis password in what is reported", () => {
  const options = resolveOptions("up", { redis: "redis://:secret@127.0.0.1:6379" }, {});
  expect(JSON.stringify(describeOptions(options))).not.toContain("secret");
});
