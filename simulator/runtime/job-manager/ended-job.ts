/**
 * Keeps the state of a job that is over. It is the evidence of what was counted until somebody has read it, so a Redis
 * that comes back without it, or without its newest writes, gets it again.
 *
 * E1 Nothing is written while the server is the one in which the current life began.
 * E2 What is recovered may be from before the stop: it is fenced again, so that no writer of before finds its fence, and
 *    its total is shown again.
 * E3 A store that stays away does not change how the job ended.
 */
import { describeError, isAppError } from "../../common/foundation/errors.ts";
import type { Log } from "../../common/foundation/log.ts";
import type { JobStore } from "../checkpoint/job-store.ts";
import { fenceWriters } from "./job-stop.ts";
import type { Numbering } from "./numbering.ts";
import type { StoreSession } from "./store-session.ts";

export interface EndedJobOptions {
  readonly session: StoreSession;
  readonly store: JobStore;
  readonly numbering: Numbering;
  readonly log: Log;
}

export class EndedJob {
  readonly #options: EndedJobOptions;
  /** The newest failure that was logged: the same one again is no news. */
  #failure = "";

  constructor(options: EndedJobOptions) {
    this.#options = options;
  }

  /** Looks whether the state is still there, and brings it back. Throws only JOB_MANAGER_SUPERSEDED. */
  async look(): Promise<void> {
    try {
      // A loss in between shows in the server's run_id at the next look.
      if (await this.#restore()) await fenceWriters(this.#options);
      this.#failure = "";
    } catch (error) {
      if (isAppError(error) && error.code === "JOB_MANAGER_SUPERSEDED") throw error;
      const failure = describeError(error);
      if (failure !== this.#failure) this.#options.log.warn("the state of the ended job cannot be looked after", error);
      this.#failure = failure;
    }
  }

  /** True when the state may be another than the one that was fenced last. */
  async #restore(): Promise<boolean> {
    const { session, store } = this.#options;
    if (session.life === null) {
      // This JobManager was started after the end, or a recovery before did not get through.
      await session.establish();
      return true;
    }
    if ((await store.runId()) === session.life.redisRunId) return false;
    return session.verify("Redis was restarted after the job's end");
  }
}
