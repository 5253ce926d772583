/** Emits the progress event each second, once there is a job to speak of, and as long as there is something new in it. */
import { isDeepStrictEqual } from "node:util";
import type { ProgressEvent } from "../../simulator/common/contract/events.ts";
import { computeProgress, type Load, NO_PROGRESS } from "./progress.ts";
import type { RunContext } from "./run-context.ts";

const INTERVAL_MS = 1_000;

export interface ProgressTicker {
  /** Emits it now: whatever comes next in the feed, as a verdict, then finds the figures of its own moment before it. */
  tell(): void;
  stop(): void;
}

/** `readLoad` is asked each time: rounds add to it. */
export function startProgressTicker(run: RunContext, readLoad: () => Load): ProgressTicker {
  let mark = NO_PROGRESS;
  let told: ProgressEvent | null = null;
  const tell = () => {
    const { seen } = run;
    if (seen.job.state === null) return;
    const { event, mark: next } = computeProgress(
      {
        round: seen.producer?.round ?? 0,
        load: readLoad(),
        sent: seen.acknowledgedBefore + (seen.producer?.sent ?? 0),
        acknowledged: seen.acknowledgedBefore + (seen.producer?.acknowledged ?? 0),
        isProduced: seen.producer !== null && seen.producer.finished !== null,
        metrics: seen.metrics,
        flink: seen.flink?.taskManagers ?? [],
        registered: seen.job.registered,
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
  const timer = setInterval(tell, INTERVAL_MS).unref();
  return { tell, stop: () => clearInterval(timer) };
}
