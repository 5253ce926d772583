/** Which settings of a topic cannot hold a run: those with which an exact run could look like a loss. */
import { describe, expect, it } from "vitest";
import { findUnfitSetting, OWN_TOPIC_SETTINGS, type TopicLoad } from "../../../../apphost/resources/topic-settings.ts";

const load: TopicLoad = {
  messages: 1_000_000,
  messageSize: 100,
  rate: 0,
  maxTimeMs: 300_000,
  layout: { partitions: 20, stickyIds: 1 },
};
const find = (settings: Record<string, string>, change: Partial<TopicLoad> = {}) =>
  findUnfitSetting(new Map(Object.entries(settings)), { ...load, ...change });

describe("the settings of a topic", () => {
  it("are fit as we give them to our own, for the largest messages and the longest time", () => {
    for (const messageSize of [64, 100, 900_000]) {
      const change = { messageSize, messages: 10_000_000_000, maxTimeMs: 7 * 86_400_000 };
      expect(find(OWN_TOPIC_SETTINGS, change)).toBeUndefined();
    }
  });

  it("are fit where they are Kafka's defaults, and where nothing is known of them", () => {
    const defaults = {
      "cleanup.policy": "delete",
      "compression.type": "producer",
      "max.message.bytes": "1048588",
      "retention.bytes": "-1",
      "retention.ms": "604800000",
    };
    expect(find(defaults)).toBeUndefined();
    expect(find({})).toBeUndefined();
  });

  it.each<[string, Record<string, string>, Partial<TopicLoad>, string | undefined]>([
    [
      "a batch that is refused",
      { "max.message.bytes": "100000" },
      {},
      "its largest batch of messages has 899977 bytes",
    ],
    ["a batch of few messages", { "max.message.bytes": "100000" }, { messages: 1_000 }, undefined],
    [
      "a batch of a turn",
      { "max.message.bytes": "100000" },
      { rate: 10_000, layout: { partitions: 20, stickyIds: 50 } },
      undefined,
    ],
    [
      "a batch of too long a turn",
      { "max.message.bytes": "5760" },
      { rate: 10_000, layout: { partitions: 20, stickyIds: 50 } },
      "has 5761 bytes",
    ],
    [
      "a partition that is cut",
      { "retention.bytes": "5000000" },
      {},
      "and the run needs 5700549: a partition gets 50000 messages",
    ],
    ["a partition that is not", { "retention.bytes": "5700549" }, {}, undefined],
    ["a partition of one byte too many", { "retention.bytes": "5700548" }, {}, "its retention.bytes is 5700548"],
    [
      "a time that is too short",
      { "retention.ms": "599999" },
      {},
      "its retention.ms is 599999, and the run needs 600000",
    ],
    ["a time that is just long enough", { "retention.ms": "600000" }, {}, undefined],
    ["a shorter run", { "retention.ms": "60000" }, { maxTimeMs: 30_000 }, undefined],
    [
      "compaction",
      { "cleanup.policy": "compact,delete" },
      {},
      "its cleanup.policy is compact,delete, and the run needs delete",
    ],
    ["segments that are too small", { "segment.bytes": "100000" }, {}, "its segment.bytes is 100000"],
    [
      "a broker that takes no batch for the second time",
      { "message.timestamp.before.max.ms": "59999" },
      {},
      "and the run needs 60000: a batch is sent again",
    ],
    [
      "a broker that sets the time itself",
      { "message.timestamp.before.max.ms": "1", "message.timestamp.type": "LogAppendTime" },
      {},
      undefined,
    ],
    ["a broker that compresses", { "compression.type": "lz4" }, {}, undefined],
  ])("decide about %s", (_, settings, change, problem) => {
    expect(find(settings, change)).toEqual(problem === undefined ? undefined : expect.stringContaining(problem));
  });
});
