/**
 * The system of one run: every resource of the model with its supervisor, its addresses, and the milestones that others
 * wait for. It knows how each resource is started; the model alone knows when.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ChildMessage } from "../../simulator/common/contract/child-messages.ts";
import { chooseStickyIds } from "../../simulator/common/contract/message.ts";
import { groupName, JOB_NAME, jobIdOf, stateKeyOf, topicName } from "../../simulator/common/contract/names.ts";
import type { Infrastructure } from "../../simulator/common/contract/report.ts";
import type { RunConfig } from "../../simulator/common/contract/run-config.ts";
import type { JobManagerTask, TaskManagerTask } from "../../simulator/common/contract/tasks.ts";
import { present } from "../../simulator/common/foundation/assert.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { describeApplication, TASK_MANAGERS } from "../app-model.ts";
import type { DriverContext, ServerKind } from "../drivers/driver.ts";
import { endingOfCategory } from "../exit-code.ts";
import type { Application } from "../model/application.ts";
import { type Connections, redisEndpoint } from "../model/connection.ts";
import type { ResourceDeclaration, WaitsFor } from "../model/resource.ts";
import { partitionsOf } from "../options.ts";
import { type PreparedTopic, prepareTopic } from "../resources/kafka.ts";
import {
  alwaysRestart,
  createForeignEnvironment,
  createProgramCommand,
  judgeTask,
  type LateEnvironment,
  planProgram,
} from "../resources/node-process.ts";
import { startChildProcess } from "./child-process.ts";
import { takeFixedPort } from "./fixed-port.ts";
import { type ChosenDrivers, createServerResource, type ServerResource } from "./infrastructure.ts";
import { createJobControl, type JobControl } from "./job-control.ts";
import { isFullyOwned, markStarted } from "./job-view.ts";
import { superviseKafkaUi } from "./kafka-ui.ts";
import { choosePort, isPortClash, LOOPBACK } from "./ports.ts";
import {
  type Judgement,
  type Launch,
  type ProcessEnd,
  STOPPED,
  type Supervisor,
  superviseResource,
} from "./restart.ts";
import type { RunContext } from "./run-context.ts";
import { writeCredentials } from "./run-folder.ts";
import { startInOrder } from "./start.ts";

const REGISTERED_MS_MAX = 120_000;
const RUNNING_MS_MAX = 120_000;

/** Where each kind of our programs starts. */
const ENTRY = {
  jobmanager: "simulator/runtime/job-manager/main",
  taskmanager: "simulator/runtime/task-manager/main",
  "flink-job-simulator": "simulator/runtime/flink-job-simulator/main",
  producer: "producer/main",
  validator: "scripts/validate/main",
  report: "scripts/report/main",
} as const;

type ProgramKind = keyof typeof ENTRY;

export interface System {
  readonly application: Application;
  readonly supervisors: ReadonlyMap<string, Supervisor>;
  readonly config: RunConfig;
  /** Known once the servers answered and the topic is there; null before. */
  readonly topic: PreparedTopic | null;
  readonly infrastructure: { readonly kafka: Infrastructure; readonly redis: Infrastructure };
  /** Throws before the servers were launched. */
  connections(): Connections;
  jobControl(): JobControl;
  /** Starts everything that stands; settles when the job is RUNNING with every partition owned. */
  start(): Promise<void>;
  /** Starts a task of a round, and settles when it is ready. */
  startTask(name: string, task: object | null): Supervisor;
}

export const createSystem = (run: RunContext, drivers: ChosenDrivers): System => new RunSystem(run, drivers);

class RunSystem implements System {
  readonly application: Application;
  readonly supervisors = new Map<string, Supervisor>();
  config: RunConfig;
  topic: PreparedTopic | null = null;
  readonly #run: RunContext;
  readonly #drivers: ChosenDrivers;
  readonly #servers: Readonly<Record<ServerKind, ServerResource>>;
  #ports: JobManagerTask | null = null;
  #turns: Promise<void>;
  /** For those that load early: settles when they may begin. */
  readonly #reached = new Map<string, Promise<unknown>>();
  #areServersTold = false;

  constructor(run: RunContext, drivers: ChosenDrivers) {
    this.#run = run;
    this.#drivers = drivers;
    this.config = createConfig(run);
    this.application = describeApplication({
      taskManagers: run.options.taskManagers,
      kafkaUi: drivers.kafkaUi !== null,
    });
    const context = this.#createDriverContext();
    this.#servers = {
      kafka: createServerResource(run, this.#declaration("kafka"), drivers.kafka, context, () => this.#noteServers()),
      redis: createServerResource(run, this.#declaration("redis"), drivers.redis, context, () => this.#noteServers()),
    };
    this.#turns = Promise.all([this.#servers.kafka.launched, this.#servers.redis.launched]).then(() => undefined);
    for (const declaration of this.application.order) {
      if (declaration.kind === "kafka-ui" && drivers.kafkaUi !== null) {
        this.supervisors.set(declaration.name, superviseKafkaUi(run, declaration, drivers.kafkaUi, context));
      } else if (declaration.life === "standing") this.#supervise(declaration);
    }
  }

  get infrastructure(): { readonly kafka: Infrastructure; readonly redis: Infrastructure } {
    // Before a server answered, only its mode is certain.
    const unknown = { version: "unknown", endpoint: "" };
    return {
      kafka: this.#servers.kafka.facts() ?? { mode: this.#drivers.kafka.mode, ...unknown },
      redis: this.#servers.redis.facts() ?? { mode: this.#drivers.redis.mode, ...unknown, aof: null, fsync: null },
    };
  }

  connections(): Connections {
    const ports = this.#ports ?? { restPort: 0, rpcPort: 0 };
    return {
      kafka: this.#servers.kafka.server().address,
      redis: { url: this.#servers.redis.server().address },
      jobManager: { httpPort: ports.restPort, rpcPort: ports.rpcPort },
    };
  }

  jobControl(): JobControl {
    const { restPort } = present(this.#ports, "the JobManager's ports");
    const { jobId } = this.config;
    return createJobControl({ baseUrl: `http://${LOOPBACK}:${restPort}`, jobId, token: this.#run.token });
  }

  async start(): Promise<void> {
    const { ending } = this.#run;
    const started = startInOrder(this.application, {
      start: async ({ name, kind, loadsEarly }, reached) => {
        if (kind === "kafka-ui") {
          // Nobody waits for it, and its failure is told by itself.
          void present(this.supervisors.get(name), name)
            .start()
            .catch(() => undefined);
          return;
        }
        if (loadsEarly) {
          this.#reached.set(name, reached);
          await this.#takeTurn();
        }
        return present(this.supervisors.get(name), name).start();
      },
      reach: (wait) => this.#reach(wait),
      showWaiting: ({ name }, reason) => this.supervisors.get(name)?.showWaiting(reason),
    });
    // The run may end while resources are still starting; their own failures then have nobody to tell.
    started.catch(() => undefined);
    await Promise.race([started, rejectOnAbort(ending.signal)]);
    const producer = this.#declaration("producer");
    for (const wait of producer.waitsFor) await this.#reach(wait);
  }

  /**
   * Those that load early come after the servers, for which all of them wait in the end, and one in a turn of the event
   * loop: forking blocks it, and twenty forks in a row would make answers of the servers look late.
   */
  #takeTurn(): Promise<void> {
    const mine = this.#turns;
    this.#turns = mine.then(() => nextTurn());
    return mine;
  }

  startTask(name: string, task: object | null): Supervisor {
    const supervisor = this.#supervise(this.#declaration(name), task);
    supervisor.start().catch(() => undefined);
    return supervisor;
  }

  /** Told once, when both are known. */
  #noteServers(): void {
    const { kafka, redis } = this.#servers;
    if (this.#areServersTold || kafka.facts() === null || redis.facts() === null) return;
    this.#areServersTold = true;
    this.#run.feed.emit({ type: "infrastructure", ...this.infrastructure });
  }

  #createDriverContext(): DriverContext {
    const { options, runDir, runId } = this.#run;
    return {
      runId,
      runDir,
      base: options.runDir,
      kafkaHeapBytes: options.kafkaHeapBytes,
      withKafkaUi: this.#drivers.kafkaUi !== null,
      recordEngine: (address) => this.#run.recordEngine(address),
      embeddedMemoryBytes: options.embeddedMemoryBytes,
      choosePort: (kind) => (options.fixedPorts ? takeFixedPort(kind) : choosePort(null)),
      ownProgram: (kind, entry, task) =>
        createProgramCommand(kind, entry, { run: this.#run, config: this.config, connections: null }, task),
      foreignEnvironment: () => createForeignEnvironment(runId),
      startProcess: startChildProcess,
    };
  }

  #declaration(name: string): ResourceDeclaration {
    return present(this.application.members(name)[0], `resource ${name}`);
  }

  #supervise(declaration: ResourceDeclaration, task: object | null = null): Supervisor {
    const { name, kind } = declaration;
    const plan =
      kind === "kafka" || kind === "redis"
        ? this.#servers[kind].plan
        : planProgram({
            declaration,
            run: this.#run,
            entry: ENTRY[kind as ProgramKind],
            reached: () => this.#reached.get(name) ?? null,
            late: (launch) => this.#createLateEnvironment(kind as ProgramKind, launch, task),
            endpoint: () =>
              kind === "jobmanager" && this.#ports !== null ? `${LOOPBACK}:${this.#ports.restPort}` : null,
            judge: this.#judge(name, kind as ProgramKind),
            onMessage: (message) => this.#takeMessage(name, message),
          });
    const supervisor = superviseResource(plan, this.#run.supervisorHost);
    this.supervisors.set(name, supervisor);
    return supervisor;
  }

  async #createLateEnvironment(kind: ProgramKind, launch: Launch, task: object | null): Promise<LateEnvironment> {
    // The report is made even of a run whose servers never came up.
    if (kind === "report") return { config: this.config, connections: null, task };
    let ownTask = task;
    if (kind === "jobmanager") {
      const isClash = launch.formerLastLines !== null && isPortClash(launch.formerLastLines);
      if (this.#ports === null || isClash) this.#ports = await this.#chooseJobManagerPorts();
      ownTask = this.#ports;
    } else if (kind === "taskmanager") {
      ownTask = { incarnation: String(launch.life + 1) } satisfies TaskManagerTask;
    }
    return { config: this.config, connections: this.connections(), task: ownTask };
  }

  async #chooseJobManagerPorts(): Promise<JobManagerTask> {
    const restPort = await (this.#run.options.fixedPorts ? takeFixedPort("jobManagerHttp") : choosePort(null));
    return { restPort, rpcPort: await choosePort(null) };
  }

  #judge(name: string, kind: ProgramKind): (end: ProcessEnd) => Judgement {
    if (kind === "taskmanager") return alwaysRestart;
    if (kind !== "jobmanager") return judgeTask(this.#run, name);
    // A JobManager that could not reach Kafka or Redis for a minute will not reach them by being started again, and one
    // that refuses what it was given will refuse it again.
    return () => {
      const failure = this.#run.seen.failureOf(name);
      return failure === undefined || failure.category === "unexpected" ? "restart" : failure;
    };
  }

  #takeMessage(name: string, message: ChildMessage): void {
    const { seen, notice, writeMetrics, feed, ending } = this.#run;
    seen.take(name, message);
    if (message.type === "notice") notice(message.level, name, message.text);
    else if (message.type === "failed") notice("error", name, message.message);
    else if (message.type === "metrics") writeMetrics(message.metrics);
    else if (message.type === "checkpoint") feed.emit(message);
    else if (message.type === "taskManagerLost") this.#noticeLoss(name, message.tm, message.reason);
    else if (message.type === "recovered") {
      notice("warn", name, `state recovered from ${message.from}: ${message.reason}`);
    } else if (message.type === "jobState" && message.state === "FAILED") {
      ending.end(endingOfCategory(message.category ?? "job", message.reason ?? "the job failed"));
    }
  }

  /** One that we stop is lost to the JobManager too, and nobody needs to hear of that. */
  #noticeLoss(name: string, taskManager: string, reason: string): void {
    const snapshot = this.supervisors.get(taskManager)?.snapshot;
    const isOurDoing = snapshot?.state === "stopping" || snapshot?.reason === STOPPED;
    if (!isOurDoing) this.#run.notice("warn", name, `${taskManager} is lost: ${reason}`);
  }

  async #reach(wait: WaitsFor): Promise<void> {
    const { feed, seen, ending } = this.#run;
    const waitFor = (what: string, deadlineMs: number, look: () => boolean) => {
      feed.emit({ type: "waiting", for: what, deadlineMs });
      return waitUntil(() => (look() ? true : undefined), { what, deadlineMs, signal: ending.signal });
    };
    if (wait.until === "topicReady") await this.#prepareTopic();
    else if (wait.until === "registered") {
      const names = this.application.members(TASK_MANAGERS).map((member) => member.name);
      await waitFor(`registration of ${names.length} TaskManagers`, REGISTERED_MS_MAX, () =>
        names.every((name) => seen.job.registered.includes(name)),
      );
    } else if (wait.until === "jobRunning") {
      const { partitions } = this.config;
      await waitFor(`the job RUNNING with ${partitions} partitions owned`, RUNNING_MS_MAX, () =>
        isFullyOwned(seen.job, partitions),
      );
      seen.job = markStarted(seen.job);
    } else throw createError("ASSERTION_FAILED", { what: `nobody reaches ${wait.on} ${wait.until} at the start` });
  }

  async #prepareTopic(): Promise<void> {
    const { options, ending } = this.#run;
    this.#recordEvidence();
    this.topic = await prepareTopic({
      address: this.#servers.kafka.server().address,
      topic: this.config.topic,
      partitions: options.partitions,
      partitionsDefault: partitionsOf(options),
      willProduce: options.messages > 0 || options.topic === null,
      isNamed: options.topic !== null,
      log: createLog((line) => this.#run.logOf("kafka").write(line)),
      signal: ending.signal,
    });
    const { partitions, ownTopic } = this.topic;
    const stickyIds = chooseStickyIds({ ...options, partitions });
    this.config = { ...this.config, partitions, stickyIds, ownTopic };
  }

  /** What will stay on servers of others, before the first of it is made, so that `down --purge` can remove it. */
  #recordEvidence(): void {
    const { topic, ownTopic, group, stateKey, counterKey, sequenceKey } = this.config;
    const { kafka, redis } = this.#run.options;
    if (redis !== null) writeCredentials(this.#run.runDir, redis);
    this.#run.updateState({
      evidence: {
        ...{ topic, ownTopic, group, stateKey, counterKey, sequenceKey, kafka },
        redis: redis === null ? null : redisEndpoint(redis),
      },
    });
  }
}

/** Partitions and ownership of the topic become certain when the topic is there, before any dependent starts. */
function createConfig(run: RunContext): RunConfig {
  const { options, runId } = run;
  const jobId = jobIdOf(runId);
  return {
    runId,
    jobId,
    jobName: JOB_NAME,
    topic: options.topic ?? topicName(runId),
    ownTopic: options.topic === null || options.messages > 0,
    group: groupName(runId),
    partitions: partitionsOf(options),
    stickyIds: chooseStickyIds({ ...options, partitions: partitionsOf(options) }),
    taskManagers: options.taskManagers,
    stateKey: stateKeyOf(jobId),
    counterKey: options.counterKey,
    sequenceKey: options.sequenceKey,
    messageSize: options.messageSize,
    rate: options.rate,
    maxTimeMs: options.maxTimeMs,
    checkpointIntervalMs: options.checkpointIntervalMs,
    allowRejected: options.allowRejected,
    operators: options.testOperator === null ? ["identity"] : ["identity", options.testOperator],
  };
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}
