import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { waitUntil } from "../../../../simulator/common/foundation/deadline.ts";
import { createLog } from "../../../../simulator/common/foundation/log.ts";
import {
  FlinkKafkaConsumerGroup,
  type SourcePosition,
} from "../../../../simulator/runtime/source/flink-kafka-consumer-group.ts";

let commits: (readonly SourcePosition[])[];
let failures: number;
let logged: string[];
let commit: () => Promise<void>;
let assigned: [number, number][];
let group: FlinkKafkaConsumerGroup;

beforeEach(() => {
  commits = [];
  failures = 0;
  logged = [];
  assigned = [];
  commit = () => Promise.resolve();
  group = new FlinkKafkaConsumerGroup({
    reader: {
      assign: (p, offset) => assigned.push([p, offset]),
      release: () => undefined,
      pause: () => undefined,
      resume: () => undefined,
    },
    commitOffsets: (offsets) => {
      commits.push(offsets);
      return commit();
    },
    onCommitFailed: () => {
      failures += 1;
    },
    log: createLog((line) => logged.push(line)),
    retryMs: 5,
  });
});
afterEach(() => group.close());

describe("FlinkKafkaConsumerGroup", () => {
  it("reads each partition from the restored position (F1)", () => {
    group.restoreFromCheckpoint([
      { p: 3, offset: 17 },
      { p: 4, offset: 0 },
    ]);
    expect(assigned).toEqual([
      [3, 17],
      [4, 0],
    ]);
  });

  it("tells what Kafka has of a partition: not what failed, and nothing of one that was released", async () => {
    group.snapshotState(1, [
      { p: 0, offset: 10 },
      { p: 1, offset: 11 },
    ]);
    expect(group.committedOffset(0)).toBeUndefined();
    await group.commitCheckpointOffsets(1);
    expect([group.committedOffset(0), group.committedOffset(1)]).toEqual([10, 11]);
    commit = () => Promise.reject(new Error("no coordinator"));
    group.snapshotState(2, [{ p: 0, offset: 20 }]);
    await group.commitCheckpointOffsets(2);
    group.release(1);
    expect([group.committedOffset(0), group.committedOffset(1)]).toEqual([10, undefined]);
  });

  it("commits exactly the checkpoint's snapshot, once, and forgets older ones (F2, F3)", async () => {
    group.snapshotState(1, [{ p: 0, offset: 10 }]);
    group.snapshotState(2, [{ p: 0, offset: 20 }]);
    group.snapshotState(3, [{ p: 0, offset: 30 }]);
    await group.commitCheckpointOffsets(2);
    await group.commitCheckpointOffsets(2);
    await group.commitCheckpointOffsets(1);
    await group.commitCheckpointOffsets(3);
    await group.commitCheckpointOffsets(99);
    expect(commits).toEqual([[{ p: 0, offset: 20 }], [{ p: 0, offset: 30 }]]);
  });

  it("never throws: a failed commit is counted and logged", async () => {
    commit = () => Promise.reject(new Error("coordinator moved"));
    group.snapshotState(1, [{ p: 0, offset: 1 }]);
    await group.commitCheckpointOffsets(1);
    expect(failures).toBe(1);
    expect(logged.join("")).toMatch(/checkpoint 1 failed: coordinator moved/);
  });

  it("has one commit in flight, one due, and a bounded number of snapshots (F4)", async () => {
    let finish = () => undefined;
    commit = () =>
      new Promise((resolve) => {
        finish = () => void resolve();
      });
    for (let id = 1; id <= 30; id += 1) group.snapshotState(id, [{ p: 0, offset: id }]);
    await group.commitCheckpointOffsets(14);
    expect(commits).toEqual([]);
    const first = group.commitCheckpointOffsets(20);
    await group.commitCheckpointOffsets(21);
    await group.commitCheckpointOffsets(22);
    expect(commits).toEqual([[{ p: 0, offset: 20 }]]);
    commit = () => Promise.resolve();
    finish();
    await first;
    expect(commits).toEqual([[{ p: 0, offset: 20 }], [{ p: 0, offset: 22 }]]);
  });

  it("tries a failed commit again, since no checkpoint may follow it (F5)", async () => {
    commit = () => Promise.reject(new Error("coordinator moved"));
    group.snapshotState(1, [{ p: 0, offset: 1 }]);
    await group.commitCheckpointOffsets(1);
    commit = () => Promise.resolve();
    await untilCommitted(2);
    expect(commits.at(-1)).toEqual([{ p: 0, offset: 1 }]);
    expect(failures).toBe(1);
  });

  it("does not try it again for a partition that went to somebody else (F5)", async () => {
    commit = () => Promise.reject(new Error("coordinator moved"));
    group.snapshotState(1, [
      { p: 0, offset: 1 },
      { p: 1, offset: 2 },
    ]);
    await group.commitCheckpointOffsets(1);
    group.release(0);
    commit = () => Promise.resolve();
    await untilCommitted(2);
    expect(commits.at(-1)).toEqual([{ p: 1, offset: 2 }]);
  });
});

const untilCommitted = (count: number) =>
  waitUntil(() => (commits.length >= count ? true : undefined), { what: `${count} commits`, deadlineMs: 5_000 });
