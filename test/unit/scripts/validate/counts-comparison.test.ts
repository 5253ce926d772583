/** What is found between Flink's counts and the topic: equal, violated, or not known. */
import { expect, it } from "vitest";
import { compareCounts } from "../../../../scripts/validate/counts/counts-comparison.ts";
import { createPartitionTally, type PartitionTally, skipUnread } from "../../../../scripts/validate/topic-tally.ts";
import type { PartitionCounts } from "../../../../simulator/common/contract/job/counts.ts";

/** Ids 1 to n, of which one more is no message. */
function tallyOf(p: number, messages: number): PartitionTally {
  const tally = createPartitionTally({ p, start: 0, end: messages + 1, cut: 0 });
  Object.assign(tally.above, { messages, rejected: 1, idSum: (messages * (messages + 1)) / 2 });
  tally.position = tally.end;
  return tally;
}

const rowOf = (p: number, messages: number, change: Partial<PartitionCounts> = {}): [number, PartitionCounts] => [
  p,
  {
    p,
    records: messages + 1,
    messages,
    idSum: (messages * (messages + 1)) / 2,
    highestId: messages,
    highestOffset: messages,
    ...change,
  },
];

it("finds nothing where all are equal, and where an empty partition has no row", () => {
  const empty = createPartitionTally({ p: 2, start: 0, end: 0, cut: 0 });
  const counts = new Map([rowOf(0, 3), rowOf(1, 5)]);
  expect(compareCounts([tallyOf(0, 3), tallyOf(1, 5), empty], counts, 8)).toEqual({ messages: 8, findings: [] });
});

it.each<[string, Partial<PartitionCounts>, RegExp]>([
  ["a message too few", { messages: 2 }, /^partition 0: Flink counted 2 messages, and the topic has 3$/],
  ["one for another", { idSum: 7 }, /Flink counted 7 as the sum of their ids, and the topic has 6$/],
  [
    "records beyond the end",
    { highestOffset: 4 },
    /^partition 0: Flink counted up to offset 4, and the topic ends at 4$/,
  ],
])("finds %s", (_, change, text) => {
  const { findings } = compareCounts([tallyOf(0, 3)], new Map([rowOf(0, 3, change)]), null);
  expect(findings).toEqual([{ kind: "violated", text: expect.stringMatching(text) }]);
});

it("finds a partition that Flink did not count, and a topic that lacks messages", () => {
  const { findings } = compareCounts([tallyOf(0, 3)], new Map(), 4);
  expect(findings.map(({ kind }) => kind)).toEqual(["violated", "violated", "violated", "violated"]);
  expect(findings.at(-1)?.text).toBe("the topic holds 3 messages, and 4 were to be there");
});

it("does not know what it could not read, and says nothing else of that partition", () => {
  const tally = createPartitionTally({ p: 0, start: 0, end: 10, cut: 0 });
  skipUnread(tally, 4, "Kafka does not hold them any more");
  const text = "partition 0: the offsets 0 to 3 could not be read: Kafka does not hold them any more";
  expect(compareCounts([tally], new Map([rowOf(0, 9)]), null).findings).toEqual([{ kind: "unknown", text }]);
});
