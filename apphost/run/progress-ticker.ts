/** Emits the progress event each second, once there is a job to speak of, and as long as there is something new in it. */
import { isDeepStrictEqual } from "node:util";
import type { ProgressEvent } from "../../simulator/common/contract/events.ts";
import { computeProgress, NO_PROGRESS } from "./progress.ts";
import type { RunContext } from "./run-context.ts";

const INTERVAL_MS = 1_000;

/** `requested` is asked each time: rounds add to it. Returns what stops it, after one last look. */
export function startProgressTicker(run: RunContext, requested: () => number): () => void {
  let mark = NO_PROGRESS;
  let told: ProgressEvent | null = null;
  const tick = () => {
    const { seen } = run;
    if (seen.job.state === null) return;
    const { event, mark: next } = computeProgress(
      {
        round: seen.producer?.round ?? 0,
        requested: requested(),
        sent: seen.acknowledgedBefore + (seen.producer?.sent ?? 0),
        acknowledged: seen.acknowledgedBefore + (seen.producer?.acknowledged ?? 0),
        metrics: seen.metrics,
        assignment: seen.job.assignment,
        checkpointTotal: seen.job.checkpointTotal,
        lastCheckpointId: seen.job.checkpoints.lastId,
        atUs: run.clock.nowUs(),
      },
      mark,
    );
    mark = next;
    // At rest the rates are 0, and nothing but the time goes on.
    if (isDeepStrictEqual(event, told)) return;
    told = event;
    run.feed.emit(event);
  };
  const timer = setInterval(tick, INTERVAL_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    tick();
  };
}
