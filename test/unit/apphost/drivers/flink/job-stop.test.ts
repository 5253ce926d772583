/** How a job is ended while its processes die. The answers are those of Apache Flink 2.2.1. */
import { expect, it } from "vitest";
import {
  type FlinkJobRest,
  type FlinkJobState,
  readSavepointFailure,
} from "../../../../../apphost/drivers/flink/flink-job-rest.ts";
import { FlinkJobEnd } from "../../../../../apphost/drivers/flink/job-stop.ts";
import { readValue } from "../../../../../simulator/common/foundation/json-fields.ts";

interface Look {
  /** Undefined: Flink does not know the job; an error: no answer. */
  readonly state: FlinkJobState | undefined | Error;
  readonly isProcessing?: boolean;
  readonly hasFailed?: boolean;
  /** Is complete from now on. */
  readonly savepoint?: string;
}

const BEFORE = "file:///savepoint-a-person-made";

/** One entry for each look; the last one stays. */
function scriptFlink(looks: readonly Look[], isOfUser = false) {
  const asked: string[] = [];
  const warned: string[] = [];
  const savepoints = [BEFORE];
  let restarts = 0;
  let at = -1;
  const now = (): Look => looks[Math.min(at, looks.length - 1)] as Look;
  const rest: Pick<FlinkJobRest, "readStatus" | "stopWithSavepoint" | "hasSavepointFailed"> = {
    async readStatus() {
      at += 1;
      const { state, isProcessing = state === "RUNNING", savepoint } = now();
      if (savepoint !== undefined && !savepoints.includes(savepoint)) savepoints.push(savepoint);
      if (state instanceof Error) throw state;
      return state === undefined ? undefined : { state, isProcessing, parallelism: 2, parallelismMax: 128 };
    },
    async stopWithSavepoint() {
      asked.push(`request-${asked.length + 1}`);
      return asked.at(-1) as string;
    },
    async hasSavepointFailed(request) {
      return now().hasFailed === true && request === asked.at(-1);
    },
  };
  const end = new FlinkJobEnd({
    isOfUser,
    listSavepoints: () => [...savepoints],
    restartJobManager: async () => {
      restarts += 1;
    },
    warn: (text) => warned.push(text),
  });
  return {
    asked,
    warned,
    end,
    restarts: () => restarts,
    stop: () => end.stop(rest as FlinkJobRest, { deadlineMs: 5_000 }),
  };
}

const readReason = async () => "the task's machine is gone";
const FINAL = "file:///savepoint-final";

it("asks once, and is done with the job", async () => {
  const { asked, stop } = scriptFlink([{ state: "RUNNING" }, { state: "RUNNING" }, { state: "FINISHED" }]);
  await stop();
  expect(asked).toEqual(["request-1"]);
});

it("asks again when the savepoint failed and the job runs again with all subtasks", async () => {
  const { asked, stop } = scriptFlink([
    { state: "RUNNING" },
    { state: "RESTARTING", hasFailed: true },
    { state: "RUNNING", isProcessing: false },
    { state: "RUNNING" },
    { state: "FINISHED" },
  ]);
  await stop();
  expect(asked).toEqual(["request-1", "request-2"]);
});

it("has nothing to end where the JobManager died, and waits for its successor to say so", async () => {
  const { asked, stop } = scriptFlink([
    { state: "RUNNING" },
    { state: new Error("connect ECONNREFUSED") },
    { state: undefined },
  ]);
  await stop();
  expect(asked).toEqual(["request-1"]);
});

it("is over for the built-in job that fails behind its final savepoint, which is told and is no failure (J1, J2)", async () => {
  const { warned, end, restarts, stop } = scriptFlink([
    { state: "RUNNING" },
    { state: "RUNNING", savepoint: FINAL },
    { state: "FAILED" },
  ]);
  await stop();
  expect(await end.takeFailure(readReason)).toBe(true);
  expect(await end.takeFailure(readReason)).toBe(true);
  expect(warned).toEqual([
    expect.stringContaining(`${FINAL}: what it has committed stands (the task's machine is gone)`),
  ]);
  expect(restarts()).toBe(0);
});

it("is a failure where no savepoint has come since it was asked to end (J4)", async () => {
  const { end, stop } = scriptFlink([{ state: "RUNNING" }, { state: "FAILED" }], true);
  expect(end.savepoint).toBeNull();
  await stop();
  expect([end.savepoint, await end.takeFailure(readReason)]).toEqual([null, false]);
});

it("takes up a user's job that fails behind its final savepoint, and asks it to end again (J3, J5)", async () => {
  const flink = scriptFlink(
    [
      { state: "RUNNING" },
      { state: "FAILED", savepoint: FINAL },
      { state: "FAILED" },
      { state: new Error("connect ECONNREFUSED") },
      { state: undefined },
      { state: "CREATED" },
      { state: "RUNNING" },
      { state: "FINISHED" },
    ],
    true,
  );
  const stopped = flink.stop();
  await expect.poll(() => flink.end.savepoint).toBe(FINAL);
  // As whoever watches it does.
  expect(await flink.end.takeFailure(readReason)).toBe(true);
  expect([flink.restarts(), flink.end.goesOn(undefined)]).toEqual([1, true]);
  expect(flink.end.takeUp(() => "file:///chk-7")).toBe(FINAL);
  await stopped;
  expect(flink.asked).toEqual(["request-1", "request-2"]);
  expect(flink.end.goesOn(undefined)).toBe(false);
});

it("takes up a user's job from its newest checkpoint where its JobManager dies before the savepoint, three times (J3)", async () => {
  const { end, stop } = scriptFlink([{ state: "RUNNING" }, { state: undefined }], true);
  expect(end.goesOn(undefined)).toBe(false);
  const stopped = stop();
  for (let time = 0; time < 3; time += 1) {
    expect(end.goesOn(undefined)).toBe(true);
    expect(end.takeUp(() => "file:///chk-7")).toBe("file:///chk-7");
  }
  await stopped;
  expect(end.goesOn(undefined)).toBe(false);
});

it("reads an operation that completed with a cause as one that failed", () => {
  const read = (body: object) => readValue(body, readSavepointFailure);
  expect(read({ status: { id: "IN_PROGRESS" }, operation: null })).toEqual({ kind: "valid", value: false });
  expect(read({ status: { id: "COMPLETED" }, operation: { location: "file:/s/savepoint-1" } })).toEqual({
    kind: "valid",
    value: false,
  });
  const cause = { class: "java.util.concurrent.CompletionException", "stack-trace": "…" };
  expect(read({ status: { id: "COMPLETED" }, operation: { "failure-cause": cause } })).toEqual({
    kind: "valid",
    value: true,
  });
});
