/** One call of REST with what its path named, and the finding of what that stands for. */
import type { JobManager } from "../job-manager.ts";
import type { JobMaster } from "../job-master.ts";
import type { RegisteredTaskManager } from "../registry.ts";
import { RestError, type RestRequest, type RestResponse } from "./http-server.ts";
import type { JobManagerSite } from "./process-views.ts";

export interface Call extends RestRequest {
  readonly manager: JobManager;
  readonly site: JobManagerSite;
  /** What `:id` stood for. */
  readonly id: string;
  /** What `:trigger` stood for. */
  readonly trigger: string;
  /** What each `:name` of the path stood for. */
  readonly params: Readonly<Record<string, string>>;
  readonly nowMs: number;
}
export type Handler = (call: Call) => RestResponse | Promise<RestResponse>;
export type Route = readonly [method: string, path: string, handler: Handler];

export const ok = (body: unknown): RestResponse => ({ kind: "json", status: 200, body });

export function findJob({ manager, id }: Call): JobMaster {
  if (!/^[0-9a-f]{32}$/.test(id)) {
    throw new RestError(
      400,
      `org.apache.flink.runtime.rest.handler.RestHandlerException: Bad request, could not parse parameters: Cannot resolve path parameter (jobid) from value "${id}".`,
    );
  }
  const { job } = manager;
  if (job?.graph.jobId === id) return job;
  throw new RestError(404, `org.apache.flink.runtime.rest.NotFoundException: Job ${id} not found`);
}

export function findTaskManager({ manager, id }: Call): RegisteredTaskManager {
  const entry = manager.rpc.registry.get(id);
  if (entry !== undefined) return entry;
  throw new RestError(404, `org.apache.flink.runtime.rest.NotFoundException: TaskExecutor ${id} not found`);
}
