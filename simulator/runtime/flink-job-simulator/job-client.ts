/**
 * The client side of a job: submits it and follows it to its end, through restarts of the JobManager.
 *
 * States: submitting → following → ended.
 *
 * C1 Submitting is repeated until the JobManager answers; it is idempotent by job id, so a lost answer does no harm.
 * C2 A JobManager that does not answer is waited for, with backoff, at most UNREACHABLE_MAX_MS in a row.
 * C3 An answer that refuses the job (4xx) is final.
 * C4 The JobManager answers when the state changes, so the end is known at once and a job that runs costs nothing.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { JobState } from "../../common/contract/child/child-messages.ts";
import type { JobGraph, JobSnapshot } from "../../common/contract/job/rest.ts";
import { type Backoff, createBackoff } from "../../common/foundation/backoff.ts";
import { createError, describeError, isAppError } from "../../common/foundation/errors.ts";
import { callHttp, isOk } from "../../common/foundation/http-call.ts";
import type { Log } from "../../common/foundation/log.ts";

const UNREACHABLE_MAX_MS = 60_000;
const CALL_DEADLINE_MS = 5_000;
/** An answer that says nothing new comes after this (C4). */
const STATE_WAIT_MS = 10_000;

export interface JobClientOptions {
  /** Of the JobManager's REST, without a slash at the end. */
  readonly endpoint: string;
  readonly token: string;
  readonly log: Log;
  /** Aborted: detach from the job, which goes on. */
  readonly signal: AbortSignal;
  /** Default 60,000 (C2). */
  readonly unreachableMaxMs?: number;
}

/** How an attached client's work ends. */
export type JobEnding = { readonly kind: "ended"; readonly snapshot: JobSnapshot } | { readonly kind: "detached" };

export class JobClient {
  readonly #options: JobClientOptions;

  constructor(options: JobClientOptions) {
    this.#options = options;
  }

  async submit(graph: JobGraph): Promise<void> {
    await this.#persist(() => this.#call("POST", "/ts/jobs", { body: graph }));
  }

  /** Resolves at the job's end, or when the client detaches. `onRunning` is called once, when the job first runs. */
  async follow(graph: JobGraph, onRunning: (snapshot: JobSnapshot) => void): Promise<JobEnding> {
    let ran = false;
    let known: JobState | null = null;
    while (!this.#options.signal.aborted) {
      const snapshot: JobSnapshot | undefined = await this.#look(graph, known);
      if (snapshot === undefined) break;
      known = snapshot.state;
      if (snapshot.state === "RUNNING" && !ran) {
        ran = true;
        onRunning(snapshot);
      }
      if (snapshot.state === "FINISHED" || snapshot.state === "CANCELED" || snapshot.state === "FAILED") {
        return { kind: "ended", snapshot };
      }
    }
    return { kind: "detached" };
  }

  /**
   * The job as it stands, once it is in another state than the known one; undefined when detached. A JobManager that lost
   * the submission gets it again (C1).
   */
  async #look(graph: JobGraph, known: JobState | null): Promise<JobSnapshot | undefined> {
    const path = `/ts/jobs/${graph.jobId}`;
    const body = await this.#persist(async () => {
      try {
        if (known === null) return await this.#call("GET", path);
        const query = `?changedFrom=${known}&waitMs=${STATE_WAIT_MS}`;
        return await this.#call("GET", `${path}${query}`, { deadlineMs: STATE_WAIT_MS + CALL_DEADLINE_MS });
      } catch (error) {
        if (!(error instanceof RefusedCall) || error.status !== 404) throw error;
        await this.#call("POST", "/ts/jobs", { body: graph });
        return this.#call("GET", path);
      }
    });
    return body as JobSnapshot | undefined;
  }

  /** Repeats a call while nobody answers (C2). Undefined when detached meanwhile. */
  async #persist(call: () => Promise<unknown>): Promise<unknown> {
    const { endpoint, signal, log } = this.#options;
    const unreachableMaxMs = this.#options.unreachableMaxMs ?? UNREACHABLE_MAX_MS;
    const startedMs = performance.now();
    const backoff: Backoff = createBackoff({ initialMs: 50, capMs: 1_000 });
    for (let attempt = 1; ; attempt += 1) {
      if (signal.aborted) return undefined;
      try {
        return await call();
      } catch (error) {
        if (signal.aborted) return undefined;
        if (error instanceof RefusedCall) throw error.toAppError();
        if (isAppError(error)) throw error;
        const waitedMs = Math.round(performance.now() - startedMs);
        if (waitedMs > unreachableMaxMs) {
          throw createError("JOB_MANAGER_UNREACHABLE", { endpoint, waitedMs, last: describeError(error) }, error);
        }
        if (attempt === 1) log.warn("the JobManager does not answer; waiting for it", error);
        await this.#pause(backoff.nextMs());
      }
    }
  }

  async #call(
    method: "GET" | "POST",
    path: string,
    { body, deadlineMs = CALL_DEADLINE_MS }: { body?: object; deadlineMs?: number } = {},
  ): Promise<unknown> {
    const { endpoint, token, signal } = this.#options;
    const answer = await callHttp({
      method,
      url: `${endpoint}${path}`,
      token,
      body: body ?? null,
      signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]),
    });
    const { status, text } = answer;
    if (isOk(answer)) return JSON.parse(text);
    // 5xx may pass; 4xx is an answer.
    if (status >= 500) throw new Error(`HTTP status ${status}: ${text.slice(0, 500)}`);
    throw new RefusedCall(status, text.slice(0, 1_000));
  }

  /** Waits, or returns at once when detached. */
  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#options.signal }).catch((error: unknown) => {
      if (!this.#options.signal.aborted) throw error;
    });
  }
}

/** Control flow only: an HTTP answer that says no. It leaves this file as JOB_REJECTED. */
class RefusedCall extends Error {
  override readonly name = "RefusedCall";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }

  toAppError(): Error {
    return createError("JOB_REJECTED", { status: this.status, message: this.message });
  }
}
