/**
 * The supervisor of one resource: starts it, waits until it is ready, and starts it again when it dies.
 *
 *   starting → ready → ended → backoff → starting …          stop() ends it from any state
 *   any of them → halted → starting …                        halt() and startAgain(): a person's stop and start
 *   ready → paused → ready                                   pause() and resume(): a person's SIGSTOP and SIGCONT
 *
 * V1 A resource that ended is started again on the same addresses, after a backoff of 100 ms → 5 s that is reset once it
 *    has run for 10 s, unless `judge` says that this end is final.
 * V2 More than 10 restarts within 60 s end the run, and so do more than 3 within 10 min of one that hangs.
 * V3 Each end by itself, except success, is a recorded fault; its recovery time runs until the next "ready".
 * V4 Before a restart the whole group of the former process is dead, so two lives never overlap. After a stop or a halt
 *    the group has its time to end in order, also when its leader is gone at once.
 * V5 The end of a process that was halted is no fault and is not judged, and nothing is started before `startAgain`.
 * V6 A process of ours that hangs is killed, and is then one that died. One that is to end anyway has its time for that.
 * V7 Whoever stops or halts it waits no longer than the process may take to end, in order or killed.
 * V8 One that a person paused does nothing because it is to do nothing: no look at its pulse or its health kills it or
 *    speaks of it, and both begin anew when it goes on. Whoever ends it need not resume it before.
 * V9 What a person does to it, a kill or a pause, is a planned fault. A kill is no sign that it cannot live, so its
 *    restart does not count for V2.
 * V10 Each process that was started has one `exit` event, and no other: whoever may have asked for its end.
 */
import { PAUSED_BY_USER, STOPPED, STOPPED_BY_USER } from "../../simulator/common/contract/events.ts";
import { type Backoff, createBackoff } from "../../simulator/common/foundation/backoff.ts";
import { sleepUntilAborted, waitUntil, whenAborted, withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { type AppError, createError, describeError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { createResource, moveResource, type ResourceSnapshot } from "../model/resource.ts";
import { type ChildExit, describeExit, KILL_MS_MAX, type RunningServer } from "./child-process.ts";
import type { PulseWatch } from "./pulse.ts";
import {
  describeEnd,
  hasHung,
  type Launch,
  type ProcessEnd,
  type ReportHealth,
  type ResourcePlan,
} from "./resource-plan.ts";
import { LAST_LINES, type RecordHost, ResourceRecord } from "./resource-record.ts";
import { HANG_LIMIT, RESTART_LIMIT, RestartCount } from "./restart-count.ts";

const STABLE_MS = 10_000;
/** From the end of a process to the end of its life here: its last words, and what it started. */
const LEAVE_MS_MAX = 5_000;

export interface SupervisorHost extends RecordHost {
  emitResource(snapshot: ResourceSnapshot): void;
  readonly pulses: Pick<PulseWatch, "watch">;
  /** The run cannot go on. */
  fail(error: AppError): void;
}

export interface SupervisorOptions {
  readonly backoff?: Backoff;
  /** Number of its first process; above 0 where an earlier supervisor of that name had some. */
  readonly firstLife?: number;
}

interface Halt {
  /** Settles when nothing runs any more. */
  readonly reached: PromiseWithResolvers<void>;
  readonly startedAgain: PromiseWithResolvers<void>;
}

const asError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason)));

export class Supervisor {
  /** Settles when it ended with success. Rejects when the run cannot go on because of it. */
  readonly finished: Promise<void>;
  #snapshot: ResourceSnapshot;
  #life: number;
  #startedAt: string | null = null;
  #lastExit: ChildExit | null = null;
  #failure: AppError | null = null;
  readonly #plan: ResourcePlan;
  readonly #host: SupervisorHost;
  readonly #stopping = new AbortController();
  readonly #backoff: Backoff;
  readonly #firstReady = Promise.withResolvers<void>();
  readonly #finished = Promise.withResolvers<void>();
  readonly #restarts: RestartCount;
  readonly #hangs = new RestartCount(HANG_LIMIT);
  #everReady = false;
  #killReason: unknown = null;
  #running: RunningServer | null = null;
  #launch: Launch | null = null;
  /** The orderly end of the present process, once somebody asked for it. */
  #orderlyEnd: Promise<void> | null = null;
  /** Why the group of the former process may still be there (V4). */
  #leftover: Error | null = null;
  #halt: Halt | null = null;
  #nextReady = Promise.withResolvers<void>();
  #loop: Promise<void> | null = null;
  readonly #record: ResourceRecord;
  #isPaused = false;
  /** A person killed the present process (V9). */
  #isKillPlanned = false;
  #endPulseWatch: () => void = () => undefined;
  #endHealthWatch: () => void = () => undefined;

  constructor(plan: ResourcePlan, host: SupervisorHost, options: SupervisorOptions = {}) {
    this.#backoff = options.backoff ?? createBackoff({ initialMs: 100, capMs: 5_000 });
    this.#life = options.firstLife ?? 0;
    this.#plan = plan;
    this.#host = host;
    this.#record = new ResourceRecord(plan.declaration.name, host);
    this.#restarts = new RestartCount({ ...RESTART_LIMIT, max: plan.restartsMax ?? RESTART_LIMIT.max });
    this.#snapshot = createResource(plan.declaration);
    this.finished = this.#finished.promise;
    // Either may fail with nobody waiting for it (yet); the run learns of it by `fail`.
    this.finished.catch(() => undefined);
    this.#nextReady.promise.catch(() => undefined);
    this.#firstReady.promise.catch(() => undefined);
  }

  get snapshot(): ResourceSnapshot {
    return this.#snapshot;
  }

  /** Number of the present process: 0 = the first. Others use it to notice a restart. */
  get life(): number {
    return this.#life;
  }

  /** When its newest process was started (ISO 8601). */
  get startedAt(): string | null {
    return this.#startedAt;
  }

  /** How the process before the present one ended. */
  get lastExit(): ChildExit | null {
    return this.#lastExit;
  }

  /** Why it is given up for good. */
  get failure(): AppError | null {
    return this.#failure;
  }

  get isHalted(): boolean {
    return this.#halt !== null;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Whether there is a process now. */
  get hasProcess(): boolean {
    return this.#running !== null;
  }

  /** Why it cannot be paused now; null when it can. */
  get pauseObstacle(): string | null {
    const { state, health } = this.#snapshot;
    if (this.#running === null || state !== "running") return "it is not running";
    if (this.#isPaused) return "it is paused already";
    // The deadline of its first check would go on, and end the run.
    if (this.#plan.watchHealth !== undefined && health === "unknown") return "its health is not known yet";
    return null;
  }

  /** Starts it and keeps it alive. Settles when it is ready for the first time. */
  start(): Promise<void> {
    // The run may have begun to end while this one still waited for others: nothing is started behind the stop.
    if (this.#stopping.signal.aborted) this.#refuseStart();
    else this.#loop ??= this.#keepAlive().catch((error: unknown) => this.#giveUp(error));
    return this.#firstReady.promise;
  }

  /** Shows that it waits for others. */
  showWaiting(reason: string): void {
    this.#move({ state: "waiting", reason });
  }

  /** Settles when its process group is gone. */
  async stop(budgetMs: number): Promise<void> {
    this.#stopping.abort(new Error("asked to stop"));
    if (this.#loop === null) return;
    await this.#endInOrder(budgetMs);
    await this.#settleSoon(this.#loop);
  }

  kill(): void {
    this.#stopping.abort(new Error("killed"));
    this.#running?.kill();
  }

  /**
   * Kills its process; what follows is what follows any death (V9). Settles when the process group is gone. Without a
   * process there is nothing to do.
   */
  async killProcess(): Promise<void> {
    const running = this.#running;
    if (running === null) return;
    this.#isKillPlanned = true;
    running.kill();
    const what = `the end of ${this.#snapshot.name}, which was killed,`;
    const look = () => (this.#running === running ? undefined : true);
    await waitUntil(look, { what, deadlineMs: KILL_MS_MAX + LEAVE_MS_MAX });
  }

  /** Lets its process group do nothing until `resume` (V8). Call it where there is no `pauseObstacle`. */
  async pause(): Promise<void> {
    const [running, launch] = [this.#running, this.#launch];
    if (running === null || launch === null || this.pauseObstacle !== null) return;
    this.#endWatches();
    try {
      await running.pause();
    } catch (error) {
      this.#watchPulse(running);
      this.#watchHealth(running, launch);
      throw error;
    }
    if (this.#running !== running || this.#isEnding) return;
    this.#isPaused = true;
    this.#record.addPause();
    this.#move({ state: "running", health: "unknown", reason: PAUSED_BY_USER });
  }

  /** Lets it go on after a pause. Settles when it answers. */
  async resume(answerMsMax: number): Promise<void> {
    const [running, launch] = [this.#running, this.#launch];
    if (running === null || launch === null || !this.#isPaused) return;
    await running.resume();
    if (this.#running !== running || this.#isEnding) return;
    this.#isPaused = false;
    this.#showRunning();
    this.#watchPulse(running);
    this.#watchHealth(running, launch);
    await this.#waitForAnswer(running, launch, answerMsMax);
    if (this.#running === running && !this.#isPaused) this.#record.close();
  }

  /** Ours answer a ping, and servers their protocol. A user's own program cannot be asked. */
  async #waitForAnswer({ pulse }: RunningServer, launch: Launch, deadlineMs: number): Promise<void> {
    const limit = { what: `an answer of ${this.#snapshot.name}`, deadlineMs, signal: launch.signal };
    if (pulse !== undefined) {
      const heardAtMs = pulse.heardAtMs();
      pulse.ping();
      await waitUntil(() => (pulse.heardAtMs() === heardAtMs ? undefined : true), limit);
    } else if (this.#plan.isServer) {
      await withDeadline(this.#plan.waitReady(launch), limit);
    }
  }

  /** Ends its process, and starts no other until `startAgain` (V5). Settles when the process group is gone. */
  async halt(budgetMs: number): Promise<void> {
    this.#halt ??= { reached: Promise.withResolvers(), startedAgain: Promise.withResolvers() };
    await this.#endInOrder(budgetMs);
    // The loop may have ended for good in the same moment.
    await this.#settleSoon(Promise.race([this.#halt.reached.promise, this.#loop]));
  }

  /** Starts it again after a halt. Settles when it is ready. */
  startAgain(): Promise<void> {
    this.#nextReady = Promise.withResolvers();
    const { promise } = this.#nextReady;
    promise.catch(() => undefined);
    if (this.#stopping.signal.aborted || this.#halt === null) this.#nextReady.reject(this.#createStopError());
    this.#halt?.startedAgain.resolve();
    this.#halt = null;
    return promise;
  }

  /** V7. Where nothing ran yet, it is the start that is awaited: it ends by its signal, or by its own deadlines. */
  async #settleSoon(end: Promise<unknown>): Promise<void> {
    const what = `the end of ${this.#snapshot.name}, which was just being started,`;
    await withDeadline(end, { what, deadlineMs: KILL_MS_MAX + LEAVE_MS_MAX });
  }

  async #endInOrder(budgetMs: number): Promise<void> {
    if (this.#running === null) return;
    this.#move({ state: "stopping" });
    this.#orderlyEnd = this.#running.stop(budgetMs);
    await this.#orderlyEnd;
  }

  /** Nobody waits for the readiness of a process that is to end. */
  get #isEnding(): boolean {
    return this.#stopping.signal.aborted || this.#halt !== null;
  }

  /** One turn a process life, until it finished, is stopped, or cannot go on. */
  async #keepAlive(): Promise<void> {
    let formerLastLines: string | null = null;
    while (!this.#stopping.signal.aborted) {
      if (this.#halt !== null) {
        await this.#stayHalted(this.#halt);
        continue;
      }
      const end = await this.#liveOnce(formerLastLines);
      if (this.#stopping.signal.aborted) break;
      if (this.#halt !== null) {
        formerLastLines = null;
        this.#life += 1;
        continue;
      }
      const judgement = this.#plan.judge(end);
      if (judgement === "finished") {
        this.#record.addFinish(end);
        this.#move({ state: "finished", pid: null });
        this.#firstReady.resolve();
        this.#finished.resolve();
        return;
      }
      this.#showEnd(end);
      if (judgement !== "restart") throw judgement;
      if (this.#leftover !== null) throw this.#leftover;
      if (!end.isPlanned) this.#countRestart(end);
      formerLastLines = end.everReady ? null : end.lastLines;
      await sleepUntilAborted(this.#backoff.nextMs(), this.#stopping.signal);
      this.#life += 1;
    }
    this.#move({ state: "exited", pid: null, reason: STOPPED });
    this.#refuseStart();
  }

  async #stayHalted({ reached, startedAgain }: Halt): Promise<void> {
    if (this.#snapshot.state !== "stopping") this.#move({ state: "stopping" });
    this.#move({ state: "exited", pid: null, reason: STOPPED_BY_USER });
    reached.resolve();
    await Promise.race([startedAgain.promise, whenAborted(this.#stopping.signal)]);
    // Whatever was wrong before, a person starts it anew.
    this.#backoff.reset();
  }

  #refuseStart(): void {
    const stopped = this.#createStopError();
    this.#firstReady.reject(stopped);
    this.#nextReady.reject(stopped);
    this.#finished.reject(stopped);
  }

  #createStopError(): AppError {
    return createError("CHILD_EXITED", { resource: this.#snapshot.name, how: "by our stop", lastLines: "" });
  }

  async #liveOnce(formerLastLines: string | null): Promise<ProcessEnd> {
    const ended = new AbortController();
    const signal = AbortSignal.any([ended.signal, this.#stopping.signal]);
    const launch: Launch = { life: this.#life, formerLastLines, signal };
    this.#killReason = null;
    this.#isKillPlanned = false;
    this.#launch = launch;
    this.#move({ state: "starting", pid: null, restarts: this.#life });
    const running = await this.#plan.launch(launch);
    this.#running = running;
    this.#startedAt = new Date().toISOString();
    const endpoint = this.#plan.endpoint();
    this.#move({ state: "starting", pid: running.pid, endpoint });
    if (this.#isEnding) running.kill();
    this.#watchPulse(running);
    let readySinceMs: number | null = null;
    this.#plan.waitReady(launch).then(
      () => {
        readySinceMs = this.#becomeReady(running, launch);
      },
      (error: unknown) => this.#failReadiness(running, error, ended.signal),
    );
    const exit = await running.exited;
    this.#endWatches();
    this.#lastExit = exit;
    this.#record.addExit(running, exit, this.#isEnding || this.#isKillPlanned);
    ended.abort(new Error(`it ended: ${describeExit(exit)}`));
    // V4. The leader is gone; what it may have started goes with it. Whoever asked for the end is told of its failure.
    if (this.#orderlyEnd === null) this.#leftover = await running.stop(0).then(() => null, asError);
    else await this.#orderlyEnd.catch(() => undefined);
    this.#orderlyEnd = null;
    this.#running = null;
    this.#isPaused = false;
    if (readySinceMs !== null && performance.now() - readySinceMs > STABLE_MS) this.#backoff.reset();
    const lastLines = running.newestLines(LAST_LINES);
    const { isOurs } = running;
    const isPlanned = this.#isKillPlanned;
    return { exit, isOurs, everReady: this.#everReady, killReason: this.#killReason, isPlanned, lastLines };
  }

  #endWatches(): void {
    this.#endPulseWatch();
    this.#endHealthWatch();
  }

  /** V6. */
  #watchPulse(running: RunningServer): void {
    const { pid, pulse } = running;
    if (pulse === undefined) return;
    this.#endPulseWatch = this.#host.pulses.watch({ pid, pulse }, (silentMs) => {
      if (this.#isEnding) return;
      this.#killReason = createError("PROCESS_HUNG", { resource: this.#snapshot.name, silentMs });
      running.kill();
    });
  }

  #becomeReady(running: RunningServer, launch: Launch): number | null {
    if (launch.signal.aborted || this.#isEnding) return null;
    this.#everReady = true;
    this.#showRunning();
    this.#watchHealth(running, launch);
    this.#record.close();
    this.#firstReady.resolve();
    this.#nextReady.resolve();
    return performance.now();
  }

  #showRunning(): void {
    const health = this.#plan.watchHealth === undefined ? "healthy" : "unknown";
    this.#move({ state: "running", endpoint: this.#plan.endpoint(), health });
  }

  #watchHealth(running: RunningServer, launch: Launch): void {
    const over = new AbortController();
    this.#endHealthWatch = () => over.abort(new Error("its health is not watched any more"));
    const signal = AbortSignal.any([launch.signal, over.signal]);
    const isOver = () => signal.aborted || this.#snapshot.state !== "running";
    const report: ReportHealth = (health, reason) => {
      if (!isOver()) this.#move({ state: "running", health, reason });
    };
    this.#plan.watchHealth?.(signal, report).catch((error: unknown) => {
      if (isOver()) return;
      this.#killReason = error;
      this.#move({ state: "running", health: "unhealthy", reason: describeError(error) });
      running.kill();
    });
  }

  /** Alive but not serving in time: as good as dead, so it is ended and judged like the dead. */
  #failReadiness(running: RunningServer, error: unknown, ended: AbortSignal): void {
    if (ended.aborted || this.#isEnding) return;
    this.#killReason = error;
    this.#move({ state: "failedToStart", reason: describeError(error) });
    running.kill();
  }

  #showEnd(end: ProcessEnd): void {
    const how = describeEnd(end);
    const state = this.#everReady ? "exited" : "failedToStart";
    this.#move({ state, pid: null, reason: how });
    if (end.isOurs) this.#record.addDeath(end);
  }

  #countRestart(end: ProcessEnd): void {
    const nowMs = performance.now();
    const counts = hasHung(end) ? [this.#restarts, this.#hangs] : [this.#restarts];
    const exceeded = counts.map((count) => count.add(nowMs)).find((limit) => limit !== null);
    if (exceeded == null) return;
    throw createError(this.#plan.isServer ? "SERVER_RESTARTS_EXCEEDED" : "RESTARTS_EXCEEDED", {
      resource: this.#snapshot.name,
      restarts: exceeded.max,
      windowMs: exceeded.windowMs,
      how: describeEnd(end),
      lastLines: end.lastLines,
    });
  }

  #giveUp(error: unknown): void {
    const reason = isAppError(error)
      ? error
      : createError("CHILD_FAILED", { resource: this.#snapshot.name, message: describeError(error) }, error);
    this.#failure = reason;
    this.#running?.kill();
    if (this.#snapshot.state === "starting") this.#move({ state: "failedToStart", pid: null, reason: reason.message });
    this.#firstReady.reject(reason);
    this.#nextReady.reject(reason);
    this.#finished.reject(reason);
    if (!this.#stopping.signal.aborted) this.#host.fail(reason);
  }

  #move(change: Parameters<typeof moveResource>[1]): void {
    const next = moveResource(this.#snapshot, change);
    this.#snapshot = next;
    this.#host.emitResource(next);
  }
}
