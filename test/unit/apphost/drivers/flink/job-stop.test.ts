/** How a job is ended while its processes die. The answers are those of Apache Flink 2.2.1. */
import { expect, it } from "vitest";
import {
  type FlinkJobRest,
  type FlinkJobState,
  readSavepointFailure,
} from "../../../../../apphost/drivers/flink/flink-job-rest.ts";
import { stopFlinkJob } from "../../../../../apphost/drivers/flink/job-stop.ts";
import { readValue } from "../../../../../simulator/common/foundation/json-fields.ts";

interface Look {
  /** Undefined: Flink does not know the job; an error: no answer. */
  readonly state: FlinkJobState | undefined | Error;
  readonly isProcessing?: boolean;
  readonly hasFailed?: boolean;
}

/** One entry for each look; the last one stays. */
function scriptFlink(looks: readonly Look[]) {
  const asked: string[] = [];
  let at = -1;
  const now = (): Look => looks[Math.min(at, looks.length - 1)] as Look;
  const rest: Pick<FlinkJobRest, "readStatus" | "stopWithSavepoint" | "hasSavepointFailed"> = {
    async readStatus() {
      at += 1;
      const { state, isProcessing = state === "RUNNING" } = now();
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
  return { asked, stop: () => stopFlinkJob(rest as FlinkJobRest, { drain: false, deadlineMs: 5_000 }) };
}

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
