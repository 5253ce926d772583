/** One call of REST with what its path named, and the finding of what that stands for. */

import { RestError, type RestRequest, type RestResponse } from "../../../common/rest/http-server.ts";
import type { JobManager } from "../job-manager.ts";
import type { JobMaster } from "../job-master.ts";
import type { RegisteredTaskManager } from "../registry.ts";
import type { JobManagerSite } from "./process-views.ts";

export interface Call extends RestRequest {
  readonly manager: JobManager;
  readonly site: JobManagerSite;
  /** What each `:name` of the path stood for. */
  readonly params: Readonly<Record<string, string>>;
  readonly nowMs: number;
}
export type Handler = (call: Call) => RestResponse | Promise<RestResponse>;
export type Route = readonly [method: string, path: string, handler: Handler];

export const accepted = (body: unknown): RestResponse => ({ kind: "json", status: 202, body });
export const ok = (body: unknown): RestResponse => ({ kind: "json", status: 200, body });

/** The value of `:name` in the path. */
export const readParameter = ({ params }: Call, name: string): string => params[name] ?? "";

/** `name` is Flink's. */
export const createBadParameter = (name: string, value: string): RestError =>
  new RestError(
    400,
    `org.apache.flink.runtime.rest.handler.RestHandlerException: Bad request, could not parse parameters: Cannot resolve path parameter (${name}) from value "${value}".`,
  );

/** `reason` says what there is not. */
export const createNotFound = (reason: string): RestError =>
  new RestError(404, `org.apache.flink.runtime.rest.NotFoundException: ${reason}`);

export function findJob(call: Call): JobMaster {
  const id = readParameter(call, "id");
  if (!/^[0-9a-f]{32}$/.test(id)) throw createBadParameter("jobid", id);
  const { job } = call.manager;
  if (job?.graph.jobId === id) return job;
  throw createNotFound(`Job ${id} not found`);
}

export function findTaskManager(call: Call): RegisteredTaskManager {
  const id = readParameter(call, "id");
  const entry = call.manager.rpc.registry.get(id);
  if (entry !== undefined) return entry;
  throw createNotFound(`TaskExecutor ${id} not found`);
}
