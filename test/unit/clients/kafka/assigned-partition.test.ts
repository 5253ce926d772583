import { describe, expect, it } from "vitest";
import {
  createAssignedPartition,
  judgeFailure,
  noteFailure,
  noteMissing,
} from "../../../../simulator/clients/kafka/assigned-partition.ts";
import { createError } from "../../../../simulator/common/foundation/errors.ts";

const lost = createError("KAFKA_CONNECTION_LOST", { endpoint: "h:1", reason: "it is gone" });
const leaderless = createError("KAFKA_BROKER_ERROR", { what: "w", name: "n", code: 5, detail: "" });
const PATIENCE = { unreachableAfterMs: 60_000, missingAfterMs: 10_000 };

/** What is judged after failures at these times, at the time of the last one. */
function judge(...failures: (readonly [nowMs: number, "lost" | "leaderless" | "missing"])[]) {
  const partition = createAssignedPartition(0, 0, { nodeId: 1, epoch: 0 });
  for (const [nowMs, what] of failures) {
    if (what === "missing") noteMissing(partition, nowMs);
    else noteFailure(partition, what === "lost" ? lost : leaderless, nowMs);
    expect(partition.leader).toBeUndefined();
  }
  if (partition.failing === undefined) throw new Error("no failure was noted");
  return judgeFailure(partition.failing, "t", PATIENCE, failures.at(-1)?.[0] ?? 0);
}

describe("A1: a partition that fails", () => {
  it("is lost when its topic was missing for 10 s in a row, however long Kafka was away before", () => {
    expect(judge([0, "lost"], [50_000, "lost"], [51_000, "missing"], [60_900, "missing"])).toEqual({ kind: "mayPass" });
    expect(judge([0, "lost"], [51_000, "missing"], [61_000, "missing"])).toMatchObject({
      kind: "partitionLost",
      error: { code: "KAFKA_TOPIC_MISSING", message: expect.stringContaining("looked for 10000 ms") },
    });
  });

  it("begins to be missing anew after another outage", () => {
    expect(judge([0, "missing"], [9_000, "lost"], [10_500, "missing"])).toEqual({ kind: "mayPass" });
  });

  it("is given 60 s for everything else: then Kafka is away, or the partition has no leader", () => {
    expect(judge([0, "missing"], [5_000, "lost"], [59_999, "lost"])).toEqual({ kind: "mayPass" });
    expect(judge([0, "leaderless"], [60_000, "lost"])).toEqual({ kind: "unreachable", cause: lost, waitedMs: 60_000 });
    expect(judge([0, "lost"], [60_000, "leaderless"])).toEqual({ kind: "partitionLost", error: leaderless });
  });
});
