/** `job-cancellation.ts`: a job of ours on a Flink that is not. */
import { afterEach, expect, it } from "vitest";
import { cancelJob, jobUrl } from "../../../../../apphost/drivers/flink/job-cancellation.ts";
import { type FlinkScript, type ScriptedFlink, startScriptedFlink } from "../../../../support/scripted-flink.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const CANCEL = `PATCH /jobs/${JOB}?mode=cancel`;
const STATUS = `GET /jobs/${JOB}/status`;

let flink: ScriptedFlink;
afterEach(() => flink.close());

async function cancel(script: FlinkScript, deadlineMs = 5_000) {
  flink = await startScriptedFlink(script);
  return cancelJob(jobUrl(flink.url, JOB), deadlineMs);
}

it("asks once, and waits until Flink says that the job is over (N1)", async () => {
  const states = ["RUNNING", "CANCELLING", "CANCELLING", "CANCELED"];
  const end = await cancel((call) => {
    if (call === CANCEL) return { status: 202, body: {} };
    return { body: { status: states.shift() } };
  });
  expect(end).toBe("cancelled");
  expect(flink.calls).toEqual([STATUS, CANCEL, STATUS, STATUS, STATUS]);
});

it("leaves a job alone that is over", async () => {
  expect(await cancel(() => ({ body: { status: "FAILED" } }))).toBe("over");
  expect(flink.calls).toEqual([STATUS]);
});

it("cancels a job whose submission arrives after the first question (N2)", async () => {
  const states = [undefined, undefined, "INITIALIZING", "CANCELED"];
  const end = await cancel((call) => {
    if (call === CANCEL) return { status: 202, body: {} };
    const status = states.shift();
    return status === undefined ? undefined : { body: { status } };
  });
  expect(end).toBe("cancelled");
});

it("says by the deadline that a job goes on", async () => {
  const goesOn = cancel((call) => (call === CANCEL ? { status: 202, body: {} } : { body: { status: "RUNNING" } }), 400);
  await expect(goesOn).rejects.toThrow(/cancelling the job at http:\/\/127\.0\.0\.1:\d+\/jobs\//);
});
