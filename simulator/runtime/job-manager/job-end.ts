/**
 * How a job ends: stopped with a final checkpoint (FINISHED or CANCELED), and with a savepoint where one was asked for, or
 * FAILED.
 *
 *   going on → stopping → over
 *   going on or stopping → failing → over
 *
 * O1 The end is durable before anybody is told. Only a failure that cannot be written down is told all the same, since
 *    a run folder that cannot be written may be the failure.
 * O2 A failure is durable before FENCE_ALL, too: the next JobManager would take a stopped state without it for a stop.
 * O3 A failure that comes in the middle of a stop is the end.
 * O4 A request of somebody other than the host is durable before the job is CANCELLING: the next JobManager ends the job
 *    as it was asked for, and knows the trigger of its savepoint.
 */
import type { JobManagerMessage, JobState as JobStateName } from "../../common/contract/child/child-messages.ts";
import type { JobState } from "../../common/contract/state/redis-state.ts";
import { waitUntil } from "../../common/foundation/deadline.ts";
import type { ErrorCategory } from "../../common/foundation/error-row.ts";
import { isAppError } from "../../common/foundation/errors.ts";
import type { Log } from "../../common/foundation/log.ts";
import { EndedJob } from "./ended-job.ts";
import type { EndRequest, JobFiles, JobOutcome } from "./job-files.ts";
import { fenceFailedJob, type JobStopOptions, stopJob } from "./job-stop.ts";
import type { StoreSession } from "./store-session.ts";

/** How long a run folder that cannot be written may delay the end. */
const WRITE_WITHIN_MS = 3_000;
const WRITE_INTERVAL_MS = 200;

interface FailureCause {
  readonly reason: string;
  readonly category: ErrorCategory;
}

export interface JobEndOptions extends Omit<JobStopOptions, "signal"> {
  readonly session: StoreSession;
  readonly files: JobFiles;
  readonly log: Log;
  /** The end offsets that this state has reached; null when none were asked for, or it has not. */
  readonly drainedTo: (state: JobState) => readonly number[] | null;
  /** Called when it is known how the job ended, before anybody is told. */
  readonly onOutcome: (outcome: JobOutcome) => void;
  /** Makes the state known; says it again when the job is in it already. */
  readonly enter: (state: JobStateName, why: FailureCause | null) => void;
  readonly tell: (message: JobManagerMessage) => void;
  /** Tells every TaskManager that the job is over. */
  readonly endTaskManagers: () => void;
}

export class JobEnd {
  readonly #options: JobEndOptions;
  readonly #ended: EndedJob;
  /** Ends what a stop waits for, when the job fails or this process ends (O3). */
  readonly #interruption = new AbortController();
  #outcome: JobOutcome | null = null;

  constructor(options: JobEndOptions) {
    this.#options = options;
    this.#ended = new EndedJob(options);
  }

  /** Null while the job is not over. */
  get outcome(): JobOutcome | null {
    return this.#outcome;
  }

  close(): void {
    this.#interruption.abort(new Error("the JobManager ends"));
  }

  /** The job ended before this JobManager began; the one before it may have died before it fenced or published. */
  async resume(outcome: JobOutcome): Promise<void> {
    if (outcome.state === "FAILED") {
      this.#options.enter("FAILING", whyOf(outcome));
      await fenceFailedJob(this.#options);
    }
    this.#announce(outcome);
  }

  /** Null: the host asked. Throws when the job cannot be stopped: then it fails. */
  async stop(request: EndRequest | null): Promise<void> {
    const asked = request?.kind === "savepoint" ? request.savepoint : null;
    const options = { ...this.#options, signal: this.#interruption.signal };
    const { id, state, savepoint } = await stopJob(options, asked?.directory ?? null);
    const drainedTo = this.#options.drainedTo(state);
    const outcome: JobOutcome = {
      state: stateAfter(request, drainedTo),
      reason: null,
      category: null,
      checkpointId: id,
      total: state.total,
      drainedTo,
      savepoint: asked === null || savepoint === null ? null : { triggerId: asked.triggerId, location: savepoint },
    };
    const { signal } = this.#interruption;
    await this.#write(outcome, signal);
    signal.throwIfAborted();
    this.#announce(outcome);
  }

  /** Throws only JOB_MANAGER_SUPERSEDED: then it is not this JobManager that ends the job. */
  async fail(outcome: JobOutcome): Promise<void> {
    const { files, numbering, log } = this.#options;
    this.#interruption.abort(new Error("the job fails"));
    // O2. While the folder cannot be written, the fence does not wait for it.
    try {
      await numbering.checkLeadership();
      await files.writeOutcome(outcome);
    } catch (error) {
      if (isSuperseded(error)) throw error;
      log.warn("the job's failure is not written down yet", error);
    }
    await fenceFailedJob(this.#options);
    // O1.
    try {
      await this.#write(outcome);
    } catch (error) {
      log.error("the job's failure is told without having been written down", error);
    }
    this.#announce(outcome);
  }

  /** Says again how the job ended. */
  repeat(): void {
    if (this.#outcome !== null) this.#announce(this.#outcome);
  }

  /** Looks after the state that a stopped job left. Throws only JOB_MANAGER_SUPERSEDED. */
  look(): Promise<void> {
    return this.#ended.look();
  }

  async #write(outcome: JobOutcome, signal?: AbortSignal): Promise<void> {
    const write = () => this.#options.files.writeOutcome(outcome).then(() => true);
    await waitUntil(write, {
      what: "writing down how the job ended",
      deadlineMs: WRITE_WITHIN_MS,
      intervalMs: WRITE_INTERVAL_MS,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  #announce(outcome: JobOutcome): void {
    const { enter, tell, endTaskManagers, onOutcome } = this.#options;
    const { state, checkpointId, total } = outcome;
    this.#outcome = outcome;
    onOutcome(outcome);
    enter(state, whyOf(outcome));
    if (state !== "FAILED") tell({ type: "stopped", checkpointId, total });
    endTaskManagers();
  }
}

function stateAfter(request: EndRequest | null, drainedTo: JobOutcome["drainedTo"]): "FINISHED" | "CANCELED" {
  switch (request?.kind) {
    case undefined:
      return drainedTo === null ? "CANCELED" : "FINISHED";
    case "cancel":
      return "CANCELED";
    case "savepoint":
      return request.endsAs;
  }
}

const whyOf = ({ reason, category }: JobOutcome): FailureCause | null =>
  reason !== null && category !== null ? { reason, category } : null;

const isSuperseded = (error: unknown): boolean => isAppError(error) && error.code === "JOB_MANAGER_SUPERSEDED";
