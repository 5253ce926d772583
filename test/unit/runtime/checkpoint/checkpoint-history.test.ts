/** What REST knows of checkpoints: few are listed, more are found, and no more than that are kept. */
import { expect, test } from "vitest";
import {
  CheckpointHistory,
  type CheckpointRecord,
} from "../../../../simulator/runtime/checkpoint/checkpoint-history.ts";

const record = (id: number, status: CheckpointRecord["status"]): CheckpointRecord => ({
  id,
  kind: "checkpoint",
  status,
  triggeredAtMs: id,
  latestAckAtMs: id,
  durationMs: 1,
  bytes: 1,
  participants: 1,
  acknowledged: 1,
  acknowledgements: [{ tm: "taskmanager-01", atMs: id }],
  location: null,
  discarded: false,
  failedAtMs: null,
  failure: null,
});

function complete(history: CheckpointHistory, from: number, to: number): void {
  for (let id = from; id <= to; id++) {
    history.begin(record(id, "IN_PROGRESS"));
    history.end(record(id, "COMPLETED"));
  }
}

test("the newest ten are listed, newest first, and one that was listed is found as it has become", () => {
  const history = new CheckpointHistory();
  complete(history, 1, 40);
  history.begin(record(41, "IN_PROGRESS"));
  expect(history.records.map(({ id }) => id)).toEqual([41, 40, 39, 38, 37, 36, 35, 34, 33, 32]);
  expect(history.inProgress).toBe(1);
  history.discard(3);
  expect(history.find(3)).toMatchObject({ id: 3, status: "COMPLETED", discarded: true });
  expect(history.find(42)).toBeUndefined();
});

test("the oldest are forgotten, but not the newest that failed", () => {
  const history = new CheckpointHistory();
  history.begin(record(1, "IN_PROGRESS"));
  history.end(record(1, "FAILED"));
  complete(history, 2, 700);
  expect(history.find(100)).toBeUndefined();
  expect(history.find(101)).toMatchObject({ id: 101 });
  expect(history.find(1)).toMatchObject({ id: 1, status: "FAILED" });
  expect(history.counts).toMatchObject({ total: 700, completed: 699, failed: 1 });
});
