/** `external-job-end.ts`: the end of a job of ours on a Flink of others. The answers are those of Apache Flink 2.2.1. */
import { afterEach, expect, it } from "vitest";
import { createExternalJobEnd } from "../../../../../apphost/drivers/flink/external-job-end.ts";
import { type FlinkScript, type ScriptedFlink, startScriptedFlink } from "../../../../support/scripted-flink.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const SAVEPOINT = "file:/s/savepoint-012345-000000000001";
const CONFIGURATION = "GET /jobmanager/config";
const CHECKPOINTS = `GET /jobs/${JOB}/checkpoints`;
const DISPOSE = "POST /savepoint-disposal";
const DISPOSAL = "GET /savepoint-disposal/request-1";
const CANCEL = `PATCH /jobs/${JOB}?mode=cancel`;

let flink: ScriptedFlink;
afterEach(() => flink.close());

/** Ends a job of the user's, or the built-in one. */
async function end(isOfUser: boolean, script: FlinkScript) {
  flink = await startScriptedFlink(script);
  const warned: string[] = [];
  let stops = 0;
  const stop = async () => {
    stops += 1;
  };
  const find = async () => ({ restUrl: flink.url, jobId: JOB });
  await createExternalJobEnd(find, (text) => warned.push(text)).end(isOfUser ? stop : null, 5_000);
  return { warned, stops };
}

/** A Flink with a folder for savepoints, where the removal of one has this end. */
function answerWith(operation: object): FlinkScript {
  const disposals = [
    { status: { id: "IN_PROGRESS" }, operation: null },
    { status: { id: "COMPLETED" }, operation },
  ];
  return (call) => {
    if (call === CONFIGURATION) return { body: [{ key: "execution.checkpointing.savepoint-dir", value: "file:/s" }] };
    if (call === CHECKPOINTS) return { body: { latest: { savepoint: { external_path: SAVEPOINT } } } };
    if (call === DISPOSE) return { status: 202, body: { "request-id": "request-1" } };
    return call === DISPOSAL ? { body: disposals.shift() } : undefined;
  };
}

it("ends a job of the user's by a savepoint, which it removes (X2)", async () => {
  expect(await end(true, answerWith({}))).toEqual({ warned: [], stops: 1 });
  expect(flink.calls).toEqual([CONFIGURATION, CHECKPOINTS, DISPOSE, DISPOSAL, DISPOSAL]);
});

it("names a savepoint that could not be removed", async () => {
  const { warned } = await end(true, answerWith({ "failure-cause": { class: "java.io.IOException" } }));
  expect(warned).toEqual([expect.stringContaining(SAVEPOINT)]);
});

it("cancels a job of the user's where there is no folder for savepoints, and says what that costs (X2)", async () => {
  const states = ["RUNNING", "CANCELED"];
  const { warned, stops } = await end(true, (call) => {
    if (call === CONFIGURATION) return { body: [{ key: "rest.port", value: "8081" }] };
    return call === CANCEL ? { status: 202, body: {} } : { body: { status: states.shift() } };
  });
  expect([warned, stops]).toEqual([[expect.stringContaining("execution.checkpointing.savepoint-dir")], 0]);
  expect(flink.calls).toContain(CANCEL);
});

it("cancels the built-in job, and leaves no savepoint of it (X1)", async () => {
  const states = ["RUNNING", "CANCELED"];
  expect(
    await end(false, (call) => (call === CANCEL ? { status: 202, body: {} } : { body: { status: states.shift() } })),
  ).toEqual({ warned: [], stops: 0 });
  expect(flink.calls).not.toContain(CONFIGURATION);
});
