/**
 * The producer's process without a host: started, started again when it is lost, and asked to end by a signal.
 *
 *   running ⇄ lost → finished | stopped | failed
 *
 * R1 A lost process is followed by one that goes on from its files, as on a host: no message is sent twice.
 * R2 What the process itself says is in its way is final, and so is its loss more often than RESTART_LIMIT allows.
 * R3 `stopped` comes after its end: its ledger then says what was acknowledged.
 */
import type { ChildMessage } from "../../simulator/common/contract/child/child-messages.ts";
import { present } from "../../simulator/common/foundation/assert.ts";
import { createBackoff } from "../../simulator/common/foundation/backoff.ts";
import { sleep } from "../../simulator/common/foundation/deadline.ts";
import { type AppError, createError } from "../../simulator/common/foundation/errors.ts";
import {
  type ChildCommand,
  type ChildExit,
  describeExit,
  type RunningChild,
  startChildProcess,
} from "../processes/child-process.ts";
import type { ResourceLog } from "../processes/resource-log.ts";
import { RESTART_LIMIT, RestartCount } from "../processes/restart-count.ts";
import { Observations } from "../run/observations.ts";

export const PRODUCER = "producer";
/** Longer than the producer waits for answers to what is in flight. */
const STOP_BUDGET_MS = 10_000;
const RESTART_BACKOFF = { initialMs: 100, capMs: 2_000 };
const LAST_LINES = 10;

export type ProducerEnd =
  | { readonly kind: "finished" }
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly error: AppError };

export interface ProducerRun {
  readonly command: ChildCommand;
  readonly log: ResourceLog;
  /** Aborted: it is asked to end. */
  readonly stopping: AbortSignal;
  readonly onProgress: (acknowledged: number) => void;
  readonly note: (text: string) => void;
}

export async function runProducer(run: ProducerRun): Promise<ProducerEnd> {
  const seen = new Observations();
  seen.startRound(1);
  const restarts = new RestartCount(RESTART_LIMIT);
  const backoff = createBackoff(RESTART_BACKOFF);
  const onMessage = (message: ChildMessage) => {
    seen.take(PRODUCER, message);
    if (message.type === "notice") run.note(message.text);
    if (message.type === "produceProgress") run.onProgress(message.acknowledged);
  };
  while (!run.stopping.aborted) {
    const child = startChildProcess(run.command, { log: run.log, onSpawn: () => undefined, onMessage });
    const exit = await awaitEnd(child, run.stopping);
    if (present(seen.producer, "the round").finished !== null) return { kind: "finished" };
    if (run.stopping.aborted) break;
    const failure = seen.failureOf(PRODUCER) ?? judgeLoss(child, exit, restarts);
    if (failure !== null) return { kind: "failed", error: failure };
    run.note(`the producer ended with ${describeExit(exit)}, and is started again`);
    await sleep(backoff.nextMs(), run.stopping).catch(() => undefined);
  }
  return { kind: "stopped" };
}

/** R3. */
async function awaitEnd(child: RunningChild, stopping: AbortSignal): Promise<ChildExit> {
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped = child.stop(STOP_BUDGET_MS);
  };
  stopping.addEventListener("abort", stop, { once: true });
  try {
    return await child.exited;
  } finally {
    stopping.removeEventListener("abort", stop);
    await stopped;
  }
}

/** Null: it may be started again. */
function judgeLoss(child: RunningChild, exit: ChildExit, restarts: RestartCount): AppError | null {
  const lastLines = child.newestLines(LAST_LINES);
  const how = describeExit(exit);
  if (exit.kind === "notStarted") {
    return createError("CHILD_EXITED", { resource: PRODUCER, how: `with ${how}`, lastLines });
  }
  const exceeded = restarts.add(performance.now());
  if (exceeded === null) return null;
  const { max, windowMs } = exceeded;
  return createError("RESTARTS_EXCEEDED", { resource: PRODUCER, restarts: max, windowMs, how, lastLines });
}
