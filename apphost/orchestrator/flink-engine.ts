/**
 * Apache Flink as the engine of a run: its processes as resources, and the one job on them, from its submission through
 * the SQL Gateway to its end. Flink speaks only when it is asked, so it is asked twice a second, and what it says goes the
 * way of a JobManager's messages.
 *
 *   unsubmitted → submitted (watched) ⇄ lost with its JobManager, and submitted again → stopped
 *
 * E1 The job is submitted again only where Flink does not know its id, and then from the newest checkpoint on disk, or from
 *    its final savepoint (J3 of `job-stop.ts`): the offsets, the counts and the transactions of that are one cut, and one
 *    that REST told of may be removed since then.
 * E2 Drained is what the mirror says is applied, and not what Flink says it has read.
 * E3 A question that is not answered is asked again at the next look. A JobManager that died is started again by its
 *    supervisor, and what the last answer said is what is known until then.
 * E4 Nobody starts one again that is not ours: its silence is told at once, and after a minute it ends the run.
 */
import type { ResourceKind } from "../../simulator/common/contract/events.ts";
import { countsTopicName, MIRROR } from "../../simulator/common/contract/names.ts";
import { formatKafkaAddresses } from "../../simulator/common/foundation/address.ts";
import { present } from "../../simulator/common/foundation/assert.ts";
import { sleepUntilAborted, waitUntil, withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { createError, describeError } from "../../simulator/common/foundation/errors.ts";
import { type CountingJob, countingStatements, sessionProperties } from "../drivers/flink/counting-job.ts";
import { planExternalFlink } from "../drivers/flink/external-flink.ts";
import { createExternalJobEnd, type ExternalJobEnd } from "../drivers/flink/external-job-end.ts";
import {
  createFlinkJobRest,
  type FlinkCheckpoints,
  type FlinkJobRest,
  type FlinkJobState,
  isFlinkJobOver,
  toJobState,
} from "../drivers/flink/flink-job-rest.ts";
import { type FlinkShape, shapeFlink } from "../drivers/flink/flink-memory.ts";
import { readFlinkMetrics } from "../drivers/flink/flink-metrics.ts";
import { readTaskManagers } from "../drivers/flink/flink-rest.ts";
import { FlinkSilence, type SilenceNews } from "../drivers/flink/flink-silence.ts";
import { CANCEL_MS_MAX } from "../drivers/flink/job-cancellation.ts";
import { FlinkJobEnd } from "../drivers/flink/job-stop.ts";
import { countJvmsPerCore, type FlinkCluster, type FlinkJob, planFlinkCluster } from "../drivers/flink/native-flink.ts";
import { findNewestCheckpoint, listSavepoints } from "../drivers/flink/retained-checkpoints.ts";
import { openSqlSession } from "../drivers/flink/sql-gateway.ts";
import type { ResourceDeclaration } from "../model/resource.ts";
import { partitionsOf } from "../options.ts";
import { type ChildHooks, startChildProcess } from "../processes/child-process.ts";
import type { ResourcePlan } from "../processes/resource-plan.ts";
import type { Supervisor, SupervisorHost } from "../processes/supervisor.ts";
import {
  type PlannedCluster,
  planFlinkJobManager,
  planFlinkSqlGateway,
  planFlinkTaskManager,
} from "../resources/flink-cluster.ts";
import { createScratchTopic } from "../resources/kafka.ts";
import { createForeignEnvironment } from "../resources/own-program.ts";
import { topicLoadOf } from "../resources/topic-settings.ts";
import type { Reached } from "../run/job-view.ts";
import { FlinkMetricsServer } from "../telemetry/flink-metrics-server.ts";
import { readUserJob } from "../user-job/user-job.ts";
import { FlinkRecovery, isAwaitedByJob } from "./flink-recovery.ts";
import { FlinkScaling, type SubmittedJob } from "./flink-scaling.ts";
import { type UserJobContext, UserJobRun } from "./user-job-run.ts";

const LOOK_INTERVAL_MS = 500;
/** While a fault waits for the job to run again: the time that it took is told as exactly. */
const RECOVERY_LOOK_INTERVAL_MS = 100;
/** From the first statement of a gateway to the last subtask: TaskManagers are started beside it. */
const RUNNING_MS_MAX = 300_000;
const METRICS_INTERVAL_MS = 1_000;

/** What it takes for the user's job is what it takes for its own. */
export interface FlinkEngineContext extends UserJobContext {
  readonly mirror: () => Supervisor | undefined;
  readonly restartJobManager: () => Promise<void>;
  /** Null: Flink does not run in containers of this run. */
  readonly planContainers: ((job: FlinkJob) => Promise<FlinkCluster>) | null;
}

export class FlinkEngine implements PlannedCluster {
  current: FlinkCluster | null = null;
  /** Null: the built-in job. */
  readonly userJob: UserJobRun | null;
  readonly scaling: FlinkScaling;
  readonly #metrics: FlinkMetricsServer;
  readonly #context: FlinkEngineContext;
  #planned: Promise<FlinkCluster> | null = null;
  #rest: FlinkJobRest | null = null;
  /** Null: it was not submitted yet. */
  #parallelismSubmitted: number | null = null;
  #isProcessing = false;
  #checkpointPath: string | null = null;
  #silence: FlinkSilence | null = null;
  readonly #told = { taskManagers: "", checkpoint: 0, state: "" };
  readonly #recovery = new FlinkRecovery();
  readonly #jobEnd: FlinkJobEnd;
  readonly #externalEnd: ExternalJobEnd;
  #metricsReadAtMs = Number.NEGATIVE_INFINITY;
  readonly #closing = new AbortController();
  #watching: Promise<void> | null = null;

  constructor(context: FlinkEngineContext) {
    this.#context = context;
    const job = readUserJob(context.run.options);
    this.userJob = job === null ? null : new UserJobRun(context, job);
    this.scaling = new FlinkScaling(this);
    this.#metrics = new FlinkMetricsServer(context.run, context.config);
    const warn = (text: string) => context.run.notice("warn", "jobmanager", text);
    const findJob = async () => ({ restUrl: (await this.plan()).restUrl, jobId: context.config().jobId });
    this.#externalEnd = createExternalJobEnd(findJob, warn);
    this.#jobEnd = new FlinkJobEnd({
      isOfUser: job !== null,
      listSavepoints: () => listSavepoints(this.current?.savepointFolder, context.config().jobId),
      restartJobManager: context.restartJobManager,
      warn,
    });
  }

  plan(): Promise<FlinkCluster> {
    this.#planned ??= this.#plan();
    return this.#planned;
  }

  /** What `env` prints of it, and of the user's job. */
  variables(): Record<string, string> {
    return { ...this.userJob?.variables(), ...this.#metrics.variables() };
  }

  /** Whether it runs without us: then nothing of it but our job is ended. */
  get isExternal(): boolean {
    return this.#context.run.options.flink !== null;
  }

  /** What a job that has all of its subtasks has at least. How a job of the user's is spread is the user's matter. */
  #parallelismNeeded(): number {
    return this.userJob === null && !this.isExternal ? this.#parallelism() : 1;
  }

  /** Of this machine: an external Flink shares no core with the servers. */
  get jvmsPerCore(): number {
    return this.isExternal ? 0 : countJvmsPerCore(this.shape);
  }

  /** With which it began. Scaling changes how many TaskManagers there are, and not what each of them is. */
  get shape(): FlinkShape {
    const { options } = this.#context.run;
    return shapeFlink(options.taskManagers, partitionsOf(options));
  }

  /** Null before it was submitted. */
  get job(): SubmittedJob | null {
    return this.#rest === null || this.#parallelismSubmitted === null
      ? null
      : { rest: this.#rest, parallelism: this.#parallelismSubmitted };
  }

  /** Whether a resource of this kind is a process of Flink's. */
  has(kind: ResourceKind): boolean {
    return kind === "jobmanager" || kind === "taskmanager" || kind === "sql-gateway";
  }

  /** T1 of `flink-recovery.ts`. */
  superviseFor(kind: ResourceKind): SupervisorHost {
    const host = this.#context.run.supervisorHost;
    if (!isAwaitedByJob(kind)) return host;
    return { ...host, recordFault: (fault) => this.#recovery.hold(host.recordFault(fault)) };
  }

  /** Null for a resource that is not Flink's. */
  planResource(declaration: ResourceDeclaration): ResourcePlan | null {
    const createHooks = (name: string) => this.#createHooks(name);
    switch (declaration.kind) {
      case "jobmanager":
        return planFlinkJobManager(declaration, this, createHooks);
      case "taskmanager":
        return planFlinkTaskManager(declaration, this, createHooks);
      case "sql-gateway":
        return planFlinkSqlGateway(declaration, this, createHooks);
      default:
        return null;
    }
  }

  /** Where the user's job writes to, or Flink commits its counts: one partition, in which all rows lie in one order. */
  async createResultTopic(): Promise<void> {
    if (this.userJob !== null) return this.userJob.createOutputTopic();
    const { run, kafka, config } = this.#context;
    const { messages } = run.options;
    await createScratchTopic(kafka(), {
      topic: countsTopicName(config().runId),
      partitions: 1,
      partitionsDefault: 1,
      loadOf: (partitions) => topicLoadOf({ ...run.options, messages: Math.min(messages, 1) }, partitions),
      signal: run.ending.signal,
    });
  }

  /** From now on what Flink says is told. */
  watch(): void {
    this.#watching ??= this.#keepLooking();
  }

  /** Nothing is asked any more. */
  async close(): Promise<void> {
    this.#closing.abort(new Error("the run is over"));
    await this.#watching;
    this.#metrics.close();
    if (this.#context.run.state.flink !== null) await this.#leaveNoJob();
  }

  /** Of a Flink that is not ours: on every way out. */
  async #leaveNoJob(): Promise<void> {
    const { run } = this.#context;
    try {
      await this.#externalEnd.cancel(CANCEL_MS_MAX);
      run.recordFlink(null);
    } catch (error) {
      run.notice("error", "jobmanager", `the job may go on there; down cancels it: ${describeError(error)}`);
    }
  }

  /** Settles when each subtask runs. */
  async submit(): Promise<void> {
    const { run, config } = this.#context;
    const what = "the job RUNNING on Flink with all subtasks";
    run.feed.emit({ type: "waiting", for: what, waitedMs: 0, deadlineMs: RUNNING_MS_MAX });
    const cluster = await this.plan();
    this.#rest = createFlinkJobRest(cluster.restUrl, config().jobId);
    // Of a Flink that is not ours nobody waits for TaskManagers.
    this.watch();
    // Before it is submitted: whoever cleans up behind this host must know where.
    if (!cluster.isOurs) run.recordFlink(cluster.restUrl);
    const { signal } = run.ending;
    const running = this.#submit(null).then(() =>
      waitUntil(() => (this.#isProcessing ? true : undefined), { what, deadlineMs: RUNNING_MS_MAX, signal }),
    );
    await run.tellWait(
      { what, deadlineMs: RUNNING_MS_MAX },
      withDeadline(running, { what, deadlineMs: RUNNING_MS_MAX, signal }),
    );
  }

  /** E2. */
  async drain(endOffsets: readonly number[], deadlineMs: number): Promise<Reached> {
    const { run } = this.#context;
    const ends = (await this.userJob?.findCommittedEnds(endOffsets)) ?? endOffsets;
    const what = "applying what Flink committed up to the end offsets";
    const look = (): Reached | undefined => {
      const { mirrored } = run.seen;
      if (mirrored === null || !ends.every((end, p) => (mirrored.offsets[p] ?? 0) >= end)) return undefined;
      return { checkpointId: 0, total: mirrored.total };
    };
    return run.tellWait({ what, deadlineMs }, waitUntil(look, { what, deadlineMs, signal: run.ending.signal }));
  }

  /** Ends the job with a savepoint, which commits all that was counted, and then the mirror, which fences the state. */
  async stop(deadlineMs: number, signal?: AbortSignal): Promise<Reached> {
    const { run, mirror } = this.#context;
    const endsAtMs = performance.now() + deadlineMs;
    const rest = present(this.#rest, "the job on Flink");
    const stop = () => this.#jobEnd.stop(rest, { deadlineMs, ...(signal && { signal }) });
    if (!this.isExternal) await stop();
    else await this.#externalEnd.end(this.userJob === null ? null : stop, deadlineMs);
    if (this.userJob !== null) return { checkpointId: 0, total: run.seen.mirrored?.total ?? 0 };
    await present(mirror(), "the mirror").stop(Math.max(1, endsAtMs - performance.now()));
    const { stopped } = run.seen.job;
    if (stopped !== null) return stopped;
    throw createError("JOB_STOP_FAILED", {
      jobId: this.#context.config().jobId,
      attempts: 1,
      last: run.seen.failureOf(MIRROR)?.message ?? "the mirror ended without a word",
    });
  }

  async #plan(): Promise<FlinkCluster> {
    const { run } = this.#context;
    const cluster = await this.#planCluster();
    await this.#metrics.listen(cluster.jobManager.host);
    this.current = cluster;
    run.notice("info", "jobmanager", `is of Apache Flink ${cluster.version}, ${cluster.place}`);
    return cluster;
  }

  #planCluster(): Promise<FlinkCluster> {
    const { run, planContainers } = this.#context;
    const { checkpointIntervalMs, flink, sqlGateway } = run.options;
    const job = { shape: this.shape, checkpointIntervalMs };
    if (planContainers !== null) return planContainers(job);
    const context = {
      runDir: run.runDir,
      foreignEnvironment: () => createForeignEnvironment(run.mark),
      startProcess: startChildProcess,
    };
    if (flink === null) return planFlinkCluster(context, process.env, job);
    return planExternalFlink(context, { flink, sqlGateway }, this.#parallelism(), process.env);
  }

  /** On a Flink that is not ours a slot for each TaskManager that was asked for: how many are free there is its own matter. */
  #parallelism(): number {
    const { taskManagers } = this.#context.config();
    return this.isExternal ? taskManagers : taskManagers * this.shape.slots;
  }

  #createHooks(name: string): ChildHooks {
    const { run } = this.#context;
    return {
      log: run.logOf(name),
      onSpawn: (identity) => run.recordChild(name, identity),
      onVisible: (pid) => run.sampler.watch(name, pid),
      onMessage: () => undefined,
    };
  }

  /** Submitting twice is refused by Flink: the id of the job is ours. */
  async #submit(restoreFrom: string | null): Promise<void> {
    const { run } = this.#context;
    const cluster = await this.plan();
    const job = this.#describeJob(restoreFrom, cluster);
    if (this.userJob !== null) await this.userJob.submit(cluster, job);
    else {
      const session = await openSqlSession(cluster.gatewayUrl, sessionProperties(job), run.ending.signal);
      for (const statement of countingStatements(job)) await session.execute(statement);
      await session.close();
    }
    this.#parallelismSubmitted = job.parallelism;
  }

  #describeJob(restoreFrom: string | null, { kafkaAddress, sessionProperties }: FlinkCluster): CountingJob {
    const { config, kafka } = this.#context;
    const { jobId, jobName, topic, group, runId, checkpointIntervalMs } = config();
    return {
      jobId,
      name: jobName,
      bootstrap: kafkaAddress ?? formatKafkaAddresses(kafka().bootstrap),
      inputTopic: topic,
      outputTopic: countsTopicName(runId),
      group,
      parallelism: this.#parallelism(),
      checkpointIntervalMs,
      restoreFrom,
      sessionProperties,
    };
  }

  async #keepLooking(): Promise<void> {
    const { signal } = this.#closing;
    let last = "";
    while (!signal.aborted) {
      try {
        await this.#look(signal);
        last = "";
      } catch (error) {
        const reason = describeError(error);
        if (reason !== last && !signal.aborted)
          this.#context.run.logOf("host").write(`Flink did not answer: ${reason}`);
        last = reason;
      }
      await sleepUntilAborted(this.#recovery.isOpen ? RECOVERY_LOOK_INTERVAL_MS : LOOK_INTERVAL_MS, signal);
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { restUrl } = await this.plan();
    this.#silence ??= new FlinkSilence(restUrl, this.#createSilenceNews());
    const answer = readTaskManagers(restUrl, signal);
    // E4.
    const registered = await (this.isExternal ? this.#silence.heed(answer, signal) : answer);
    this.#tellTaskManagers(registered.map(({ id }) => id).sort());
    if (this.#rest === null || this.#parallelismSubmitted === null) return;
    const beganAtMs = performance.now();
    const status = await this.#rest.readStatus(signal);
    if (status === undefined) return this.#submitAgain();
    const answeredAtMs = performance.now();
    this.#isProcessing = status.isProcessing;
    const checkpoints = await this.#rest.readCheckpoints(signal);
    this.#tellCheckpoints(checkpoints);
    // With a TaskManager too few its scheduler lets the job go on with fewer subtasks, and with all again when it is back.
    const isProcessing = status.isProcessing && status.parallelism >= this.#parallelismNeeded();
    const { newestTriggered, newestCompleted } = checkpoints;
    const isOver = isFlinkJobOver(status.state);
    this.#recovery.note({ beganAtMs, answeredAtMs, isProcessing, isOver, newestTriggered, newestCompleted });
    await this.#tellState(this.#rest, status.state, signal);
    await this.#readMetrics(signal);
    await this.userJob?.look(signal);
  }

  #createSilenceNews(): SilenceNews {
    const { notice, ending } = this.#context.run;
    return {
      warn: (text) => notice("warn", "jobmanager", text),
      inform: (text) => notice("info", "jobmanager", text),
      giveUp: (error) => void (ending.endWithError(error) && notice("error", "jobmanager", error.message)),
    };
  }

  /** Each second, which is as often as they are shown. */
  async #readMetrics(signal: AbortSignal): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.#metricsReadAtMs < METRICS_INTERVAL_MS) return;
    this.#metricsReadAtMs = nowMs;
    const { restUrl } = await this.plan();
    this.#context.run.seen.flink = await readFlinkMetrics(restUrl, this.#context.config().jobId, signal);
  }

  /** E1. */
  async #submitAgain(): Promise<void> {
    const { run, config } = this.#context;
    this.#isProcessing = false;
    if (run.seen.isStopAsked && !this.#jobEnd.goesOn(undefined)) return;
    const { checkpointFolder: folder } = await this.plan();
    const newest = this.#jobEnd.takeUp(() =>
      folder === undefined ? this.#checkpointPath : findNewestCheckpoint(folder, config().jobId),
    );
    const from = newest ?? "the begin of the topic";
    run.notice("warn", "jobmanager", `Flink does not know the job any more: it is submitted again, from ${from}`);
    await this.#submit(newest);
  }

  #tellTaskManagers(registered: readonly string[]): void {
    const { run, deliver } = this.#context;
    if (this.#told.taskManagers === registered.join()) return;
    this.#told.taskManagers = registered.join();
    for (const tm of run.seen.job.registered.filter((name) => !registered.includes(name))) {
      deliver({ type: "taskManagerLost", tm, reason: "Flink's JobManager does not have it any more" });
    }
    deliver({ type: "taskManagers", registered });
  }

  /** Each once. Before all subtasks run none can be taken, and each try fails: those are not told. */
  #tellCheckpoints({ ended, newestPath }: FlinkCheckpoints): void {
    const { run, deliver } = this.#context;
    const total = run.seen.mirrored?.total ?? 0;
    this.#checkpointPath = newestPath ?? this.#checkpointPath;
    for (const { id, durationMs, failure } of ended.filter((one) => one.id > this.#told.checkpoint)) {
      this.#told.checkpoint = id;
      if (failure === null) deliver({ type: "checkpoint", id, status: "completed", durationMs, total, reason: null });
      else if (this.#isProcessing) {
        deliver({ type: "checkpoint", id, status: "failed", durationMs, total, reason: failure });
      }
    }
  }

  async #tellState(rest: FlinkJobRest, flinkState: FlinkJobState, signal: AbortSignal): Promise<void> {
    const { deliver, config } = this.#context;
    const state = toJobState(flinkState);
    if (this.#told.state === state) return;
    if (state === "FAILED" && (await this.#jobEnd.takeFailure(() => rest.readFailure(signal)))) return;
    const reason = state === "FAILED" ? `Flink's job failed: ${await rest.readFailure(signal)}` : null;
    this.#told.state = state;
    deliver({ type: "jobState", jobId: config().jobId, state, reason, category: reason === null ? null : "job" });
  }
}
