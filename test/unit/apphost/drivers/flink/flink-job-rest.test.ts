/** What is read of Flink's answers, held against recorded ones of Apache Flink 2.2.1. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import {
  readFlinkCheckpoints,
  readFlinkFailure,
  readFlinkJobStatus,
} from "../../../../../apphost/drivers/flink/flink-job-rest.ts";
import { type Fields, readValue } from "../../../../../simulator/common/foundation/json-fields.ts";

interface Sample {
  readonly request: string;
  readonly body: Record<string, unknown>;
}

const file = new URL("../../../../support/flink-rest-samples/samples.json", import.meta.url);
const { samples } = JSON.parse(readFileSync(file, "utf8")) as { readonly samples: readonly Sample[] };

function read<T>(body: unknown, as: (fields: Fields) => T): T {
  const parsed = readValue(body, as);
  if (parsed.kind === "malformed") throw new Error(parsed.reason);
  return parsed.value;
}

const bodyOf = (request: RegExp): Record<string, unknown> => {
  const sample = samples.find((one) => request.test(one.request));
  if (sample === undefined) throw new Error(`no sample of ${request}`);
  return structuredClone(sample.body);
};

it("takes a job for processing when each subtask of each vertex runs", () => {
  const job = {
    state: "RUNNING",
    vertices: [
      { parallelism: 2, maxParallelism: 128, tasks: { RUNNING: 2 } },
      { parallelism: 1, maxParallelism: 1, tasks: { RUNNING: 1 } },
    ],
  };
  expect(read(job, readFlinkJobStatus)).toEqual({
    state: "RUNNING",
    isProcessing: true,
    parallelism: 2,
    parallelismMax: 128,
  });
  const [first] = job.vertices;
  if (first !== undefined) first.tasks.RUNNING = first.parallelism - 1;
  expect(read(job, readFlinkJobStatus).isProcessing).toBe(false);
  expect(read({ ...job, state: "RESTARTING" }, readFlinkJobStatus)).toMatchObject({
    state: "RESTARTING",
    isProcessing: false,
  });
  expect(() => read({ ...job, state: "DANCING" }, readFlinkJobStatus)).toThrow(/state is "DANCING"/);
});

it("reads the checkpoints that ended, and where the newest lies", () => {
  const { ended, newestPath, newestCompleted } = read(bodyOf(/^\/jobs\/:jobid\/checkpoints$/), readFlinkCheckpoints);
  expect(newestPath).toMatch(/^file:.*\/chk-162$/);
  expect(newestCompleted).toBe(162);
  for (const one of ended) expect(one).toMatchObject({ id: expect.any(Number), durationMs: expect.any(Number) });
  const history = [
    { id: 9, status: "IN_PROGRESS", end_to_end_duration: 3 },
    { id: 8, status: "FAILED", end_to_end_duration: 2, failure_message: "declined" },
    { id: 7, status: "COMPLETED", end_to_end_duration: 1 },
  ];
  expect(read({ latest: { completed: null }, history }, readFlinkCheckpoints)).toEqual({
    newestPath: null,
    ended: [
      { id: 7, durationMs: 1, failure: null },
      { id: 8, durationMs: 2, failure: "declined" },
    ],
    newestTriggered: 9,
    newestCompleted: 0,
  });
});

it("quotes the innermost cause of a failure", () => {
  const entry = (stacktrace: string) => ({ exceptionHistory: { entries: [{ stacktrace }] } });
  expect(read(entry("a.Outer: failed\n\tat b\nCaused by: c.Inner: no room\n\tat d"), readFlinkFailure)).toBe(
    "c.Inner: no room",
  );
  expect(read(entry("a.Alone: failed\n\tat b"), readFlinkFailure)).toBe("a.Alone: failed");
  expect(read({ exceptionHistory: { entries: [] } }, readFlinkFailure)).toBe("Flink gives no reason");
});
