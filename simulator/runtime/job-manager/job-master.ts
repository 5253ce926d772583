/**
 * The JobMaster: one job from its submission to its end. Events come in (TaskManagers, REST, the tick); assignments,
 * checkpoints and the host's messages go out.
 *
 * Phases: establishing the state (INITIALIZING) → gathering TaskManagers (CREATED) → assigning (CREATED, then RUNNING
 * once every partition is owned) → stopping (CANCELLING) → over. Failing leads from any of them to the end.
 *
 * M1 Everything that changes the store goes through one queue, in order.
 * M2 Drain and stop may be repeated at any time, also to a restarted JobManager; the answer is the same.
 */

import type { JobManagerMessage } from "../../common/contract/child/child-messages.ts";
import type { CheckpointFile } from "../../common/contract/files/checkpoint.ts";
import type { DrainRequest, JobGraph, JobSnapshot, ScaleRequest } from "../../common/contract/job/rest.ts";
import type { TaskManagerToJobManager } from "../../common/contract/job/rpc.ts";
import { parseJobState } from "../../common/contract/state/redis-state.ts";
import { unreachable } from "../../common/foundation/assert.ts";
import type { RunClock } from "../../common/foundation/clock.ts";
import type { ErrorCategory } from "../../common/foundation/error-row.ts";
import { categoryOf, createError, describeError, isAppError } from "../../common/foundation/errors.ts";
import type { Log } from "../../common/foundation/log.ts";
import { CheckpointCoordinator, type CheckpointOutcome } from "../checkpoint/checkpoint-coordinator.ts";
import type { CheckpointStorage } from "../checkpoint/checkpoint-storage.ts";
import type { JobStore } from "../checkpoint/job-store.ts";
import { DrainMonitor } from "./drain-monitor.ts";
import { EndRequests } from "./end-requests.ts";
import { JobEnd } from "./job-end.ts";
import type { EndRequest, JobFiles, JobOutcome } from "./job-files.ts";
import { JobStatus } from "./job-status.ts";
import type { Numbering } from "./numbering.ts";
import { Scheduler } from "./scheduler.ts";
import { SerialQueue } from "./serial-queue.ts";
import { type Recovered, StoreSession, type StoreSessionOptions } from "./store-session.ts";
import type { Order, TaskManagerPort } from "./task-manager-port.ts";
import { TriggeredSnapshots } from "./triggered-snapshots.ts";

export interface JobMasterOptions {
  readonly graph: JobGraph;
  readonly drain: DrainRequest | undefined;
  readonly endRequest: EndRequest | undefined;
  readonly outcome: JobOutcome | undefined;
  readonly numbering: Numbering;
  readonly store: JobStore;
  readonly storage: CheckpointStorage;
  readonly files: JobFiles;
  readonly taskManagers: TaskManagerPort;
  readonly clock: RunClock;
  readonly log: Log;
  readonly readStartOffsets: () => Promise<readonly number[]>;
  readonly readSavepoint: StoreSessionOptions["readSavepoint"];
  readonly tell: (message: JobManagerMessage) => void;
  /** Another JobManager leads: this process must end. */
  readonly stepDown: (error: unknown) => void;
}

export class JobMaster {
  /** As submitted, with the parallelism of now. */
  graph: JobGraph;
  readonly status: JobStatus;
  readonly checkpoints: CheckpointCoordinator;
  /** Checkpoints and savepoints that were asked for. */
  readonly triggered: TriggeredSnapshots;
  readonly endRequests: EndRequests;
  readonly scheduler: Scheduler;
  readonly #options: JobMasterOptions;
  readonly #session: StoreSession;
  readonly #queue = new SerialQueue();
  readonly #drain = new DrainMonitor();
  #stopping = false;
  #closed = false;
  /** Who reported the loss of the current life; while there is one, a look at the store is queued for all of them. */
  readonly #reporters = new Set<string>();
  readonly #end: JobEnd;
  #lastTriggerMs = 0;
  #lastCheckpointId = 0;
  #total = 0;

  constructor(options: JobMasterOptions) {
    const { graph, numbering, store, storage, clock, taskManagers } = options;
    const { partitions } = graph.source;
    this.#options = options;
    this.graph = graph;
    this.status = new JobStatus(() => Math.round(clock.nowUs() / 1000));
    this.scheduler = new Scheduler({
      partitions,
      parallelism: () => this.graph.parallelism,
      nextGeneration: () => numbering.nextGeneration(),
      nowMs: () => performance.now(),
      nowUs: () => clock.nowUs(),
      taskManagers,
      life: () => this.#session.life,
      tell: options.tell,
      onAllOwned: () => this.#enter("RUNNING"),
    });
    this.checkpoints = new CheckpointCoordinator({
      jobId: graph.jobId,
      epoch: numbering.epoch,
      source: graph.source,
      store,
      storage,
      clock,
      nextCheckpointId: () => numbering.nextCheckpointId(),
      trigger: (checkpointId) => {
        this.#broadcast({ type: "triggerCheckpoint", checkpointId });
        return taskManagers.names();
      },
      notifyCompleted: (checkpointId) => this.#broadcast({ type: "checkpointCompleted", checkpointId }),
    });
    this.#session = new StoreSession({
      ...options,
      jobId: graph.jobId,
      partitions,
      onRecovered: (recovered) => this.#noteRecovered(recovered),
    });
    this.#end = new JobEnd({
      ...options,
      jobId: graph.jobId,
      session: this.#session,
      verifyStore: (reason) => this.#verify(reason),
      takeFinalCheckpoint: () => this.#takeCheckpoint("final"),
      takeSavepoint: (directory) => this.#takeSavepoint(directory),
      onOutcome: (outcome) => this.triggered.end(outcome),
      drainedTo: (state) => (this.#drain.isReached(state) ? (this.#drain.endOffsets ?? null) : null),
      enter: (state, why) => {
        if (!this.#enter(state, why)) this.#tellState();
      },
      endTaskManagers: () => this.#broadcast({ type: "jobEnded" }),
    });
    this.triggered = new TriggeredSnapshots({
      state: () => this.status.state,
      run: (task) => this.#run(task),
      takeCheckpoint: () => this.#takeCheckpoint("checkpoint"),
      takeSavepoint: (directory) => this.#takeSavepoint(directory),
    });
    if (options.drain !== undefined) this.#drain.request(options.drain);
    this.endRequests = new EndRequests({
      known: options.endRequest,
      files: options.files,
      savepoints: this.triggered.savepoints,
      state: () => this.status.state,
      isStopping: () => this.#stopping,
      beginStop: () => this.#beginStop(),
    });
  }

  /** Begins the job, or takes it up where the JobManager before left it. */
  start(): void {
    const { outcome } = this.#options;
    if (outcome !== undefined) {
      this.#stopping = true;
      this.scheduler.end();
      this.#end.resume(outcome).catch((error: unknown) => this.#options.stepDown(error));
      return;
    }
    this.#tellState();
    this.#run(() => this.#establish());
  }

  /** No more work is begun; what runs is ended by the store's own signal. */
  close(): void {
    this.#closed = true;
    this.#end.close();
  }

  taskManagerRegistered(tm: string): void {
    this.checkpoints.taskManagerRegistered();
    if (this.status.terminal) this.#options.taskManagers.send(tm, { type: "jobEnded" });
    else this.scheduler.taskManagerRegistered(tm);
  }

  taskManagerLost(tm: string): void {
    this.checkpoints.taskManagerLost(tm);
    this.scheduler.taskManagerLost(tm);
  }

  receive(tm: string, message: TaskManagerToJobManager): void {
    switch (message.type) {
      case "register":
      case "heartbeat":
        // The RPC server's own business.
        return;
      case "owned":
        this.scheduler.owned(tm, message);
        return;
      case "released":
        this.scheduler.released(tm, message);
        return;
      case "lost":
        this.scheduler.lost(tm, message);
        return;
      case "storeLost":
        this.#receiveStoreLost(tm, message.life);
        return;
      case "checkpointAcknowledged":
        this.checkpoints.acknowledge(tm, message);
        return;
      case "taskFailed":
        this.#fail(`${tm}: ${message.message}`, message.category);
        return;
      default:
        unreachable(message);
    }
  }

  /** Durable when it returns, so that a restarted JobManager drains too. */
  async requestDrain(request: DrainRequest): Promise<void> {
    await this.#options.files.writeDrain(request);
    this.#drain.request(request);
    this.#tellDrained();
  }

  #tellDrained(): void {
    const { drained } = this.#drain;
    if (drained !== null) this.#options.tell({ type: "drained", ...drained });
  }

  /** The parallelism is durable when it returns; who leaves is said again to a restarted JobManager. */
  async requestScale({ parallelism, leaving }: ScaleRequest): Promise<void> {
    const graph = { ...this.graph, parallelism };
    await this.#options.files.writeGraph(graph);
    this.graph = graph;
    this.scheduler.setLeaving(leaving);
  }

  /** By the host: how the job ends is told by what was reached. */
  requestStop(): void {
    if (this.#end.outcome !== null) this.#end.repeat();
    else this.#beginStop();
  }

  /** Every 100 ms: what is due by time. */
  tick(): void {
    if (this.#end.outcome !== null) this.#lookAfterEnd(this.#end.outcome);
    if (this.#closed || this.#stopping || this.status.terminal) return;
    this.scheduler.tick();
    if (this.#queue.length > 0 || this.#session.life === null) return;
    const due = performance.now() - this.#lastTriggerMs >= this.graph.checkpointIntervalMs;
    if (this.status.state === "RUNNING" && due) this.#run(() => this.#takeDueCheckpoint());
    else if (this.#drain.waiting) this.#run(() => this.#lookForDrain());
  }

  snapshot(): JobSnapshot {
    const { state, reason, category } = this.status;
    const { outcome } = this.#end;
    const drainedTo = this.#drain.drained?.endOffsets ?? outcome?.drainedTo ?? null;
    return {
      jobId: this.graph.jobId,
      name: this.graph.name,
      state,
      reason,
      category,
      epoch: this.#options.numbering.epoch,
      total: outcome?.total ?? this.#total,
      lastCheckpointId: outcome?.checkpointId ?? this.#lastCheckpointId,
      drained: drainedTo !== null,
      drainedTo,
      stopped: outcome !== null && outcome.state !== "FAILED",
      parallelism: this.graph.parallelism,
      settled: this.scheduler.settled,
    };
  }

  async #establish(): Promise<void> {
    const state = await this.#session.establish();
    this.#total = state.total;
    this.#lastCheckpointId = Math.max(this.#lastCheckpointId, (await this.#options.storage.listIds())[0] ?? 0);
    this.#options.log.info(`the state is current: life ${state.life}, phase ${state.phase}, total ${state.total}`);
    if (state.phase === "stopped" || this.endRequests.current !== null) {
      // The JobManager before died between the request, or FENCE_ALL, and the final checkpoint; its stop is completed.
      this.#beginStop();
      return;
    }
    await this.#session.publish();
    if (this.#enter("CREATED")) this.scheduler.begin(state.partitions.map(({ fence }) => fence));
  }

  #receiveStoreLost(tm: string, life: string): void {
    if (this.#stopping || this.status.terminal) return;
    if (life !== this.#session.life?.life) {
      // A report about an earlier life: the current one is the answer. During a RECOVER it follows by itself.
      this.scheduler.resend(tm);
      return;
    }
    this.#reporters.add(tm);
    if (this.#reporters.size > 1) return;
    this.#run(async () => {
      try {
        // One that was queued behind a RECOVER is about a life that is gone by now.
        if (life === this.#session.life?.life) await this.#verify(`${tm} lost life ${life}`);
      } finally {
        this.#reporters.clear();
      }
    });
  }

  async #verify(reason: string, certain = false): Promise<void> {
    const recovered = await this.#session.verify(reason, certain);
    // A healthy store: each that was told otherwise dropped all it had, and would wait for ever without new generations.
    if (!recovered) for (const reporter of this.#reporters) this.scheduler.renew(reporter);
    this.scheduler.flush();
  }

  #noteRecovered({ life, reason, from, restored }: Recovered): void {
    const { tell, log, clock } = this.#options;
    log.info(`recovered from ${restored === null ? "Redis's own state" : `${from} ${restored.id}`} as life ${life}`);
    if (restored !== null) {
      const atMs = Math.round(clock.nowUs() / 1000);
      this.checkpoints.history.restore({ ...restored, atMs, isSavepoint: from === "savepoint" });
    }
    this.#drain.rolledBack();
    this.scheduler.renew();
    tell({ type: "recovered", life, reason, from });
  }

  /** Due by time. While nothing changes none is taken, unless a drain waits for the one that ends it. */
  async #takeDueCheckpoint(): Promise<void> {
    const life = this.#session.life;
    this.#lastTriggerMs = performance.now();
    if (life === null || (!this.#drain.waiting && (await this.checkpoints.isSettled(life)))) return;
    await this.#takeCheckpoint("checkpoint");
  }

  async #takeCheckpoint(kind: CheckpointFile["kind"]): Promise<CheckpointOutcome | undefined> {
    const life = this.#session.life;
    if (life === null) return undefined;
    this.#lastTriggerMs = performance.now();
    return this.#noteOutcome(await this.checkpoints.take(kind, life));
  }

  async #takeSavepoint(directory: string): Promise<CheckpointOutcome | undefined> {
    const life = this.#session.life;
    return life === null ? undefined : this.#noteOutcome(await this.checkpoints.takeSavepoint(directory, life));
  }

  async #noteOutcome(outcome: CheckpointOutcome): Promise<CheckpointOutcome> {
    const { tell, log, numbering } = this.#options;
    const { id, durationMs } = outcome;
    switch (outcome.kind) {
      case "completed":
        this.#total = outcome.state.total;
        this.#lastCheckpointId = id;
        tell({ type: "checkpoint", id, status: "completed", durationMs, total: outcome.state.total, reason: null });
        if (this.#drain.completed(id, outcome.state)) this.#tellDrained();
        return outcome;
      case "declined":
      case "storeLost":
        log.warn(`checkpoint ${id} failed: ${outcome.reason}`);
        tell({ type: "checkpoint", id, status: "failed", durationMs, total: this.#total, reason: outcome.reason });
        if (outcome.kind === "storeLost") await this.#verify(outcome.reason, true);
        return outcome;
      case "superseded":
        throw createError("JOB_MANAGER_SUPERSEDED", { epoch: numbering.epoch, by: outcome.epoch });
    }
  }

  async #lookForDrain(): Promise<void> {
    const parsed = parseJobState(await this.#options.store.readHash(), this.graph.source.partitions);
    if (parsed.kind !== "complete" || parsed.state.life !== this.#session.life?.life) {
      return this.#verify("the drain found no state of the current life");
    }
    this.#total = parsed.state.total;
    if (this.#drain.isReached(parsed.state)) await this.#takeCheckpoint("checkpoint");
  }

  #beginStop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    if (!this.#enter("CANCELLING")) return;
    this.scheduler.end();
    this.#run(() => this.#end.stop(this.endRequests.current));
  }

  /** The state stays as it was stopped, until this process ends. That of a failed job may hang on the store's failure. */
  #lookAfterEnd({ state }: JobOutcome): void {
    if (this.#closed || state === "FAILED" || this.#queue.length > 0) return;
    this.#queue.run(() => this.#end.look()).catch((error: unknown) => this.#options.stepDown(error));
  }

  #fail(reason: string, category: ErrorCategory): void {
    if (!this.#enter("FAILING", { reason, category })) return;
    this.#options.log.error(`the job fails: ${reason}`);
    this.#stopping = true;
    this.scheduler.end();
    // Beside the queue: what is queued may hang on the very store that is the cause.
    const outcome: JobOutcome = {
      state: "FAILED",
      reason,
      category,
      checkpointId: this.#lastCheckpointId,
      total: this.#total,
      drainedTo: null,
      savepoint: null,
    };
    // What is queued is not begun any more.
    this.triggered.end(outcome);
    this.#end.fail(outcome).catch((error: unknown) => this.#options.stepDown(error));
  }

  /** Queues work on the store (M1). Its error fails the job, unless the job or the process is over anyway. */
  #run(task: () => Promise<unknown>): void {
    this.#queue
      .run(async () => {
        const failed = this.status.state === "FAILING" || this.status.terminal;
        if (!this.#closed && !failed) await task();
      })
      .catch((error: unknown) => {
        // The job outlives this process: what a stop of ours cut short is no failure of it.
        if (this.#closed || (isAppError(error) && error.code === "ASKED_TO_STOP")) return;
        if (isAppError(error) && error.code === "JOB_MANAGER_SUPERSEDED") this.#options.stepDown(error);
        else this.#fail(describeError(error), categoryOf(error));
      });
  }

  #broadcast(order: Order): void {
    const { taskManagers } = this.#options;
    for (const tm of taskManagers.names()) taskManagers.send(tm, order);
  }

  #enter(state: JobSnapshot["state"], why: { reason: string; category: ErrorCategory } | null = null): boolean {
    if (!this.status.enter(state, why)) return false;
    this.#options.log.info(`job ${this.graph.jobId} is ${state}${why === null ? "" : `: ${why.reason}`}`);
    this.#tellState();
    return true;
  }

  #tellState(): void {
    const { state, reason, category } = this.status;
    const isStopped = this.#stopping && this.endRequests.current?.kind === "savepoint";
    const savepoint = this.#end.outcome?.savepoint?.location ?? (isStopped ? "" : undefined);
    const told = { type: "jobState", jobId: this.graph.jobId, state, reason, category } as const;
    this.#options.tell(savepoint === undefined ? told : { ...told, savepoint });
  }
}
