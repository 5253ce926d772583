/** The host's calls to the JobManager. Each is idempotent, so the caller repeats it until it is answered. */
import type {
  CheckpointOperation,
  DrainRequest,
  JobSnapshot,
  ScaleRequest,
} from "../../simulator/common/contract/job/rest.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { callHttp, isOk } from "../../simulator/common/foundation/http-call.ts";

const CALL_MS_MAX = 2_000;
const BODY_LENGTH_MAX = 300;

export interface JobControl {
  drain(request: DrainRequest): Promise<void>;
  stop(): Promise<void>;
  scale(request: ScaleRequest): Promise<void>;
  read(): Promise<JobSnapshot>;
  /** The id is the caller's, who asks by it what became of the checkpoint. */
  triggerCheckpoint(triggerId: string): Promise<void>;
  readCheckpoint(triggerId: string): Promise<CheckpointOperation>;
}

export function createJobControl(options: { baseUrl: string; jobId: string; token: string | null }): JobControl {
  const job = `${options.baseUrl}/ts/jobs/${options.jobId}`;
  const checkpoints = `${options.baseUrl}/jobs/${options.jobId}/checkpoints`;
  const call = async (method: "GET" | "POST", url: string, body: object | null): Promise<string> => {
    const { token } = options;
    const answer = await callHttp({ method, url, token, body, signal: AbortSignal.timeout(CALL_MS_MAX) });
    const { text } = answer;
    if (isOk(answer)) return text;
    throw createError("JOB_MANAGER_REFUSED", {
      call: `${method} ${new URL(url).pathname}`,
      status: answer.status,
      body: text.slice(0, BODY_LENGTH_MAX),
    });
  };
  return {
    async drain(request) {
      await call("POST", `${job}/drain`, request);
    },
    async stop() {
      await call("POST", `${job}/stop`, {});
    },
    async scale(request) {
      await call("POST", `${job}/scale`, request);
    },
    async read() {
      return JSON.parse(await call("GET", job, null)) as JobSnapshot;
    },
    async triggerCheckpoint(triggerId) {
      await call("POST", checkpoints, { triggerId, checkpointType: "FULL" });
    },
    async readCheckpoint(triggerId) {
      return JSON.parse(await call("GET", `${checkpoints}/${triggerId}`, null)) as CheckpointOperation;
    },
  };
}
