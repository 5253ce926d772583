/** How others than the host ask for a job's end: Q1 to Q3, on real files. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SavepointTriggers } from "../../../../simulator/runtime/checkpoint/savepoint-triggers.ts";
import { EndRequests } from "../../../../simulator/runtime/job-manager/end-requests.ts";
import { type EndRequest, openJobFiles } from "../../../../simulator/runtime/job-manager/job-files.ts";

const savepoint = { triggerId: "e".repeat(32), directory: "/savepoints" };
let folder: string;
let savepoints: SavepointTriggers;
/** What was on disk when the stop began. */
let begun: (EndRequest | undefined)[];
let isStopping: boolean;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "end-requests-"));
  savepoints = new SavepointTriggers();
  begun = [];
  isStopping = false;
});
afterEach(() => rm(folder, { recursive: true }));

const open = (known?: EndRequest) =>
  new EndRequests({
    known,
    files: openJobFiles(folder),
    savepoints,
    state: () => (isStopping ? "CANCELLING" : "RUNNING"),
    isStopping: () => isStopping,
    beginStop: () => {
      isStopping = true;
      begun.push(requests.current ?? undefined);
    },
  });
let requests: EndRequests;

test("the first request counts, and a savepoint that comes too late fails with the reason (Q1)", async () => {
  requests = open();
  await requests.cancel();
  expect(await requests.stopWithSavepoint(savepoint, "FINISHED")).toBe("accepted");
  await requests.cancel();
  expect(begun).toEqual([{ kind: "cancel" }]);
  const reason = "the job is CANCELLING already, and ends without this savepoint";
  expect(savepoints.get(savepoint.triggerId)).toEqual({ kind: "failed", reason });
  expect(await openJobFiles(folder).readEndRequest()).toEqual({ kind: "cancel" });
});

test("a request that cannot be written down changes nothing, and its trigger says why (Q2)", async () => {
  requests = open();
  await mkdir(join(folder, "end-request.json"));
  await expect(requests.cancel()).rejects.toThrow("cannot be written");
  await expect(requests.stopWithSavepoint(savepoint, "FINISHED")).rejects.toThrow("cannot be written");
  expect([requests.current, begun]).toEqual([null, []]);
  expect(savepoints.get(savepoint.triggerId)).toMatchObject({ kind: "failed" });
  await rm(join(folder, "end-request.json"), { recursive: true });
  await requests.cancel();
  expect(begun).toEqual([{ kind: "cancel" }]);
});

test("the next JobManager knows the request and the trigger (Q3)", async () => {
  requests = open();
  await requests.stopWithSavepoint(savepoint, "CANCELED");
  const request = { kind: "savepoint", savepoint, endsAs: "CANCELED" };
  expect(begun).toEqual([request]);
  savepoints = new SavepointTriggers();
  requests = open(await openJobFiles(folder).readEndRequest());
  expect(requests.current).toEqual(request);
  expect(savepoints.get(savepoint.triggerId)).toEqual({ kind: "inProgress" });
});
