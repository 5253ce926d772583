/**
 * A TaskManager: its partitions, its source, and what it tells the JobManager and the host.
 *
 * States: working → failed (a fact that stops the job here was reported; it stays registered) or ended (the job ended);
 * stopping, from any.
 *
 * M1 An assignment is the whole desired state: what it does not name is released, the rest is acquired or goes on (P3 of
 *    `partition-task.ts`).
 * M2 STORE_LOST of the current life is reported once, everything of that life is dropped, and a new assignment is awaited.
 *    Such an answer about an earlier life changes nothing.
 * M3 Metrics go to the host before the acknowledgement of a checkpoint, so that the host has them when it completes.
 * M4 What the JobManager must know and may have missed (a failure, a lost store) is said again at each registration.
 * M5 Its log tells each assignment, fault and end; of checkpoints the first of a life, and then one line in 60 s.
 */
import type { FetchedRecords } from "../../clients/kafka/assigned-partition.ts";
import type { ChildEnvironment } from "../../common/contract/child/environment.ts";
import { runFolder } from "../../common/contract/files/run-folder.ts";
import type { TaskManagerToJobManager } from "../../common/contract/job/rpc.ts";
import type { PartitionPosition, TaskManagerMetrics } from "../../common/contract/metrics.ts";
import type { StoreLife } from "../../common/contract/state/redis-state.ts";
import { unreachable } from "../../common/foundation/assert.ts";
import { waitUntil } from "../../common/foundation/deadline.ts";
import { type AppError, categoryOf, describeError, isAppError } from "../../common/foundation/errors.ts";
import type { Log } from "../../common/foundation/log.ts";
import { createOperatorChain } from "../operators/registry.ts";
import { AppliedLog, RejectedLog } from "../sink/evidence-log.ts";
import {
  FlinkKafkaConsumerGroup,
  type SourcePosition,
  type SourceReader,
} from "../source/flink-kafka-consumer-group.ts";
import { RecordSetDecoder } from "../source/record-set-decoder.ts";
import { type Assignment, JobManagerClient, type JobManagerCommand } from "./job-manager-client.ts";
import type { PartitionContext } from "./partition-context.ts";
import { PartitionTask } from "./partition-task.ts";
import { createTaskCounters } from "./task-counters.ts";
import { collectMetrics, describeCounts, EventLoopLag } from "./task-metrics.ts";

/** From one metrics message to the next, while there is something new to tell. */
const METRICS_INTERVAL_MS = 1_000;
/** Where each such interval has a checkpoint, which publishes them itself (M3): how late that may be before we do. */
const CHECKPOINT_GRACE_MS = 250;
/** From one line on checkpoints to the next (M5). */
const CHECKPOINT_LOG_INTERVAL_MS = 60_000;
/** An orderly stop waits this long for the APPLYs in flight; the process may take 10 s in all. */
const STOP_DEADLINE_MS = 8_000;
/** After the job's end: as long as the store client may try. */
const END_DEADLINE_MS = 70_000;

export interface ReaderHandlers {
  onRecords(fetched: FetchedRecords): void;
  onError(p: number | null, error: AppError): void;
}

export interface TaskManagerOptions {
  readonly environment: ChildEnvironment;
  readonly incarnation: string;
  readonly jobManager: { readonly host: string; readonly port: number };
  readonly store: PartitionContext["store"] & { expect(life: StoreLife | null): void };
  readonly openReader: (handlers: ReaderHandlers) => SourceReader & { close(): Promise<void> };
  readonly commitOffsets: (offsets: readonly SourcePosition[]) => Promise<void>;
  readonly sendMetrics: (metrics: TaskManagerMetrics) => void;
  readonly log: Log;
}

export class TaskManager {
  readonly #options: TaskManagerOptions;
  readonly #counters = createTaskCounters();
  readonly #lag = new EventLoopLag();
  readonly #partitions = new Map<number, PartitionTask>();
  readonly #appliedLog: AppliedLog;
  readonly #rejectedLog: RejectedLog;
  readonly #reader: SourceReader & { close(): Promise<void> };
  readonly #source: FlinkKafkaConsumerGroup;
  readonly #context: PartitionContext;
  readonly #client: JobManagerClient;
  readonly #ticker: NodeJS.Timeout;
  #state: "working" | "failed" | "ended" | "stopping" = "working";
  #life: StoreLife | null = null;
  /** The life whose loss was reported and not yet answered (M2, M4). */
  #lostLife: string | null = null;
  /** When the next line on a checkpoint is due, and how many had none (M5). */
  #checkpointLog = { dueAtMs: 0, untold: 0 };
  #failure: TaskManagerToJobManager | null = null;
  #checkpointId = 0;
  /** True once nothing can be counted any more: every later metrics message says so too. */
  #final = false;
  #newestMetrics: TaskManagerMetrics | null = null;
  #toldMetrics: TaskManagerMetrics | null = null;
  #publishedCounts = "";

  /** Begins at once: connects to the JobManager and waits for its assignment. Throws OPERATOR_UNKNOWN. */
  constructor(options: TaskManagerOptions) {
    this.#options = options;
    const { environment, incarnation, log } = options;
    const { runDir, resource } = environment;
    this.#appliedLog = new AppliedLog(runFolder.applied(runDir, resource, incarnation));
    this.#rejectedLog = new RejectedLog(runFolder.rejected(runDir, resource, incarnation));
    const decoder = new RecordSetDecoder({
      topic: environment.config.topic,
      operate: createOperatorChain(environment.config.operators),
      onRejected: (p, offset, reason, value) => this.#rejectedLog.append(p, offset, reason, value),
    });
    this.#reader = options.openReader({
      onRecords: (fetched) => this.#receive(fetched),
      onError: (_p, error) => this.#fail(error),
    });
    this.#source = new FlinkKafkaConsumerGroup({
      reader: this.#reader,
      commitOffsets: options.commitOffsets,
      onCommitFailed: () => {
        this.#counters.offsetCommitsFailed += 1;
      },
      log,
    });
    this.#context = {
      tm: resource,
      store: options.store,
      appliedLog: this.#appliedLog,
      source: this.#source,
      counters: this.#counters,
      clock: environment.clock,
      decoder,
      report: (message) => this.#client.send(message),
      onStoreLost: (life) => this.#loseStore(life),
      onFailed: (error) => this.#fail(error),
    };
    this.#client = new JobManagerClient({
      endpoint: options.jobManager,
      log,
      registration: () => this.#registration(),
      heartbeat: () => ({ type: "heartbeat", metrics: this.#takeUntoldMetrics() }),
      onRegistered: () => this.#repeatReports(),
      onCommand: (command) => this.#execute(command),
    });
    const isByCheckpoint = environment.config.checkpointIntervalMs <= METRICS_INTERVAL_MS;
    const intervalMs = METRICS_INTERVAL_MS + (isByCheckpoint ? CHECKPOINT_GRACE_MS : 0);
    this.#ticker = setInterval(() => this.#countObserver(() => this.#publishChanges()), intervalMs);
  }

  /** Stops reading, awaits the APPLYs in flight, and sends the final metrics. */
  async stop(): Promise<void> {
    this.#state = "stopping";
    clearInterval(this.#ticker);
    for (const partition of this.#partitions.values()) partition.assign(null);
    try {
      await this.#settle(STOP_DEADLINE_MS);
    } finally {
      this.#final = true;
      this.#publishMetrics();
      this.#client.close();
      this.#source.close();
      this.#lag.rest();
      await this.#reader.close();
      this.#appliedLog.close();
      this.#rejectedLog.close();
    }
  }

  #receive(fetched: FetchedRecords): void {
    this.#lag.watch();
    try {
      this.#partitions.get(fetched.p)?.receive(fetched);
    } catch (error) {
      this.#fail(error);
    }
  }

  #execute(command: JobManagerCommand): void {
    switch (command.type) {
      case "assignment":
        this.#assign(command);
        break;
      case "triggerCheckpoint":
        this.#countObserver(() => this.#acknowledge(command.checkpointId));
        break;
      case "checkpointCompleted":
        // It never throws (F3 of `flink-kafka-consumer-group.ts`), and nothing waits for it.
        this.#countObserver(() => void this.#source.commitCheckpointOffsets(command.checkpointId));
        break;
      case "jobEnded":
        void this.#end();
        break;
      default:
        unreachable(command);
    }
  }

  #assign({ life, redisRunId, partitions }: Assignment): void {
    if (this.#state !== "working") return;
    this.#life = { life, redisRunId };
    this.#lostLife = null;
    this.#options.store.expect(this.#life);
    const assigned = new Map(partitions.map(({ p, g }) => [p, g]));
    this.#logAssignment(life, [...assigned.keys()]);
    for (const partition of this.#partitions.values()) if (!assigned.has(partition.p)) partition.assign(null);
    for (const [p, g] of assigned) {
      const partition = this.#partitions.get(p) ?? new PartitionTask(p, this.#context);
      this.#partitions.set(p, partition);
      partition.assign({ life, g });
    }
  }

  /** Before it is carried out: what is held now is what was assigned before. */
  #logAssignment(life: string, assigned: readonly number[]): void {
    const held = [...this.#partitions.values()].flatMap((partition) =>
      partition.held?.life === life ? partition.p : [],
    );
    const gained = assigned.filter((p) => !held.includes(p));
    const released = held.filter((p) => !assigned.includes(p));
    if (gained.length === 0 && released.length === 0) return;
    const list = (partitions: readonly number[]) => (partitions.length === 0 ? "none" : partitions.join(", "));
    this.#options.log.info(
      `assigned ${assigned.length} partitions in life ${life}: gains ${list(gained)}; releases ${list(released)}`,
    );
    this.#checkpointLog = { dueAtMs: 0, untold: 0 };
  }

  #logCheckpoint(checkpointId: number, partitions: number): void {
    this.#checkpointLog.untold += 1;
    const nowMs = performance.now();
    if (nowMs < this.#checkpointLog.dueAtMs) return;
    this.#options.log.info(
      `acknowledged checkpoint ${checkpointId} with the offsets of ${partitions} partitions ` +
        `(${this.#checkpointLog.untold} since the line before)`,
    );
    this.#checkpointLog = { dueAtMs: nowMs + CHECKPOINT_LOG_INTERVAL_MS, untold: 0 };
  }

  #acknowledge(checkpointId: number): void {
    this.#checkpointId = checkpointId;
    this.#publishMetrics();
    const life = this.#life?.life ?? "";
    const applied: SourcePosition[] = [];
    for (const { p, held, appliedOffset } of this.#partitions.values()) {
      if (held?.life === life && appliedOffset !== undefined) applied.push({ p, offset: appliedOffset });
    }
    const offsets = this.#source.snapshotState(checkpointId, applied);
    this.#client.send({ type: "checkpointAcknowledged", checkpointId, life, offsets });
    this.#logCheckpoint(checkpointId, applied.length);
  }

  /** All partitions are fenced. What is in flight gets its answer, then the numbers are final. */
  async #end(): Promise<void> {
    if (this.#state !== "working" && this.#state !== "failed") return;
    this.#state = "ended";
    this.#options.log.info("the job ended: takes no further records, and awaits the answers to those in flight");
    for (const partition of this.#partitions.values()) partition.drop(null);
    try {
      await this.#settle(END_DEADLINE_MS);
    } catch (error) {
      this.#options.log.warn("the job ended, but an APPLY has no answer", error);
    }
    this.#final = true;
    this.#publishMetrics();
  }

  #loseStore(life: string): void {
    if (this.#life?.life !== life || this.#lostLife === life) return;
    this.#lostLife = life;
    this.#options.log.warn(`Redis does not hold life ${life} any more: waiting for the JobManager to recover it`);
    for (const partition of this.#partitions.values()) partition.drop(life);
    this.#client.send({ type: "storeLost", life });
  }

  #fail(error: unknown): void {
    if (this.#state !== "working") return;
    this.#state = "failed";
    this.#options.log.error("the task failed", error);
    for (const partition of this.#partitions.values()) partition.drop(null);
    const code = isAppError(error) ? error.code : "ASSERTION_FAILED";
    this.#failure = { type: "taskFailed", code, category: categoryOf(error), message: describeError(error) };
    this.#client.send(this.#failure);
  }

  #registration(): TaskManagerToJobManager {
    const { environment, incarnation } = this.#options;
    const { config, token, resource } = environment;
    const held = [...this.#partitions.values()].flatMap(({ p, held }) => (held === null ? [] : [{ p, g: held.g }]));
    // As many partitions as the plan gives to each of the TaskManagers that the run began with.
    const slots = Math.max(1, Math.ceil(config.partitions / config.taskManagers));
    return { type: "register", token, tm: resource, incarnation, pid: process.pid, slots, held };
  }

  /** Once each: a JobManager keeps the newest that it was told. */
  #takeUntoldMetrics(): TaskManagerMetrics | null {
    const metrics = this.#newestMetrics === this.#toldMetrics ? null : this.#newestMetrics;
    this.#toldMetrics = this.#newestMetrics;
    return metrics;
  }

  #repeatReports(): void {
    this.#toldMetrics = null;
    if (this.#failure !== null) this.#client.send(this.#failure);
    if (this.#lostLife !== null) this.#client.send({ type: "storeLost", life: this.#lostLife });
  }

  /** The report tells what observing costs, so it is measured here: the CPU time of this thread during `work`. */
  #countObserver(work: () => void): void {
    const before = process.threadCpuUsage();
    work();
    const { user, system } = process.threadCpuUsage(before);
    this.#counters.observerCpuMs += (user + system) / 1_000;
  }

  /** While nothing happens nothing is written anywhere. */
  #publishChanges(): void {
    if (describeCounts(this.#counters, this.#listPositions()) === this.#publishedCounts) this.#lag.rest();
    else this.#publishMetrics();
  }

  #publishMetrics(): void {
    const { environment, incarnation, sendMetrics } = this.#options;
    const partitions = this.#listPositions();
    this.#publishedCounts = describeCounts(this.#counters, partitions);
    this.#newestMetrics = collectMetrics(
      { tm: environment.resource, incarnation, clock: environment.clock, counters: this.#counters, lag: this.#lag },
      { partitions, checkpointId: this.#checkpointId, final: this.#final },
    );
    sendMetrics(this.#newestMetrics);
    if (!this.#final) this.#ticker.refresh();
  }

  #listPositions(): PartitionPosition[] {
    const positions: PartitionPosition[] = [];
    for (const { p, appliedOffset, endOffset } of this.#partitions.values()) {
      if (appliedOffset === undefined) continue;
      const committedOffset = this.#source.committedOffset(p);
      const position = { p, offset: appliedOffset, endOffset };
      positions.push(committedOffset === undefined ? position : { ...position, committedOffset });
    }
    return positions;
  }

  async #settle(deadlineMs: number): Promise<void> {
    const isGone = (partition: PartitionTask) => partition.kind === "gone";
    await waitUntil(() => ([...this.#partitions.values()].every(isGone) ? true : undefined), {
      what: "the answer to every APPLY in flight",
      deadlineMs,
    });
  }
}
