/**
 * How somebody other than the host asked for the job's end: by cancelling it, or by a stop with a savepoint.
 *
 * States: none → being written down → asked.
 *
 * Q1 The first request counts. A later stop with a savepoint is failed with that reason, and not forgotten.
 * Q2 It is durable before the stop begins (O4 of `job-end.ts`). One that cannot be written down changes nothing.
 * Q3 The JobManager that takes up the job knows the request, and the trigger of its savepoint.
 */
import type { JobState } from "../../common/contract/child/child-messages.ts";
import { describeError } from "../../common/foundation/errors.ts";
import type { SavepointTriggers } from "../checkpoint/savepoint-triggers.ts";
import type { EndingSavepoint, EndRequest, JobFiles } from "./job-files.ts";

export interface EndRequestsOptions {
  /** What the JobManager before wrote down. */
  readonly known: EndRequest | undefined;
  readonly files: JobFiles;
  readonly savepoints: SavepointTriggers;
  readonly state: () => JobState;
  /** The job is being ended already, by whomever. */
  readonly isStopping: () => boolean;
  readonly beginStop: () => void;
}

export class EndRequests {
  readonly #options: EndRequestsOptions;
  #request: EndRequest | null;

  constructor(options: EndRequestsOptions) {
    this.#options = options;
    this.#request = options.known ?? null;
    // Q3.
    if (this.#request?.kind === "savepoint") options.savepoints.add(this.#request.savepoint.triggerId);
  }

  /** Null: nobody but the host may have asked. */
  get current(): EndRequest | null {
    return this.#request;
  }

  async cancel(): Promise<void> {
    await this.#ask({ kind: "cancel" });
  }

  /** "full" as with any savepoint; what becomes of this one is among the triggers. */
  async stopWithSavepoint(savepoint: EndingSavepoint, endsAs: "FINISHED" | "CANCELED"): Promise<"accepted" | "full"> {
    const { savepoints, state } = this.#options;
    const added = savepoints.add(savepoint.triggerId);
    if (added !== "new") return added === "full" ? "full" : "accepted";
    const fail = (reason: string) => savepoints.settle(savepoint.triggerId, { kind: "failed", reason });
    try {
      const isFirst = await this.#ask({ kind: "savepoint", savepoint, endsAs });
      if (!isFirst) fail(`the job is ${state()} already, and ends without this savepoint`);
    } catch (error) {
      fail(describeError(error));
      throw error;
    }
    return "accepted";
  }

  /** False: the job ends by an earlier request (Q1). */
  async #ask(request: EndRequest): Promise<boolean> {
    const { files, isStopping, beginStop } = this.#options;
    if (isStopping() || this.#request !== null) return false;
    this.#request = request;
    try {
      await files.writeEndRequest(request);
    } catch (error) {
      this.#request = null;
      throw error;
    }
    beginStop();
    return true;
  }
}
