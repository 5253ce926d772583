/**
 * The end of a job with a savepoint, whatever dies meanwhile.
 *
 *   (not asked) → asked → over                     FINISHED, or in another final state
 *        ⇡──────────┘ its savepoint failed, as with a TaskManager that died: asked again when the job runs again
 *   any of them → over                             Flink does not know the job: it went with its JobManager
 */
import { waitUntil } from "../../../simulator/common/foundation/deadline.ts";
import { type FlinkJobRest, isFlinkJobOver } from "./flink-job-rest.ts";

const LOOK_INTERVAL_MS = 100;

export interface StopOptions {
  /** As for `stopWithSavepoint`. */
  readonly drain: boolean;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

/** Settles when no more of it is committed. An answer that does not come is waited for, as the JobManager may be back. */
export async function stopFlinkJob(rest: FlinkJobRest, { drain, deadlineMs, signal }: StopOptions): Promise<void> {
  const lasting = signal ?? new AbortController().signal;
  let request: string | null = null;
  const look = async (): Promise<true | undefined> => {
    const status = await rest.readStatus(lasting);
    if (status === undefined || isFlinkJobOver(status.state)) return true;
    if (request !== null && (await rest.hasSavepointFailed(request, lasting))) request = null;
    if (request === null && status.isProcessing) request = await rest.stopWithSavepoint(lasting, { drain });
    return undefined;
  };
  const what = "stopping the job on Flink";
  await waitUntil(look, { what, deadlineMs, intervalMs: LOOK_INTERVAL_MS, signal: lasting });
}
