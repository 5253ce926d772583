/**
 * The end of a job of ours on a Flink that is not: by the host that submitted it, by its watchdog, or by the next `down`.
 *
 * N1 Cancelled is what Flink says is over. Until then it is asked again, up to the deadline.
 * N2 A job that Flink does not know may be one whose submission is still on its way: it is asked for UNKNOWN_MS.
 */
import { waitUntil } from "../../../simulator/common/foundation/deadline.ts";
import { createError } from "../../../simulator/common/foundation/errors.ts";
import { isOk } from "../../../simulator/common/foundation/http-call.ts";
import { parseJson } from "../../../simulator/common/foundation/json-fields.ts";
import { callFlink } from "./flink-rest.ts";

/** Of an end in which nothing else may be waited for any longer. */
export const CANCEL_MS_MAX = 10_000;
const UNKNOWN_MS = 3_000;
const INTERVAL_MS = 100;
const OVER: readonly string[] = ["CANCELED", "FAILED", "FINISHED"];

/** Of a job on a Flink: also how the record of a run names it. */
export const jobUrl = (restUrl: string, jobId: string): string => `${restUrl}/jobs/${jobId}`;

export type JobEnd = "cancelled" | "over" | "unknown";

/** Rejects where Flink cannot be asked, or where the job is not over by the deadline. `url`: of the job. */
export function cancelJob(url: string, deadlineMs: number): Promise<JobEnd> {
  const signal = AbortSignal.timeout(deadlineMs);
  const startedMs = performance.now();
  let isCancelled = false;
  return waitUntil(
    async (): Promise<JobEnd | undefined> => {
      const status = await callFlink({ method: "GET", url: `${url}/status`, body: null, signal });
      if (status.status === 404) return performance.now() - startedMs < UNKNOWN_MS ? undefined : "unknown";
      const parsed = parseJson(status.text, (fields) => fields.text("status"));
      if (parsed.kind === "valid" && OVER.includes(parsed.value)) return isCancelled ? "cancelled" : "over";
      if (isCancelled) return undefined;
      const answer = await callFlink({ method: "PATCH", url: `${url}?mode=cancel`, body: null, signal });
      if (!isOk(answer)) {
        const call = `PATCH ${new URL(url).pathname}`;
        throw createError("JOB_MANAGER_REFUSED", { call, status: answer.status, body: answer.text.slice(0, 300) });
      }
      isCancelled = true;
      return undefined;
    },
    { what: `cancelling the job at ${url}`, deadlineMs, intervalMs: INTERVAL_MS },
  );
}
