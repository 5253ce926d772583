import { beforeEach, describe, expect, it } from "vitest";
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
  });
});

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

  it("has one commit in flight, and a bounded number of snapshots (F4)", async () => {
    const waiting: (() => void)[] = [];
    commit = () =>
      new Promise((resolve) => {
        waiting.push(resolve);
      });
    for (let id = 1; id <= 30; id += 1) group.snapshotState(id, [{ p: 0, offset: id }]);
    await group.commitCheckpointOffsets(14);
    expect(commits).toEqual([]);
    const first = group.commitCheckpointOffsets(20);
    await group.commitCheckpointOffsets(21);
    for (const finish of waiting) finish();
    await first;
    expect(commits).toEqual([[{ p: 0, offset: 20 }]]);
  });
});
