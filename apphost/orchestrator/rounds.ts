/**
 * Rounds: each produces messages, waits until all are applied, and is validated together with all rounds before it. Ids
 * continue from round to round, and one round runs at a time.
 *
 *   producing → draining → [stopping the job] → (validated by `verdict.ts`)
 *
 * B1 The end offsets that mean "drained" are those the producer read after its last acknowledgement.
 * B2 A drain or stop request is repeated to each life of the JobManager until one of them says that it is reached.
 * B3 --max-time runs from the first send. The word that all is applied may come a little later than the fact, so it is
 *    waited for; a round whose producer is not done by then is known to have missed its time.
 * B4 A producer is done when it says so: its ledger is complete on disk by then. Whether and how its process ends is
 *    part neither of the load nor of the time that is measured.
 */

import type { ProducerTask } from "../../simulator/common/contract/child/tasks.ts";
import type { ResourceKind } from "../../simulator/common/contract/events.ts";
import { formatCheckpointId } from "../../simulator/common/contract/files/checkpoint.ts";
import type { JobSnapshot } from "../../simulator/common/contract/job/rest.ts";
import { present } from "../../simulator/common/foundation/assert.ts";
import { type WaitOptions, waitUntil, withDeadline } from "../../simulator/common/foundation/deadline.ts";
import type { HostOptions } from "../options.ts";
import type { Supervisor } from "../processes/supervisor.ts";
import type { Reached } from "../run/job-view.ts";
import type { RunContext } from "../run/run-context.ts";
import { formatAmount, formatRate } from "../snapshot/format.ts";
import { STOP_BUDGET_MS } from "./stop.ts";
import type { System } from "./system.ts";

export interface Round {
  readonly round: number;
  readonly firstId: number;
  readonly messages: number;
  /** Messages per second that the producer offers; 0: as fast as possible. */
  readonly rate: number;
}

/** From the last acknowledgement to our hearing of it. */
const PRODUCED_NOTICE_MS_MAX = 1_000;
/** From the last effect to our hearing of it: one look of the JobManager, one checkpoint, and a slow machine. */
const DRAIN_NOTICE_MS_MAX = 5_000;
const PRODUCER_START_MS_MAX = 120_000;
/** From its last word to the end of its process. One that hangs then is killed before that (V6 of `supervisor.ts`). */
const PRODUCER_END_MS_MAX = 60_000;
/** Longer than the JobManager waits for Redis: it knows better why the job does not stop, and says so. */
const STOP_MS_MAX = 90_000;
const METRICS_MS_MAX = 2_000;
const LOOK_INTERVAL_MS = 20;
/** Of a wait as long as the round: each look takes CPU that the load could have. The clock does not wait for it. */
const PRODUCER_LOOK_INTERVAL_MS = 100;
const ASK_INTERVAL_MS = 1_000;

/** Settles when everything of the round is applied and checkpointed. Rejects when the run ends before that. */
export async function runRound(run: RunContext, system: System, round: Round): Promise<Reached> {
  const { feed, seen, ending, options } = run;
  seen.startRound(round.round);
  feed.emit({ type: "phase", phase: "producing", detail: describeRound(round, options) });
  const task: ProducerTask = { ...round };
  const producer = system.startTask("producer", task);
  await waitAloud(run, () => seen.producer?.firstSendAtUs ?? undefined, {
    what: "the producer's first send",
    deadlineMs: PRODUCER_START_MS_MAX,
    signal: ending.signal,
  });
  const reached = await measureLoad(run, async () => {
    const endOffsets = await waitForEndOffsets(run, options.maxTimeMs);
    feed.emit({ type: "phase", phase: "draining", detail: "everything is acknowledged" });
    return drain(run, system, endOffsets);
  });
  await endProducer(run, producer);
  return reached;
}

/** `round 2: 500,000 messages at 1,000/s, compressed by lz4`. */
function describeRound({ round, messages, rate }: Round, { compression }: Pick<HostOptions, "compression">): string {
  const speed = rate === 0 ? "" : ` at ${formatRate(rate)}`;
  const form = compression === "none" ? "" : `, compressed by ${compression}`;
  return `round ${round}: ${formatAmount(messages, "message")}${speed}${form}`;
}

/** Somebody else's topic: nothing is produced, and the clock starts with the running job. */
export async function countTopic(run: RunContext, system: System, endOffsets: readonly number[]): Promise<Reached> {
  run.feed.emit({ type: "phase", phase: "draining", detail: `counting topic ${system.config.topic}` });
  return measureLoad(run, () => drain(run, system, endOffsets));
}

async function measureLoad(run: RunContext, work: () => Promise<Reached>): Promise<Reached> {
  const budget = startTimeBudget(run);
  run.sampler.startLoad();
  try {
    return await work();
  } finally {
    run.sampler.endLoad();
    budget.cancel();
  }
}

function startTimeBudget(run: RunContext): { cancel(): void } {
  const { seen, clock, ending, options } = run;
  const startUs = seen.producer?.firstSendAtUs ?? clock.nowUs();
  const leftMs = Math.max(0, options.maxTimeMs - (clock.nowUs() - startUs) / 1_000);
  const isProducing = () => seen.producer !== null && seen.producer.finished === null;
  const timers = [
    setTimeout(() => {
      if (isProducing()) ending.end({ kind: "timeExceeded", waitedFor: "the last acknowledgement" });
    }, leftMs + PRODUCED_NOTICE_MS_MAX),
    setTimeout(() => {
      ending.end({ kind: "timeExceeded", waitedFor: isProducing() ? "the last acknowledgement" : "the last effect" });
    }, leftMs + DRAIN_NOTICE_MS_MAX),
  ];
  return { cancel: () => timers.forEach((timer) => void clearTimeout(timer)) };
}

async function waitForEndOffsets(run: RunContext, maxTimeMs: number): Promise<readonly number[]> {
  const { seen, ending } = run;
  const { endOffsets } = await waitAloud(run, () => seen.producer?.finished ?? undefined, {
    what: "the last acknowledgement",
    deadlineMs: maxTimeMs + 2 * DRAIN_NOTICE_MS_MAX,
    intervalMs: PRODUCER_LOOK_INTERVAL_MS,
    signal: ending.signal,
  });
  return endOffsets;
}

/** B4. The next round has a producer of its own, and there is one at a time. */
async function endProducer(run: RunContext, producer: Supervisor): Promise<void> {
  const { signal } = run.ending;
  const what = "the end of the producer's process";
  const deadlineMs = PRODUCER_END_MS_MAX;
  try {
    await run.tellWait({ what, deadlineMs }, withDeadline(producer.finished, { what, deadlineMs, signal }));
  } catch {
    signal.throwIfAborted();
    await producer.stop(STOP_BUDGET_MS);
  }
}

/** B2. Asks each life of the JobManager once, and looks at its own account too: a message may have been lost with it. */
async function drain(run: RunContext, system: System, endOffsets: readonly number[]): Promise<Reached> {
  const { seen, feed, ending, options } = run;
  const deadlineMs = options.maxTimeMs + 2 * DRAIN_NOTICE_MS_MAX;
  // A restarted JobManager may still say that the round before is drained.
  const isSame = (said: readonly number[] | null | undefined) => said?.join() === endOffsets.join();
  feed.emit({ type: "waiting", for: "every end offset to be applied", waitedMs: 0, deadlineMs });
  if (system.flink !== null) {
    const reached = await system.flink.drain(endOffsets, deadlineMs);
    seen.isRoundDrained = true;
    return reached;
  }
  const reached = await askUntilReached(run, system, {
    what: "applying everything up to the end offsets",
    deadlineMs,
    signal: ending.signal,
    ask: () => system.jobControl().drain({ endOffsets }),
    reached: () => (isSame(seen.job.drained?.endOffsets) ? seen.job.drained : null),
    read: (job) => job.drained && isSame(job.drainedTo),
  });
  seen.isRoundDrained = true;
  return reached;
}

/** Fences every partition and takes the final checkpoint. Without a signal only the deadline ends it. */
export async function stopJob(
  run: RunContext,
  system: System,
  options: { deadlineMs?: number; signal?: AbortSignal } = {},
): Promise<Reached> {
  const { seen, feed } = run;
  const { deadlineMs = STOP_MS_MAX, signal } = options;
  seen.isStopAsked = true;
  feed.emit({ type: "waiting", for: "the job to stop with a final checkpoint", waitedMs: 0, deadlineMs });
  if (system.flink !== null) return system.flink.stop(deadlineMs, signal);
  return askUntilReached(run, system, {
    what: "stopping the job with a final checkpoint",
    deadlineMs,
    ...(signal === undefined ? {} : { signal }),
    ask: () => system.jobControl().stop(),
    reached: () => seen.job.stopped,
    read: (job) => job.stopped,
  });
}

const waitAloud = <T>({ tellWait }: RunContext, look: Look<T>, wait: WaitOptions): Promise<T> =>
  tellWait(wait, waitUntil(look, wait));

type Look<T> = () => T | undefined | Promise<T | undefined>;

interface Question {
  readonly what: string;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  readonly ask: () => Promise<void>;
  readonly reached: () => Reached | null;
  readonly read: (job: JobSnapshot) => boolean;
}

async function askUntilReached(run: RunContext, system: System, question: Question): Promise<Reached> {
  const jobManager = present(system.supervisors.get("jobmanager"), "the JobManager");
  let askedLife = -1;
  let readAtMs = 0;
  const look = async (): Promise<Reached | undefined> => {
    const told = question.reached();
    if (told !== null) return told;
    const { life } = jobManager;
    if (askedLife !== life) {
      await question.ask();
      askedLife = life;
      readAtMs = performance.now();
    }
    if (performance.now() - readAtMs < ASK_INTERVAL_MS) return undefined;
    readAtMs = performance.now();
    const job = await system.jobControl().read();
    return question.read(job) ? { checkpointId: job.lastCheckpointId, total: job.total } : undefined;
  };
  return waitAloud(run, look, {
    what: question.what,
    deadlineMs: question.deadlineMs,
    intervalMs: LOOK_INTERVAL_MS,
    ...(question.signal === undefined ? {} : { signal: question.signal }),
  });
}

/** The report's latencies and counts come from metrics, so the newest ones must be of the checkpoint or later. */
export async function waitForMetrics(run: RunContext, system: System, checkpointId: number): Promise<void> {
  const applier: ResourceKind = system.flink === null ? "taskmanager" : "mirror";
  const running = [...system.supervisors.values()].filter(
    ({ snapshot, isPaused }) => snapshot.kind === applier && snapshot.state === "running" && !isPaused,
  );
  const isLate = ({ snapshot, life }: Supervisor) => {
    const metrics = run.seen.metricsOf(snapshot.name, String(life + 1));
    return metrics === undefined || (!metrics.final && metrics.checkpointId < checkpointId);
  };
  const look = () => (running.some(isLate) ? undefined : true);
  try {
    await waitUntil(look, { what: "the last metrics of each TaskManager", deadlineMs: METRICS_MS_MAX });
  } catch {
    // The verdict does not depend on them; the report will show fewer recorded latencies.
    const late = running.filter(isLate).map(({ snapshot }) => snapshot.name);
    run.notice(
      "warn",
      "host",
      `no metrics of checkpoint ${formatCheckpointId(checkpointId)} within ${METRICS_MS_MAX} ms: ${late.join(", ")}`,
    );
  }
}
