/**
 * The supervisor of one resource: starts it, waits until it is ready, and starts it again when it dies.
 *
 *   starting → ready → ended → backoff → starting …          stop() ends it from any state
 *
 * V1 A resource that ended is started again on the same addresses, after a backoff of 100 ms → 5 s that is reset once it
 *    has run for 10 s, unless `judge` says that this end is final.
 * V2 More than 10 restarts within 60 s end the run.
 * V3 Each end by itself, except success, is a recorded fault; its recovery time runs until the next "ready".
 * V4 Before a restart the whole group of the former process is dead, so two lives never overlap.
 */
import type { Fault } from "../../simulator/common/contract/report.ts";
import { type Backoff, createBackoff } from "../../simulator/common/foundation/backoff.ts";
import { type AppError, createError, describeError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { createResource, moveResource, type ResourceDeclaration, type ResourceSnapshot } from "../model/resource.ts";
import { type ChildExit, describeExit, type RunningServer } from "./child-process.ts";
import { sleepUntilAborted } from "./sleep.ts";

export const RESTARTS_MAX = 10;
export const RESTART_WINDOW_MS = 60_000;
/** The reason shown for a resource that ended because we asked it to. */
export const STOPPED = "stopped";
const STABLE_MS = 10_000;
const LAST_LINES = 20;

export interface Launch {
  /** 0 for the first process, rising by one. */
  readonly life: number;
  /** How the former process ended before it was ever ready; a port clash asks for another port. */
  readonly formerLastLines: string | null;
  /** Aborted when this process has ended: nobody waits for the readiness of the dead. */
  readonly signal: AbortSignal;
}

export type Judgement = "restart" | "finished" | AppError;

export interface ResourcePlan {
  readonly declaration: ResourceDeclaration;
  readonly launch: (launch: Launch) => Promise<RunningServer>;
  /** Settles when the process serves. Its rejection ends the process, which is then judged. */
  readonly waitReady: (launch: Launch) => Promise<void>;
  readonly endpoint: () => string | null;
  /** Asked after each end that nobody asked for. */
  readonly judge: (end: ProcessEnd) => Judgement;
  /** Kafka and Redis: too many restarts are then a failure of the infrastructure. */
  readonly isServer: boolean;
}

export interface ProcessEnd {
  readonly exit: ChildExit;
  /** False for a server of others: none of ours ended. */
  readonly isOurs: boolean;
  /** Whether any life of this resource was ready. */
  readonly everReady: boolean;
  /** Why this life was ended by us: it was alive and did not serve. Null when it ended by itself. */
  readonly readyError: unknown;
  readonly lastLines: string;
}

export interface SupervisorHost {
  emitResource(snapshot: ResourceSnapshot): void;
  recordFault(fault: Fault): { recoveredAfterMs(ms: number): void };
  /** The run cannot go on. */
  fail(error: AppError): void;
}

export interface Supervisor {
  readonly snapshot: ResourceSnapshot;
  /** Number of the present process: 0 = the first. Others use it to notice a restart. */
  readonly life: number;
  /** Starts it and keeps it alive. Settles when it is ready for the first time. */
  start(): Promise<void>;
  /** Settles when it ended with success. Rejects when the run cannot go on because of it. */
  readonly finished: Promise<void>;
  /** Shows that it waits for others. */
  showWaiting(reason: string): void;
  /** Settles when its process group is gone. */
  stop(budgetMs: number): Promise<void>;
  kill(): void;
}

export function superviseResource(
  plan: ResourcePlan,
  host: SupervisorHost,
  backoff: Backoff = createBackoff({ initialMs: 100, capMs: 5_000 }),
): Supervisor {
  return new ResourceSupervisor(plan, host, backoff);
}

class ResourceSupervisor implements Supervisor {
  snapshot: ResourceSnapshot;
  life = 0;
  readonly finished: Promise<void>;
  readonly #plan: ResourcePlan;
  readonly #host: SupervisorHost;
  readonly #stopping = new AbortController();
  readonly #backoff: Backoff;
  readonly #firstReady = Promise.withResolvers<void>();
  readonly #finished = Promise.withResolvers<void>();
  #restartsAtMs: number[] = [];
  #everReady = false;
  #readyError: unknown = null;
  #running: RunningServer | null = null;
  #loop: Promise<void> | null = null;
  #openFault: { readonly sinceMs: number; readonly record: { recoveredAfterMs(ms: number): void } } | null = null;

  constructor(plan: ResourcePlan, host: SupervisorHost, backoff: Backoff) {
    this.#backoff = backoff;
    this.#plan = plan;
    this.#host = host;
    this.snapshot = createResource(plan.declaration);
    this.finished = this.#finished.promise;
    // Either may fail with nobody waiting for it (yet); the run learns of it by `fail`.
    this.finished.catch(() => undefined);
    this.#firstReady.promise.catch(() => undefined);
  }

  start(): Promise<void> {
    // The run may have begun to end while this one still waited for others: nothing is started behind the stop.
    if (this.#stopping.signal.aborted) this.#refuseStart();
    else this.#loop ??= this.#keepAlive().catch((error: unknown) => this.#giveUp(error));
    return this.#firstReady.promise;
  }

  showWaiting(reason: string): void {
    this.#move({ state: "waiting", reason });
  }

  async stop(budgetMs: number): Promise<void> {
    this.#stopping.abort(new Error("asked to stop"));
    if (this.#loop === null) return;
    if (this.#running !== null) {
      this.#move({ state: "stopping" });
      await this.#running.stop(budgetMs);
    }
    await this.#loop;
  }

  kill(): void {
    this.#stopping.abort(new Error("killed"));
    this.#running?.kill();
  }

  /** One turn a process life, until it finished, is stopped, or cannot go on. */
  async #keepAlive(): Promise<void> {
    let formerLastLines: string | null = null;
    while (!this.#stopping.signal.aborted) {
      const end = await this.#liveOnce(formerLastLines);
      if (this.#stopping.signal.aborted) break;
      const judgement = this.#plan.judge(end);
      if (judgement === "finished") {
        this.#move({ state: "finished", pid: null });
        this.#firstReady.resolve();
        this.#finished.resolve();
        return;
      }
      this.#showEnd(end);
      if (judgement !== "restart") throw judgement;
      this.#countRestart(end);
      formerLastLines = end.everReady ? null : end.lastLines;
      await sleepUntilAborted(this.#backoff.nextMs(), this.#stopping.signal);
      this.life += 1;
    }
    this.#move({ state: "exited", pid: null, reason: STOPPED });
    this.#refuseStart();
  }

  #refuseStart(): void {
    const stopped = createError("CHILD_EXITED", { resource: this.snapshot.name, how: "by our stop", lastLines: "" });
    this.#firstReady.reject(stopped);
    this.#finished.reject(stopped);
  }

  async #liveOnce(formerLastLines: string | null): Promise<ProcessEnd> {
    const ended = new AbortController();
    const launch: Launch = { life: this.life, formerLastLines, signal: ended.signal };
    this.#readyError = null;
    this.#move({ state: "starting", pid: null, restarts: this.life });
    const running = await this.#plan.launch(launch);
    this.#running = running;
    const endpoint = this.#plan.endpoint();
    this.#move({ state: "starting", pid: running.pid, endpoint });
    if (this.#stopping.signal.aborted) running.kill();
    let readySinceMs: number | null = null;
    this.#plan.waitReady(launch).then(
      () => {
        readySinceMs = this.#becomeReady(ended.signal);
      },
      (error: unknown) => this.#failReadiness(running, error, ended.signal),
    );
    const exit = await running.exited;
    ended.abort(new Error(`it ended: ${describeExit(exit)}`));
    // V4. The leader is gone; what it may have started goes with it.
    running.kill();
    this.#running = null;
    if (readySinceMs !== null && performance.now() - readySinceMs > STABLE_MS) this.#backoff.reset();
    const lastLines = running.newestLines(LAST_LINES);
    const { isOurs } = running;
    return { exit, isOurs, everReady: this.#everReady, readyError: this.#readyError, lastLines };
  }

  #becomeReady(ended: AbortSignal): number | null {
    if (ended.aborted || this.#stopping.signal.aborted) return null;
    this.#everReady = true;
    this.#move({ state: "running", endpoint: this.#plan.endpoint() });
    if (this.#openFault !== null) {
      this.#openFault.record.recoveredAfterMs(Math.round(performance.now() - this.#openFault.sinceMs));
      this.#openFault = null;
    }
    this.#firstReady.resolve();
    return performance.now();
  }

  /** Alive but not serving in time: as good as dead, so it is ended and judged like the dead. */
  #failReadiness(running: RunningServer, error: unknown, ended: AbortSignal): void {
    if (ended.aborted || this.#stopping.signal.aborted) return;
    this.#readyError = error;
    this.#move({ state: "failedToStart", reason: describeError(error) });
    running.kill();
  }

  #showEnd(end: ProcessEnd): void {
    // Alive but not serving, it was ended by us: why it did not serve is the reason, not how we ended it.
    const how = end.readyError === null ? describeExit(end.exit) : describeError(end.readyError);
    const state = this.#everReady ? "exited" : "failedToStart";
    this.#move({ state, pid: null, reason: how });
    if (!end.isOurs) return;
    this.#openFault ??= {
      sinceMs: performance.now(),
      record: this.#host.recordFault({
        kind: "processExit",
        target: this.snapshot.name,
        at: new Date().toISOString(),
        planned: false,
        detail: how,
        recoveredAfterMs: null,
      }),
    };
  }

  #countRestart(end: ProcessEnd): void {
    const nowMs = performance.now();
    this.#restartsAtMs = [...this.#restartsAtMs.filter((atMs) => nowMs - atMs < RESTART_WINDOW_MS), nowMs];
    if (this.#restartsAtMs.length <= RESTARTS_MAX) return;
    throw createError(this.#plan.isServer ? "SERVER_RESTARTS_EXCEEDED" : "RESTARTS_EXCEEDED", {
      resource: this.snapshot.name,
      restarts: RESTARTS_MAX,
      windowMs: RESTART_WINDOW_MS,
      how: describeExit(end.exit),
      lastLines: end.lastLines,
    });
  }

  #giveUp(error: unknown): void {
    const reason = isAppError(error)
      ? error
      : createError("CHILD_FAILED", { resource: this.snapshot.name, message: describeError(error) }, error);
    this.#running?.kill();
    if (this.snapshot.state === "starting") this.#move({ state: "failedToStart", pid: null, reason: reason.message });
    this.#firstReady.reject(reason);
    this.#finished.reject(reason);
    if (!this.#stopping.signal.aborted) this.#host.fail(reason);
  }

  #move(change: Parameters<typeof moveResource>[1]): void {
    const next = moveResource(this.snapshot, change);
    this.snapshot = next;
    this.#host.emitResource(next);
  }
}
