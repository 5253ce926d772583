/**
 * The REST paths by which others than the host end a job, and take savepoints of it, as Flink's command line calls them.
 * What can be told at once is told at once: that the job does not run, and that a directory cannot be written.
 */
import { randomUUID } from "node:crypto";
import { describeError } from "../../../common/foundation/errors.ts";
import { RestError, type RestResponse } from "../../../common/rest/http-server.ts";
import { proveDirectory } from "../../checkpoint/savepoint-folder.ts";
import type { JobMaster } from "../job-master.ts";
import { viewSavepointTrigger } from "./checkpoint-views.ts";
import { readSavepointRequest, readStopRequest, type SavepointRequest } from "./request-bodies.ts";
import { accepted, type Call, findJob, ok, type Route, readParameter } from "./rest-call.ts";

export const ENDING_ROUTES: readonly Route[] = [
  ["PATCH", "/jobs/:id", cancelJob],
  ["POST", "/jobs/:id/savepoints", triggerSavepoint],
  ["POST", "/jobs/:id/stop", stopJob],
  ["GET", "/jobs/:id/savepoints/:trigger", readTrigger],
];

async function cancelJob(call: Call): Promise<RestResponse> {
  const job = findJob(call);
  const mode = call.query.get("mode") ?? "cancel";
  if (mode !== "cancel") throw new RestError(400, `Bad request: mode is "${mode}": expected cancel.`);
  const { state } = job.status;
  if (state === "FINISHED" || state === "FAILED") {
    throw new RestError(
      409,
      `Job cancellation failed because the job has already reached another terminal state (${state}).`,
    );
  }
  await job.endRequests.cancel();
  return accepted({});
}

async function triggerSavepoint(call: Call): Promise<RestResponse> {
  const job = findJob(call);
  const { endsJob, ...request } = readSavepointRequest(call.body);
  return begin(call, job, request, (savepoint) =>
    endsJob
      ? job.endRequests.stopWithSavepoint(savepoint, "CANCELED")
      : job.triggered.triggerSavepoint(savepoint.triggerId, savepoint.directory),
  );
}

async function stopJob(call: Call): Promise<RestResponse> {
  const job = findJob(call);
  return begin(call, job, readStopRequest(call.body), (savepoint) =>
    job.endRequests.stopWithSavepoint(savepoint, "FINISHED"),
  );
}

/** As in Flink the caller may choose the id of the trigger, and so may repeat the call. */
async function begin(
  { site }: Call,
  job: JobMaster,
  request: SavepointRequest,
  trigger: (savepoint: {
    readonly triggerId: string;
    readonly directory: string;
  }) => "accepted" | "full" | Promise<"accepted" | "full">,
): Promise<RestResponse> {
  const triggerId = request.triggerId ?? randomUUID().replaceAll("-", "");
  const directory = request.directory ?? site.savepointsFolder;
  if (job.triggered.savepoints.get(triggerId) === undefined) {
    const { state } = job.status;
    if (state !== "RUNNING") {
      throw new RestError(409, `Conflict: the job is ${state}, and only of a RUNNING one a savepoint can be taken.`);
    }
    await prove(directory);
    if ((await trigger({ triggerId, directory })) === "full") {
      throw new RestError(503, "As many savepoints are under way as may be: wait for one of them, and ask again.");
    }
  }
  return accepted({ "request-id": triggerId });
}

async function prove(directory: string): Promise<void> {
  try {
    await proveDirectory(directory);
  } catch (error) {
    throw new RestError(400, `Bad request: ${describeError(error)}.`);
  }
}

function readTrigger(call: Call): RestResponse {
  const job = findJob(call);
  const triggerId = readParameter(call, "trigger");
  const status = job.triggered.savepoints.get(triggerId);
  if (status !== undefined) return ok(viewSavepointTrigger(status));
  throw new RestError(
    404,
    `org.apache.flink.runtime.rest.handler.RestHandlerException: There is no savepoint operation with triggerId=${triggerId} for job ${job.graph.jobId}.`,
  );
}
