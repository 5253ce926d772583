/** `GET /metrics` of a host on Apache Flink: read with a parser that is not ours, over a real socket. */
import { afterEach, beforeEach, expect, it } from "vitest";
import type { FlinkFigures, FlinkSubtaskFigures } from "../../../../apphost/run/observations.ts";
import { Observations } from "../../../../apphost/run/observations.ts";
import type { RunContext } from "../../../../apphost/run/run-context.ts";
import { FlinkMetricsServer } from "../../../../apphost/telemetry/flink-metrics-server.ts";
import type { HostEvent } from "../../../../simulator/common/contract/events.ts";
import { scrape } from "../../../support/prometheus.ts";

const SOURCE = { id: "a".repeat(32), name: "Source: input[1] -> MiniBatchAssigner[2]", isSource: true };
const SINK = { id: "b".repeat(32), name: "GlobalGroupAggregate[6] -> counts[7]: Writer", isSource: false };
const OF_JOB = { host: "127.0.0.1", job_id: "c".repeat(32), job_name: "flink-job-simulator" };

const subtask = (vertex: typeof SOURCE, index: number, readRecords: number): FlinkSubtaskFigures => ({
  taskManager: `taskmanager-0${index + 1}`,
  subtask: index,
  attempt: 3,
  vertex,
  readRecords,
  writeRecords: 5,
  busyMs: 100,
  backPressuredMs: 20,
  idleMs: 880,
});

const FIGURES: FlinkFigures = {
  taskManagers: [],
  subtasks: [subtask(SOURCE, 0, 1_000), subtask(SOURCE, 1, 500), subtask(SINK, 0, 7)],
  cluster: { numRegisteredTaskManagers: 2, taskSlotsTotal: 2 },
  job: { numberOfCompletedCheckpoints: 9, lastCheckpointDuration: 41 },
};

let seen: Observations;
let tell: (event: HostEvent) => void;
let server: FlinkMetricsServer;
let url: string;
beforeEach(async () => {
  seen = new Observations();
  const feed = {
    subscribe: (listener: typeof tell) => {
      tell = listener;
      return () => undefined;
    },
  };
  const run = { feed, seen, token: "token", logOf: () => ({ write: () => undefined }) } as unknown as RunContext;
  server = new FlinkMetricsServer(run, () => ({ jobId: OF_JOB.job_id, jobName: OF_JOB.job_name }));
  expect(server.variables()).toEqual({});
  await server.listen("127.0.0.1");
  url = server.variables()["METRICS_HTTP"] ?? "";
});
afterEach(() => server.close());

it("has no sample of what is not known yet (N2)", async () => {
  const found = await scrape(url);
  expect(found).toMatchObject({ status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8" });
  expect(found.families).toEqual([]);
});

it("tells Flink's figures under the names, labels and types that a JobManager of ours has (N1)", async () => {
  seen.flink = FIGURES;
  seen.mirrored = { type: "mirrored", offsets: [900, 600], total: 1_500 };
  const found = await scrape(url);
  const only = (name: string) => found.samples(name).map(({ labels, value }) => [labels, value]);
  expect(only("flink_apphost_job_processed_records")).toEqual([[OF_JOB, 1_500]]);
  expect(only("flink_jobmanager_taskSlotsTotal")).toEqual([[{ host: "127.0.0.1" }, 2]]);
  expect(only("flink_jobmanager_job_lastCheckpointDuration")).toEqual([[OF_JOB, 41]]);
  const task = { ...OF_JOB, tm_id: "taskmanager-02", task_attempt_num: "3", subtask_index: "1" };
  const ofSource = { ...task, task_id: SOURCE.id, task_name: SOURCE.name };
  const operator = "flink_taskmanager_job_task_operator_numRecordsIn";
  expect(only(operator)).toHaveLength(2);
  expect(only(operator)[1]).toEqual([{ ...ofSource, operator_id: SOURCE.id, operator_name: "Source: input[1]" }, 500]);
  expect(found.sum(operator)).toBe(1_500);
  expect(only("flink_taskmanager_job_task_accumulateBusyTimeMs")[1]).toEqual([ofSource, 100]);
  expect(found.sum("flink_taskmanager_job_task_numRecordsIn")).toBe(1_507);
  for (const { type } of found.families) expect(type).toBe("GAUGE");
});

it("tells what a TaskManager's process takes, with its restarts, and forgets one that was scaled away", async () => {
  const atUs = 1;
  const resource = { kind: "taskmanager", state: "running", health: "healthy", reason: "", endpoint: null } as const;
  const started = { type: "resource", atUs, ...resource, name: "taskmanager-01", pid: 7, restarts: 2 };
  tell(started as unknown as HostEvent);
  const processes = ["taskmanager-01", "kafka"].map((name) => ({ name, cpuPercent: 1, rssBytes: 2_048 }));
  tell({ type: "usage", atUs, processes, machine: { cpuPercent: 1, memoryPercent: 1 } });
  const memory = "flink_apphost_taskmanager_resident_memory_bytes";
  const labels = { host: "127.0.0.1", tm_id: "taskmanager-01", task_attempt_num: "2" };
  expect((await scrape(url)).samples(memory)).toEqual([{ labels, value: 2_048 }]);
  tell({ type: "resourceRemoved", atUs, name: "taskmanager-01" });
  expect((await scrape(url)).samples(memory)).toEqual([]);
});

it("answers nothing else, and nobody who takes it for another host (P2)", async () => {
  expect((await fetch(`${url}/jobs`)).status).toBe(404);
  expect((await fetch(`${url}/metrics`, { method: "POST" })).status).toBe(401);
  const port = new URL(url).port;
  const { request } = await import("node:http");
  const status = await new Promise((resolve) => {
    const headers = { host: `evil.example:${port}` };
    request({ port, host: "127.0.0.1", path: "/metrics", headers }, (answer) => resolve(answer.statusCode)).end();
  });
  expect(status).toBe(403);
});
