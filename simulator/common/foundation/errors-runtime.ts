import { row } from "./error-row.ts";

/** Errors of the job: JobManager, TaskManagers, producer, validator. */
export const runtimeErrors = {
  JOB_FAILED: row<{ jobId: string; reason: string }>("job", false, (p) => `job ${p.jobId} failed: ${p.reason}`),
};
