/**
 * The system of one run: every resource of the model with its supervisor and its addresses. It knows how each resource is
 * started; the model alone knows when, and `milestones.ts` what else is waited for.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ChildMessage } from "../../simulator/common/contract/child/child-messages.ts";
import type { RunConfig } from "../../simulator/common/contract/child/run-config.ts";
import type { JobManagerTask, MirrorTask, TaskManagerTask } from "../../simulator/common/contract/child/tasks.ts";
import { PAUSED_BY_USER, STOPPED, STOPPED_BY_USER } from "../../simulator/common/contract/events.ts";
import type { Infrastructure } from "../../simulator/common/contract/files/report.ts";
import { chooseStickyIds } from "../../simulator/common/contract/message.ts";
import { countsTopicName, MIRROR } from "../../simulator/common/contract/names.ts";
import { present } from "../../simulator/common/foundation/assert.ts";
import { withDeadline } from "../../simulator/common/foundation/deadline.ts";
import type { KafkaAccess } from "../../simulator/common/foundation/kafka-security.ts";
import { addKafkaUi, TASK_MANAGERS } from "../app-model.ts";
import {
  brokersOf,
  type DriverContext,
  kafkaAccessOf,
  redisOf,
  type ServerKind,
  type ServerPlan,
  securedOf,
} from "../drivers/driver.ts";
import { chooseBrokerSession } from "../drivers/native-configuration.ts";
import { endingOfCategory } from "../exit-code.ts";
import { type Application, resizeGroup } from "../model/application.ts";
import {
  type Connections,
  connectionVariables,
  flinkClientVariables,
  hasConnectionString,
  jobManagerVariables,
  kafkaVariables,
  NO_CONNECTION_STRING,
  redisVariables,
} from "../model/connection.ts";
import type { ResourceDeclaration, WaitsFor } from "../model/resource.ts";
import { startChildProcess } from "../processes/child-process.ts";
import { ENTRY, type ProgramKind } from "../processes/entry-point.ts";
import { choosePort, isPortClash, LOOPBACK, takeFixedPort } from "../processes/ports.ts";
import type { Judgement, Launch, ProcessEnd, ResourcePlan } from "../processes/resource-plan.ts";
import { Supervisor } from "../processes/supervisor.ts";
import type { ChosenDrivers } from "../resources/driver-choice.ts";
import type { PreparedTopic } from "../resources/kafka.ts";
import { superviseKafkaUi } from "../resources/kafka-ui.ts";
import { createNodeProcesses, type NodeProcesses } from "../resources/node-processes.ts";
import {
  alwaysRestart,
  createForeignEnvironment,
  createProgramCommand,
  judgeTask,
  type LateEnvironment,
  planProgram,
} from "../resources/own-program.ts";
import { createServerResource, type ServerResource } from "../resources/server.ts";
import { describeOutsideEnd, type JobView } from "../run/job-view.ts";
import { createRunConfig } from "../run/run-config.ts";
import type { RunContext } from "../run/run-context.ts";
import { FlinkEngine } from "./flink-engine.ts";
import { createJobControl, type JobControl } from "./job-control.ts";
import { Milestones } from "./milestones.ts";
import { startInOrder } from "./start.ts";
import { STOP_BUDGET_MS } from "./stop.ts";

export class System {
  readonly supervisors = new Map<string, Supervisor>();
  /** TaskManagers that were scaled away, as they were last: what they processed is still theirs. */
  readonly formerTaskManagers = new Map<string, Pick<Supervisor, "snapshot" | "life">>();
  #application: Application;
  #config: RunConfig;
  #topic: PreparedTopic | null = null;
  readonly #run: RunContext;
  readonly #drivers: ChosenDrivers;
  readonly #servers: Readonly<Record<ServerKind, ServerResource>>;
  #ports: JobManagerTask | null = null;
  #turns: Promise<void>;
  /** For those that load early: settles when they may begin. */
  readonly #reached = new Map<string, Promise<unknown>>();
  /** Null: this runtime. */
  readonly flink: FlinkEngine | null;
  readonly #milestones: Milestones;
  readonly #nodeProcesses: NodeProcesses;
  #areServersTold = false;

  constructor(run: RunContext, application: Application, drivers: ChosenDrivers) {
    this.#run = run;
    this.#drivers = drivers;
    this.#config = createRunConfig(run);
    this.#application = drivers.kafkaUi === null ? application : addKafkaUi(application);
    this.flink = run.options.engine === "flink" ? this.#createFlinkEngine() : null;
    const variablesOf = (resource: string) => this.#variablesOf(resource);
    this.#nodeProcesses = createNodeProcesses({ run, application: this.application, variablesOf });
    const context = this.#createDriverContext();
    this.#servers = {
      kafka: createServerResource(run, this.#declaration("kafka"), drivers.kafka, context, () => this.#noteServers()),
      redis: createServerResource(run, this.#declaration("redis"), drivers.redis, context, () => this.#noteServers()),
    };
    this.#milestones = new Milestones({
      run,
      config: () => this.config,
      kafka: () => this.kafkaAccess(),
      taskManagers: () => this.application.members(TASK_MANAGERS).map((member) => member.name),
      flink: this.flink,
      onTopic: (topic) => this.#noteTopic(topic),
    });
    this.#turns = Promise.all([this.#servers.kafka.launched, this.#servers.redis.launched]).then(() => undefined);
    for (const declaration of this.application.order) {
      if (declaration.kind === "kafka-ui" && drivers.kafkaUi !== null) {
        this.supervisors.set(declaration.name, superviseKafkaUi(run, declaration, drivers.kafkaUi, context));
      } else if (declaration.life === "standing") this.#supervise(declaration);
    }
  }

  /** Scaling changes it. */
  get application(): Application {
    return this.#application;
  }

  /** The topic and scaling change it. */
  get config(): RunConfig {
    return this.#config;
  }

  /** Known once the servers answered and the topic is there; null before. */
  get topic(): PreparedTopic | null {
    return this.#topic;
  }

  get infrastructure(): { readonly kafka: Infrastructure; readonly redis: Infrastructure } {
    // Before a server answered, only its mode is certain.
    const unknown = { version: "unknown", endpoint: "" };
    return {
      kafka: this.#servers.kafka.facts() ?? { mode: this.#drivers.kafka.mode, ...unknown },
      redis: this.#servers.redis.facts() ?? { mode: this.#drivers.redis.mode, ...unknown, aof: null, fsync: null },
    };
  }

  /** Throws before Kafka was launched. */
  kafkaAccess(): KafkaAccess {
    return kafkaAccessOf(this.serverOf("kafka"));
  }

  /** Throws before the servers were launched. */
  connections(): Connections {
    const ofFlink = this.flink?.current?.jobManager;
    const ports = this.#ports ?? { restPort: 0, rpcPort: 0 };
    const kafka = this.#servers.kafka.server();
    return {
      kafka: brokersOf(kafka),
      kafkaFiles: securedOf(kafka)?.files ?? null,
      redis: redisOf(this.#servers.redis.server()),
      jobManager:
        ofFlink === undefined
          ? { host: LOOPBACK, httpPort: ports.restPort, rpcPort: ports.rpcPort }
          : { host: ofFlink.host, httpPort: ofFlink.port, rpcPort: ofFlink.rpcPort },
    };
  }

  /** What `env` prints: of the servers, what lets the `flink` command call the JobManager, and of the user's programs. */
  variables(): Record<string, string> {
    return {
      ...connectionVariables(this.connections()),
      ...(this.flink?.isExternal === true ? {} : flinkClientVariables(this.#run.token)),
      ...this.flink?.variables(),
      ...this.#nodeProcesses.variables(),
    };
  }

  jobControl(): JobControl {
    const { jobId } = this.config;
    if (this.flink !== null) {
      // Flink asks for no token, and one that is not ours must not learn it.
      const { restUrl } = present(this.flink.current, "the way to Flink");
      return createJobControl({ baseUrl: restUrl, jobId, token: null });
    }
    const { restPort } = present(this.#ports, "the JobManager's ports");
    return createJobControl({ baseUrl: `http://${LOOPBACK}:${restPort}`, jobId, token: this.#run.token });
  }

  /** Starts everything that stands; settles when the job is RUNNING with every partition owned. */
  async start(): Promise<void> {
    const { ending } = this.#run;
    // What the first round waits for.
    const goals = this.#declaration("producer").waitsFor;
    const started = startInOrder(this.application, goals, {
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
    // Each step has a deadline of its own, those of a user's programs among them.
    await withDeadline(started, { what: "the start", deadlineMs: Number.POSITIVE_INFINITY, signal: ending.signal });
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

  /** Starts a task of a round. */
  startTask(name: string, task: object | null): Supervisor {
    const supervisor = this.#supervise(this.#declaration(name), task);
    supervisor.start().catch(() => undefined);
    return supervisor;
  }

  /** Throws before it was launched. */
  serverOf(kind: ServerKind): ServerPlan {
    return this.#servers[kind].server();
  }

  /** Makes these the TaskManagers: new ones are started, and those that are not named (and have ended) are forgotten. */
  setTaskManagers(names: readonly string[]): void {
    const before = this.application.members(TASK_MANAGERS).map((member) => member.name);
    this.#application = resizeGroup(this.application, TASK_MANAGERS, names);
    this.#config = { ...this.config, taskManagers: names.length };
    for (const name of before.filter((one) => !names.includes(one))) {
      const { snapshot, life } = present(this.supervisors.get(name), name);
      this.formerTaskManagers.set(name, { snapshot, life });
      this.supervisors.delete(name);
      this.#run.feed.emit({ type: "resourceRemoved", name });
    }
    for (const name of names.filter((one) => !before.includes(one))) {
      const supervisor = this.#supervise(this.#declaration(name));
      this.formerTaskManagers.delete(name);
      // Its failure ends the run by itself.
      supervisor.start().catch(() => undefined);
    }
  }

  #createFlinkEngine(): FlinkEngine {
    const { flink } = this.#drivers;
    return new FlinkEngine({
      run: this.#run,
      config: () => this.config,
      kafka: () => this.kafkaAccess(),
      topic: () => this.#topic,
      deliver: (message) => this.#takeMessage("jobmanager", message),
      mirror: () => this.supervisors.get(MIRROR),
      restartJobManager: async () => {
        const jobManager = present(this.supervisors.get("jobmanager"), "the JobManager");
        await jobManager.halt(STOP_BUDGET_MS);
        await jobManager.startAgain();
      },
      variables: () => connectionVariables(this.connections()),
      planContainers: flink === null ? null : (job) => flink.planFlink(this.#createDriverContext(), job),
    });
  }

  /** Told once, when both are known. */
  #noteServers(): void {
    const { kafka, redis } = this.#servers;
    if (this.#areServersTold || kafka.facts() === null || redis.facts() === null) return;
    this.#areServersTold = true;
    this.#run.feed.emit({ type: "infrastructure", ...this.infrastructure });
    if (!hasConnectionString(this.connections().redis)) this.#run.notice("warn", "redis", NO_CONNECTION_STRING);
  }

  #createDriverContext(): DriverContext {
    const { options, runDir, runId, mark } = this.#run;
    return {
      runId,
      runDir,
      base: options.runDir,
      kafkaHeapBytes: options.kafkaHeapBytes,
      isKafkaForContainers: this.#drivers.kafkaUi !== null || this.#drivers.flink !== null,
      brokerSession: chooseBrokerSession(this.flink?.jvmsPerCore ?? 0),
      recordEngine: (address) => this.#run.recordEngine(address),
      embeddedMemoryBytes: options.embeddedMemoryBytes,
      embeddedAutoCreateTopics: options.embeddedAutoCreateTopics,
      choosePort: (kind) => (options.fixedPorts ? takeFixedPort(kind) : choosePort()),
      ownProgram: (kind, entry, task) =>
        createProgramCommand(kind, entry, { run: this.#run, config: this.config, connections: null }, task),
      foreignEnvironment: () => createForeignEnvironment(mark),
      startProcess: startChildProcess,
    };
  }

  #declaration(name: string): ResourceDeclaration {
    return present(this.application.members(name)[0], `resource ${name}`);
  }

  #supervise(declaration: ResourceDeclaration, task: object | null = null): Supervisor {
    const { name } = declaration;
    // Incarnations are never used twice: one that was scaled away goes on counting when it is back.
    const former = this.formerTaskManagers.get(name);
    const host = this.flink?.superviseFor(declaration.kind) ?? this.#run.supervisorHost;
    const supervisor = new Supervisor(this.#plan(declaration, task), host, {
      firstLife: former === undefined ? 0 : former.life + 1,
    });
    this.supervisors.set(name, supervisor);
    return supervisor;
  }

  #plan(declaration: ResourceDeclaration, task: object | null): ResourcePlan {
    const { name, kind, process } = declaration;
    if (kind === "kafka" || kind === "redis") return this.#servers[kind].plan;
    if (process !== undefined) return this.#nodeProcesses.plan(declaration, process);
    const ofFlink = this.flink?.planResource(declaration) ?? null;
    if (ofFlink !== null) return ofFlink;
    let isDone = false;
    return planProgram({
      declaration,
      run: this.#run,
      entry: ENTRY[kind as ProgramKind],
      reached: () => this.#reached.get(name) ?? null,
      late: (launch) => this.#createLateEnvironment(kind as ProgramKind, launch, task),
      endpoint: () => (kind === "jobmanager" && this.#ports !== null ? `${LOOPBACK}:${this.#ports.restPort}` : null),
      judge: this.#judge(name, kind as ProgramKind, () => isDone),
      onMessage: (message) => {
        isDone ||= isLastWord(message);
        this.#takeMessage(name, message);
      },
    });
  }

  /** By which others reach it. It has been started: a reference waits (D2 of `builder.ts`). */
  #variablesOf(nameOrGroup: string): Record<string, string> {
    if (nameOrGroup === "kafka") {
      const { kafka, kafkaFiles } = this.connections();
      return kafkaVariables(kafka, kafkaFiles);
    }
    if (nameOrGroup === "redis") return redisVariables(redisOf(this.#servers.redis.server()));
    if (nameOrGroup === "jobmanager") return jobManagerVariables(this.connections().jobManager);
    return this.#nodeProcesses.variablesOf(nameOrGroup);
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
    } else if (kind === "mirror") {
      const countsTopic = countsTopicName(this.config.runId);
      ownTask = { incarnation: String(launch.life + 1), countsTopic } satisfies MirrorTask;
    }
    return { config: this.config, connections: this.connections(), task: ownTask };
  }

  async #chooseJobManagerPorts(): Promise<JobManagerTask> {
    const restPort = await (this.#run.options.fixedPorts ? takeFixedPort("jobManagerHttp") : choosePort());
    return { restPort, rpcPort: await choosePort() };
  }

  #judge(name: string, kind: ProgramKind, isDone: () => boolean): (end: ProcessEnd) => Judgement {
    if (kind === "taskmanager") return alwaysRestart;
    if (kind !== "jobmanager" && kind !== "mirror") return judgeTask(this.#run, name, isDone);
    // One that holds the state and could not reach Kafka or Redis for a minute will not reach them by being started again, and one
    // that refuses what it was given will refuse it again.
    return () => {
      const failure = this.#run.seen.failureOf(name);
      return failure === undefined || failure.category === "unexpected" ? "restart" : failure;
    };
  }

  #takeMessage(name: string, message: ChildMessage): void {
    const { seen, notice, writeMetrics, feed, ending } = this.#run;
    const before = seen.isJobCancelled ? seen.job : null;
    seen.take(name, message);
    if (message.type === "notice") notice(message.level, name, message.text);
    else if (message.type === "failed") notice("error", name, message.message);
    else if (message.type === "metrics") writeMetrics(message.metrics);
    else if (message.type === "checkpoint") feed.emit(message);
    else if (message.type === "validating") feed.emit({ ...message, type: "validation" });
    else if (message.type === "checked") feed.emit({ type: "check", check: message.check });
    else if (message.type === "taskManagerLost") this.#noticeLoss(name, message.tm, message.reason);
    else if (message.type === "recovered") {
      if (message.from === "savepoint") notice("info", name, message.reason);
      else notice("warn", name, `state recovered from ${message.from}: ${message.reason}`);
    } else if (message.type === "jobState" && message.state === "FAILED") {
      ending.end(endingOfCategory(message.category ?? "job", message.reason ?? "the job failed"));
    } else if (message.type === "jobState" && seen.isJobCancelled) this.#noteEndedByOthers(before);
  }

  /**
   * An open round ends by it once the job is over; before that, its last state is not in Redis yet. `before`: what was
   * known of that end; null when nothing was.
   */
  #noteEndedByOthers(before: JobView | null): void {
    const { seen, notice, ending } = this.#run;
    const { state, savepoint } = seen.job;
    const isNews = before === null || before.savepoint !== savepoint;
    if (isNews) notice("warn", "jobmanager", `the job is ${describeOutsideEnd(seen.job)}`);
    if (state === "CANCELLING" || !seen.isRoundOpen || seen.isRoundDrained) return;
    ending.end(savepoint === null ? { kind: "jobCancelled" } : { kind: "jobStopped", savepoint });
  }

  /** One that we stop or pause is lost to the JobManager too, and nobody needs to hear of that. */
  #noticeLoss(name: string, taskManager: string, reason: string): void {
    const snapshot = this.supervisors.get(taskManager)?.snapshot;
    const isOurDoing =
      snapshot === undefined ||
      snapshot.state === "stopping" ||
      [STOPPED, STOPPED_BY_USER, PAUSED_BY_USER].includes(snapshot.reason);
    if (!isOurDoing) this.#run.notice("warn", name, `${taskManager} is lost: ${reason}`);
  }

  #reach(wait: WaitsFor): Promise<void> {
    if (wait.until === "healthy" || wait.until === "finished") {
      return this.#nodeProcesses.reach(wait, this.supervisors);
    }
    return this.#milestones.reach(wait);
  }

  #noteTopic(topic: PreparedTopic): void {
    this.#topic = topic;
    const { partitions, ownTopic } = topic;
    const stickyIds = chooseStickyIds({ ...this.#run.options, partitions });
    this.#config = { ...this.config, partitions, stickyIds, ownTopic };
  }
}

/** Of a task: all that it had to do is done, and on disk. */
const isLastWord = ({ type }: ChildMessage): boolean => type === "produceFinished" || type === "validated";
