/**
 * The end of a job on a Flink of ours, with a final savepoint, whatever dies meanwhile.
 *
 *   (not asked) → asked → over                     FINISHED, or in another final state
 *        ⇡──────────┘ its savepoint failed, as with a TaskManager that died: asked again when the job runs again
 *   any of them → over                             Flink does not know the job: it went with its JobManager
 *   any of them → (not asked)                      it failed, or is not known, and is taken up (J3)
 *
 * J1 Where a task dies between the final savepoint and the end of the job, Flink fails the job for good, and says of the
 *    savepoint that it "might have uncommitted transactions", for which the job is to be started from it again
 *    (StopWithSavepointStoppingException of Flink 2.2). So this is no failure of the job.
 * J2 The built-in job is asked to end when all that it counted is applied, and so is nothing of it left to be committed. It is
 *    over then.
 * J3 A job of the user's lets go of rows as it ends, and its rows may be committed later than its offsets. Whoever watches it
 *    submits it again from the savepoint, and it is asked to end again, at most TAKE_UPS_MAX times.
 * J4 The final savepoint is the newest complete one that was not there before the job was asked to end.
 * J5 A JobManager takes no job under the id of one that failed in its own life, so it is started again.
 */
import { waitUntil } from "../../../simulator/common/foundation/deadline.ts";
import { type FlinkJobRest, type FlinkJobState, isFlinkJobOver } from "./flink-job-rest.ts";

const LOOK_INTERVAL_MS = 100;
const TAKE_UPS_MAX = 3;

export interface JobEndContext {
  readonly isOfUser: boolean;
  /** Complete ones of the job as URIs, the newest last. */
  readonly listSavepoints: () => readonly string[];
  /** Settles when it serves again. */
  readonly restartJobManager: () => Promise<void>;
  readonly warn: (text: string) => void;
}

export class FlinkJobEnd {
  readonly #context: JobEndContext;
  /** Null: it was not asked to end. */
  #savepointsBefore: readonly string[] | null = null;
  #isOver = false;
  #takeUps = 0;
  #savepointTold: string | null = null;

  constructor(context: JobEndContext) {
    this.#context = context;
  }

  /** Settles when no more of it is committed. An answer that does not come is waited for, as the JobManager may be back. */
  async stop(rest: FlinkJobRest, limit: { readonly deadlineMs: number; readonly signal?: AbortSignal }): Promise<void> {
    const { isOfUser, listSavepoints } = this.#context;
    const { deadlineMs, signal = new AbortController().signal } = limit;
    this.#savepointsBefore ??= listSavepoints();
    let request: string | null = null;
    const look = async (): Promise<true | undefined> => {
      const status = await rest.readStatus(signal);
      if (status === undefined || isFlinkJobOver(status.state)) {
        request = null;
        return this.goesOn(status?.state) ? undefined : true;
      }
      if (request !== null && (await rest.hasSavepointFailed(request, signal))) request = null;
      // A job of the user's may hold results until its time has passed, and there will be no more records.
      if (request === null && status.isProcessing) request = await rest.stopWithSavepoint(signal, { drain: isOfUser });
      return undefined;
    };
    try {
      await waitUntil(look, { what: "stopping the job on Flink", deadlineMs, intervalMs: LOOK_INTERVAL_MS, signal });
    } finally {
      this.#isOver = true;
    }
  }

  /** J4. Null: there is none. */
  get savepoint(): string | null {
    const before = this.#savepointsBefore;
    if (before === null) return null;
    return this.#context.listSavepoints().findLast((savepoint) => !before.includes(savepoint)) ?? null;
  }

  /** Whether a job in this state comes back (J3). `undefined`: Flink does not know it. */
  goesOn(state: FlinkJobState | undefined): boolean {
    const isAsked = this.#savepointsBefore !== null && !this.#isOver;
    if (!isAsked || !this.#context.isOfUser || this.#takeUps >= TAKE_UPS_MAX) return false;
    return state === undefined || (state === "FAILED" && this.savepoint !== null);
  }

  /** From where a job is submitted again. */
  takeUp(findCheckpoint: () => string | null): string | null {
    if (this.#savepointsBefore !== null) this.#takeUps += 1;
    return this.savepoint ?? findCheckpoint();
  }

  /** Of a job that failed. True: that is no failure of the run (J1). */
  async takeFailure(readReason: () => Promise<string>): Promise<boolean> {
    const { savepoint } = this;
    const { isOfUser, restartJobManager, warn } = this.#context;
    if (savepoint === null || (isOfUser && !this.goesOn("FAILED"))) return false;
    if (savepoint === this.#savepointTold) return true;
    this.#savepointTold = savepoint;
    const next = isOfUser ? "it is taken up from there, and ended again" : "what it has committed stands";
    warn(`Flink's job failed behind its final savepoint ${savepoint}: ${next} (${await readReason()})`);
    if (isOfUser) await restartJobManager();
    return true;
  }
}
