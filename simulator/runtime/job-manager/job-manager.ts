/**
 * The JobManager: its epoch, its TaskManagers, and the one job of a run. Joins the RPC server, the JobMaster and REST;
 * decides nothing about partitions or checkpoints itself.
 *
 * B1 The submitted graph is durable before the submission is answered, so a restarted JobManager resumes by itself.
 * B2 Submitting is idempotent by job id. A run has one job; another id is refused.
 */
import { isDeepStrictEqual } from "node:util";
import type { JobManagerMessage } from "../../common/contract/child/child-messages.ts";
import { readSavepoint, requireSource } from "../../common/contract/files/savepoint-reader.ts";
import type { JobGraph } from "../../common/contract/job/rest.ts";
import type { TaskManagerToJobManager } from "../../common/contract/job/rpc.ts";
import type { RunClock } from "../../common/foundation/clock.ts";
import { describeError, isAppError } from "../../common/foundation/errors.ts";
import type { Log } from "../../common/foundation/log.ts";
import { CheckpointStorage } from "../checkpoint/checkpoint-storage.ts";
import type { JobStore } from "../checkpoint/job-store.ts";
import { deferStore } from "./deferred-store.ts";
import { ExceptionHistory } from "./exception-history.ts";
import { openJobFiles } from "./job-files.ts";
import { JobMaster } from "./job-master.ts";
import { Numbering } from "./numbering.ts";
import type { RegisteredTaskManager } from "./registry.ts";
import { RpcServer } from "./rpc-server.ts";
import type { StoreSessionOptions } from "./store-session.ts";

/** How often a job looks for what is due by time: at most its checkpoint interval. */
const TICK_MS_MAX = 100;

export interface JobManagerOptions {
  readonly epoch: number;
  readonly token: string;
  /** `checkpoints/` of the run. */
  readonly folder: string;
  readonly recoveriesPath: string;
  readonly clock: RunClock;
  readonly log: Log;
  readonly openStore: (graph: JobGraph) => Promise<JobStore>;
  /** Earliest offset by partition. */
  readonly readStartOffsets: (graph: JobGraph) => Promise<readonly number[]>;
  readonly tell: (message: JobManagerMessage) => void;
  readonly stepDown: (error: unknown) => void;
  /** Numbers of an epoch, see `Numbering`. */
  readonly epochStride?: number;
}

/** Throws SAVEPOINT_REFUSED when the offsets are those of another topic. */
function readSavepointOf({ savepointPath, source }: JobGraph): StoreSessionOptions["readSavepoint"] {
  if (savepointPath === undefined) return null;
  return () => {
    const savepoint = readSavepoint(savepointPath);
    requireSource(savepoint, source);
    return savepoint;
  };
}

export type Submission = { readonly kind: "accepted" } | { readonly kind: "conflict"; readonly reason: string };

export class JobManager {
  readonly rpc: RpcServer;
  readonly startedAtMs: number;
  readonly exceptions = new ExceptionHistory();
  readonly #options: JobManagerOptions;
  readonly #numbering: Numbering;
  #job: JobMaster | null = null;
  /** One submission at a time: two clients must not both find no job. */
  #submitting: Promise<unknown> = Promise.resolve();
  #ticks: NodeJS.Timeout | undefined;
  /** Why the newest try to claim a further epoch failed; empty: it did not. */
  #refillFailure = "";

  constructor(options: JobManagerOptions) {
    const { epoch, token, folder, log, epochStride } = options;
    this.#options = options;
    this.#numbering = new Numbering({ epoch, folder, ...(epochStride === undefined ? {} : { stride: epochStride }) });
    this.startedAtMs = this.#nowMs();
    this.rpc = new RpcServer({
      epoch,
      token,
      log,
      onRegistered: (entry) => this.#taskManagerRegistered(entry),
      onLost: (entry, reason) => this.#taskManagerLost(entry, reason),
      onMessage: (tm, message) => this.#receive(tm, message),
    });
  }

  get epoch(): number {
    return this.#options.epoch;
  }

  get job(): JobMaster | null {
    return this.#job;
  }

  /** Listens, and resumes the job of the JobManager before, if there is one. Resolves with the RPC port. */
  async start(rpcPort: number): Promise<number> {
    const graph = await openJobFiles(this.#options.folder).readGraph();
    const port = await this.rpc.listen(rpcPort);
    if (graph !== undefined) {
      this.#options.log.info(`resuming job ${graph.jobId}`);
      await this.#begin(graph);
    }
    return port;
  }

  close(): void {
    clearInterval(this.#ticks);
    this.#job?.close();
    this.rpc.close();
  }

  submit(graph: JobGraph): Promise<Submission> {
    const outcome = this.#submitting.then(() => this.#submit(graph));
    this.#submitting = outcome.catch(() => undefined);
    return outcome;
  }

  async #submit(graph: JobGraph): Promise<Submission> {
    const running = this.#job?.graph;
    if (running === undefined) {
      await openJobFiles(this.#options.folder).writeGraph(graph);
      await this.#begin(graph);
      return { kind: "accepted" };
    }
    if (running.jobId !== graph.jobId) return { kind: "conflict", reason: `job ${running.jobId} is this run's job` };
    // A client that attaches again names the parallelism of the start; it may have been scaled since.
    const scaled = { ...graph, parallelism: running.parallelism };
    if (isDeepStrictEqual(running, scaled)) return { kind: "accepted" };
    return { kind: "conflict", reason: `job ${running.jobId} was submitted before with another graph` };
  }

  async #begin(graph: JobGraph): Promise<void> {
    const { folder, recoveriesPath, log } = this.#options;
    const files = openJobFiles(folder);
    const { partitions } = graph.source;
    this.#job = new JobMaster({
      ...this.#options,
      graph,
      drain: await files.readDrain(),
      endRequest: await files.readEndRequest(),
      outcome: await files.readOutcome(),
      numbering: this.#numbering,
      store: deferStore(this.#options.openStore(graph)),
      storage: new CheckpointStorage({ folder, recoveriesPath, jobId: graph.jobId, partitions, log }),
      files,
      taskManagers: this.rpc,
      readStartOffsets: () => this.#options.readStartOffsets(graph),
      readSavepoint: readSavepointOf(graph),
      tell: (message) => this.#tell(message),
    });
    this.#job.start();
    this.#ticks = setInterval(() => this.#tick(), Math.min(TICK_MS_MAX, graph.checkpointIntervalMs));
  }

  #tick(): void {
    this.#job?.tick();
    this.#numbering.refill().then(
      () => {
        this.#refillFailure = "";
      },
      (error: unknown) => this.#takeRefillFailure(error),
    );
  }

  /** There are numbers for hours yet, so it is tried again with each tick, and said once. */
  #takeRefillFailure(error: unknown): void {
    if (isAppError(error) && error.code === "JOB_MANAGER_SUPERSEDED") {
      this.#options.stepDown(error);
      return;
    }
    const failure = describeError(error);
    if (failure !== this.#refillFailure) this.#options.log.warn("no further epoch could be claimed", error);
    this.#refillFailure = failure;
  }

  #taskManagerRegistered(entry: RegisteredTaskManager): void {
    this.#tellRegistered();
    this.#job?.taskManagerRegistered(entry.tm);
  }

  #taskManagerLost({ tm, address }: RegisteredTaskManager, reason: string): void {
    const { tell } = this.#options;
    tell({ type: "taskManagerLost", tm, reason });
    this.#tellRegistered();
    if (this.#job?.status.terminal === false && !this.#job.scheduler.isLeaving(tm)) {
      const atMs = this.#nowMs();
      this.exceptions.add({ name: "TaskManagerLost", message: `${tm}: ${reason}`, atMs, place: { tm, address } });
    }
    this.#job?.taskManagerLost(tm);
  }

  #receive(tm: string, message: TaskManagerToJobManager): void {
    this.#job?.receive(tm, message);
  }

  #tell(message: JobManagerMessage): void {
    if (message.type === "jobState" && message.state === "FAILING") {
      const text = message.reason ?? "";
      this.exceptions.add({ name: "JobFailed", message: text, atMs: this.#nowMs(), place: null });
    }
    this.#options.tell(message);
  }

  #tellRegistered(): void {
    this.#options.tell({ type: "taskManagers", registered: this.rpc.names() });
  }

  #nowMs(): number {
    return Math.round(this.#options.clock.nowUs() / 1000);
  }
}
