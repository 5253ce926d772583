/** What is read of Flink's figures, held against recorded answers of Apache Flink 2.2.1. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import {
  readCluster,
  readJobMetrics,
  readPlan,
  readSubtasks,
  type SubtaskFigures,
  sumByTaskManager,
} from "../../../../../apphost/drivers/flink/flink-metrics.ts";
import { type Fields, readValue } from "../../../../../simulator/common/foundation/json-fields.ts";

interface Sample {
  readonly request: string;
  readonly body: unknown;
}

const file = new URL("../../../../support/flink-rest-samples/samples.json", import.meta.url);
const { samples } = JSON.parse(readFileSync(file, "utf8")) as { readonly samples: readonly Sample[] };
const bodyOf = (request: string): unknown => samples.find((one) => one.request === request)?.body;

function read<T>(body: unknown, as: (fields: Fields) => T): T {
  const parsed = readValue(body, as);
  if (parsed.kind === "malformed") throw new Error(parsed.reason);
  return parsed.value;
}

it("takes what Flink's dashboard shows of a subtask, and a time that is not measured yet for none", () => {
  const body = bodyOf("/jobs/:jobid/vertices/:source") as { subtasks: { metrics: Record<string, unknown> }[] };
  const [first] = read(body, readSubtasks);
  expect(first).toEqual({
    taskManager: "127.0.0.1:35255-2c401d",
    subtask: 0,
    attempt: 0,
    readRecords: 503_772,
    writeRecords: 75,
    busyMs: 20_226,
    backPressuredMs: 0,
    idleMs: 145_724,
  });
  const unmeasured = structuredClone(body);
  if (unmeasured.subtasks[0] !== undefined) unmeasured.subtasks[0].metrics["accumulated-busy-time"] = "NaN";
  expect(read(unmeasured, readSubtasks)[0]?.busyMs).toBe(0);
});

it("knows sources and last vertices by the plan", () => {
  const [source, middle, last] = ["a", "b", "c"].map((letter) => letter.repeat(32));
  const vertices = [middle, last, source].map((id) => ({ id, name: `vertex ${id?.[0]}` }));
  const nodes = [{ id: last, inputs: [{ id: middle }] }, { id: middle, inputs: [{ id: source }] }, { id: source }];
  expect(read({ vertices, plan: { nodes } }, readPlan)).toEqual([
    { id: last, name: "vertex c", isSource: false, isLast: true },
    { id: middle, name: "vertex b", isSource: false, isLast: false },
    { id: source, name: "vertex a", isSource: true, isLast: false },
  ]);
});

it("counts in what sources read and out what the last vertices wrote, by TaskManager (R1)", () => {
  const subtask = (taskManager: string, readRecords: number, writeRecords: number): SubtaskFigures => ({
    taskManager,
    subtask: 0,
    attempt: 0,
    readRecords,
    writeRecords,
    busyMs: 100,
    backPressuredMs: 10,
    idleMs: 890,
  });
  const source = { isSource: true, isLast: false };
  const last = { isSource: false, isLast: true };
  const figures = { subtasks: 2, recordsIn: 1_000, recordsOut: 3, busyMs: 100, backPressuredMs: 10, idleMs: 890 };
  expect(
    sumByTaskManager([
      { ...subtask("taskmanager-02", 7, 2), vertex: source },
      { ...subtask("taskmanager-01", 1_000, 4), vertex: source },
      { ...subtask("taskmanager-01", 4, 3), vertex: last },
    ]),
  ).toEqual([
    { name: "taskmanager-01", figures },
    { name: "taskmanager-02", figures: { ...figures, subtasks: 1, recordsIn: 7, recordsOut: 0 } },
  ]);
});

it("keeps Flink's names of the job's figures, and leaves out what is no number", () => {
  const request =
    "/jobs/:jobid/metrics?get=numRestarts,runningTime,lastCheckpointDuration,lastCompletedCheckpointId,numberOfCompletedCheckpoints,lastCheckpointSize";
  const answer = bodyOf(request) as object[];
  expect(
    readJobMetrics([
      { id: "numRestarts", value: "0" },
      { id: "lastCheckpointExternalPath", value: "n/a" },
    ]),
  ).toEqual({
    numRestarts: 0,
  });
  expect(readJobMetrics(answer)).toMatchObject({ numberOfCompletedCheckpoints: 162 });
});

it("has the cluster's figures under the names that Flink's metrics have", () => {
  expect(read(bodyOf("/overview"), readCluster)).toEqual({
    numRegisteredTaskManagers: 20,
    numRunningJobs: 1,
    taskSlotsTotal: 20,
    taskSlotsAvailable: 0,
  });
});
