/** The largest messages of the largest job, with numbers of all their digits, are far below the longest line (J1 of `json-lines.ts`). */
import { expect, test } from "vitest";
import {
  type JobManagerToTaskManager,
  RPC_LINE_BYTES_MAX,
  type TaskManagerToJobManager,
} from "../../../../simulator/common/contract/job/rpc.ts";
import { LATENCY_BUCKETS } from "../../../../simulator/common/contract/latency-histogram.ts";
import type { TaskManagerMetrics } from "../../../../simulator/common/contract/metrics.ts";
import { PARTITIONS_MAX } from "../../../../simulator/common/contract/state/redis-state.ts";
import { decodeJobManagerMessage, decodeTaskManagerMessage } from "../../../../simulator/runtime/rpc/messages.ts";

const N = Number.MAX_SAFE_INTEGER;
const name = "n".repeat(100);
const ofAll = <T>(create: (p: number) => T): T[] => Array.from({ length: PARTITIONS_MAX }, (_, p) => create(p));
const held = ofAll((p) => ({ p, g: N }));

const metrics: TaskManagerMetrics = {
  tm: name,
  incarnation: name,
  pid: N,
  atUs: N,
  processed: N,
  rejected: N,
  skipped: N,
  bytes: N,
  applies: { ok: N, dup: N, seek: N, fenced: N, storeLost: N },
  partitions: ofAll((p) => ({ p, offset: N, endOffset: N, committedOffset: N })),
  checkpointId: N,
  offsetCommitsFailed: N,
  final: true,
  cpuMs: N,
  rssBytes: N,
  busyMs: N,
  backPressuredMs: N,
  idleMs: N,
  heap: { usedBytes: N, committedBytes: N, maxBytes: N },
  observerCpuMs: N,
  eventLoopLagMsMax: N,
  latencyUsMax: N,
  latency: Array.from({ length: LATENCY_BUCKETS }, (_, bucket) => [bucket, N]).flat(),
};

test.each<TaskManagerToJobManager>([
  { type: "register", token: name, tm: name, incarnation: name, pid: N, slots: N, held },
  { type: "heartbeat", metrics },
  { type: "checkpointAcknowledged", checkpointId: N, life: name, offsets: ofAll((p) => ({ p, offset: N })) },
  { type: "taskFailed", code: "ASSERTION_FAILED", category: "unexpected", message: "\u0000".repeat(10_000) },
])("$type of a TaskManager", (message) => {
  const line = JSON.stringify(message);
  expect(Buffer.byteLength(line)).toBeLessThan(RPC_LINE_BYTES_MAX / 8);
  expect(decodeTaskManagerMessage(JSON.parse(line))).toEqual(message);
});

test("assignment of a JobManager", () => {
  const message: JobManagerToTaskManager = {
    type: "assignment",
    epoch: N,
    life: name,
    redisRunId: name,
    partitions: held,
  };
  const line = JSON.stringify(message);
  expect(Buffer.byteLength(line)).toBeLessThan(RPC_LINE_BYTES_MAX / 8);
  expect(decodeJobManagerMessage(JSON.parse(line))).toEqual(message);
});
