import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type LeaderDirectory, OffsetsLookup } from "../../../../simulator/clients/kafka/partition-offsets.ts";
import { createError, isAppError } from "../../../../simulator/common/foundation/errors.ts";

const broker = (nodeId: number) => ({ nodeId, host: "h", port: nodeId });

/** Broker 1 leads, all hold the partition, and these do not answer. */
class Brokers implements LeaderDirectory {
  readonly brokers: ReturnType<typeof broker>[];
  silent: number[] = [];
  leader = { nodeId: 1, epoch: 5 };
  offset = 100;

  constructor(count: number) {
    this.brokers = Array.from({ length: count }, (_, i) => broker(i + 1));
  }

  leaderOf = () => this.leader;
  replicasOf = () => this.brokers.map(({ nodeId }) => nodeId);
  refreshTopic = () => Promise.resolve();
  surveyTopic = () => Promise.resolve(this.silent.map(broker));

  askNode<DS>(nodeId: number): Promise<DS> {
    if (this.silent.includes(nodeId)) {
      return Promise.reject(createError("DEADLINE_EXCEEDED", { what: "an answer", deadlineMs: 2_000, last: "" }));
    }
    const listed = { p: 0, errorCode: 0, timestampMs: -1, offset: this.offset, leaderEpoch: this.leader.epoch };
    return Promise.resolve({ throttleTimeMs: 0, topics: [{ name: "t", partitions: [listed] }] } as DS);
  }
}

const lookUp = (brokers: Brokers) =>
  new OffsetsLookup(brokers, { topic: "t", partitions: [0], which: "latest", committed: false });

describe("an offset while a replica does not answer", () => {
  let nowMs = 0;
  beforeEach(() => {
    vi.spyOn(performance, "now").mockImplementation(() => nowMs);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** One attempt at this time: the offset, or the code of why there is none yet. */
  async function attempt(lookup: OffsetsLookup, atMs: number): Promise<number | string> {
    nowMs = atMs;
    const outcome = await lookup.attempt();
    if (outcome.kind === "done") return outcome.value[0] as number;
    return isAppError(outcome.error) ? outcome.error.code : "an error";
  }

  it("O3: counts after longer than any session lasts, when most brokers have said the same all that time", async () => {
    const brokers = new Brokers(3);
    brokers.silent = [3];
    const lookup = lookUp(brokers);
    expect(await attempt(lookup, 0)).toBe("KAFKA_LEADER_UNCONFIRMED");
    expect(await attempt(lookup, 19_900)).toBe("KAFKA_LEADER_UNCONFIRMED");
    brokers.offset = 120;
    expect(await attempt(lookup, 20_100)).toBe(120);
  });

  it("O3: never counts when only some of the brokers answer: these may be the ones that are cut off", async () => {
    const brokers = new Brokers(3);
    brokers.silent = [2, 3];
    const lookup = lookUp(brokers);
    for (const atMs of [0, 21_000, 59_000]) expect(await attempt(lookup, atMs)).toBe("KAFKA_LEADER_UNCONFIRMED");
  });

  it("O3: begins anew when the leader itself did not answer in between, or is another", async () => {
    const brokers = new Brokers(5);
    brokers.silent = [3];
    const lookup = lookUp(brokers);
    expect(await attempt(lookup, 0)).toBe("KAFKA_LEADER_UNCONFIRMED");
    brokers.silent = [1, 3];
    expect(await attempt(lookup, 10_000)).toBe("DEADLINE_EXCEEDED");
    brokers.silent = [3];
    expect(await attempt(lookup, 21_000)).toBe("KAFKA_LEADER_UNCONFIRMED");
    brokers.leader = { nodeId: 2, epoch: 6 };
    expect(await attempt(lookup, 42_000)).toBe("KAFKA_LEADER_UNCONFIRMED");
    expect(await attempt(lookup, 63_000)).toBe(100);
  });
});
