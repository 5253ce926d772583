/**
 * What a user may write in an application of their own, as types: what can be waited for, what has an address, and what
 * each resource can be told. A mistake that these types can see does not compile; `checks.ts` finds the others, and all
 * of them for those who write no types. `builder.ts` is the one implementation.
 */
import type { PROPERTIES, Reference, ReferenceText } from "./reference.ts";
import type { Milestone } from "./resource.ts";

/** Something that others can wait for. The first milestone is what they wait for when they name none. */
export interface Waitable<M extends Milestone> {
  /** Unique among all resources. */
  readonly name: string;
  readonly milestones: readonly M[];
}

/** Stands from the start of a run to its end. The tasks of a round come after all that stands. */
export interface Standing {
  readonly life: "standing";
}

export interface Task {
  readonly life: "task";
}

/** Others can be given its address. */
export interface Addressed {
  readonly name: string;
  readonly hasAddress: true;
}

/** Milestones that belong to a round: only a round's tasks can wait for them. */
type RoundMilestone = "produced" | "drained";
type StandingMilestone<M extends Milestone> = Exclude<M, RoundMilestone>;

export interface WaitOptions<M extends Milestone> {
  /** What the other must have reached. @default its first milestone */
  readonly until?: M;
  /** How long the wait may take, for "healthy" and "finished"; passing it ends the run. @default 120_000 */
  readonly deadlineMs?: number;
}

interface StandingResource<Self> extends Standing {
  /** Makes this resource begin only when the other has reached the milestone. Call it once for each resource. */
  waitFor<M extends Milestone>(target: Waitable<M> & Standing, options?: WaitOptions<StandingMilestone<M>>): Self;
}

interface TaskResource<Self> extends Task {
  /** Makes this task begin, in each round, only when the other has reached the milestone. */
  waitFor<M extends Milestone>(target: Waitable<M>, options?: WaitOptions<M>): Self;
}

interface WithProperties<K extends keyof typeof PROPERTIES> extends Addressed {
  /** A value that is known only when the run is: pass it to `ref` or `withEnvironment`. */
  property(name: keyof (typeof PROPERTIES)[K]): Reference;
}

export interface KafkaResource
  extends StandingResource<KafkaResource>,
    Waitable<"ready" | "topicReady">,
    WithProperties<"kafka"> {}

export interface RedisResource extends StandingResource<RedisResource>, Waitable<"ready">, WithProperties<"redis"> {}

export interface JobManagerResource
  extends StandingResource<JobManagerResource>,
    Waitable<"ready" | "drained">,
    WithProperties<"jobmanager"> {}

export interface TaskManagersResource
  extends StandingResource<TaskManagersResource>,
    Waitable<"registered" | "ready"> {}

export interface FlinkJobSimulatorResource
  extends StandingResource<FlinkJobSimulatorResource>,
    Waitable<"jobRunning" | "ready"> {}

export interface ProducerResource extends TaskResource<ProducerResource>, Waitable<"produced"> {}
export interface ValidatorResource extends TaskResource<ValidatorResource>, Waitable<"finished"> {}
export interface ReportResource extends TaskResource<ReportResource>, Waitable<"finished"> {}

/** A program of your own, run by Node. `M`: the milestones that others can wait for. `E`: the names of its endpoints. */
export interface NodeProcessResource<M extends Milestone, E extends string>
  extends StandingResource<NodeProcessResource<M, E>>,
    Waitable<M> {
  readonly hasAddress: [E] extends [never] ? false : true;
  /** Gives it an HTTP address on 127.0.0.1. The variable `env` tells the program its port, which it keeps over restarts. */
  withHttpEndpoint<N extends string>(
    name: N,
    options: { readonly env: string; readonly port?: number },
  ): NodeProcessResource<M, E | N>;
  /** Makes it healthy while a GET of this path is answered with 2xx. Others then wait for "healthy", unless they name another milestone. */
  withHttpHealthCheck(
    path: [E] extends [never] ? never : string,
    options?: HealthCheckOptions<E>,
  ): NodeProcessResource<M | "healthy", E>;
  /** Gives it the connection variables of the other, and makes it begin after the other. */
  withReference(target: Addressed): NodeProcessResource<M, E>;
  /** Sets a variable of its environment. */
  withEnvironment(name: string, value: string | ReferenceText | Reference): NodeProcessResource<M, E>;
  /** Says whether and how often it is started again after it ended. */
  withRestart(options: RestartOptions): NodeProcessResource<M, E>;
  /** The URL of one of its endpoints, as a reference. */
  endpoint(name: E): Reference;
}

export interface HealthCheckOptions<E extends string> {
  /** The endpoint that is asked. @default the first one */
  readonly endpoint?: E;
  /** Time from its start to the first answer with 2xx; passing it ends the run with exit 6. @default 30_000 */
  readonly deadlineMs?: number;
  /** Time between two checks once it is healthy. @default 1_000 */
  readonly intervalMs?: number;
}

export interface RestartOptions {
  /** With "onFailure" an exit code 0 means that its work is done. @default "onFailure" */
  readonly policy?: "onFailure" | "always";
  /** Restarts within 60 s, from 0 to 10; one more ends the run with exit 6. @default 10 */
  readonly max?: number;
}

export interface KafkaSettings {
  /** Partitions of the topic, 1 to 350. @default 20 */
  readonly partitions?: number;
  /** Image of its container, where it runs in one. @default "apache/kafka:4.3.0" */
  readonly image?: string;
  /** Heap of the broker, where it runs in a container. @default "1g" */
  readonly heap?: string;
  /** Adds a web page over it, where it runs in a container. @default false */
  readonly ui?: boolean;
}

export interface RedisSettings {
  /** Image of its container, where it runs in one. @default "redis:8.6" */
  readonly image?: string;
}

export interface JobManagerSettings {
  /** Time between two checkpoints. @default 1_000 */
  readonly checkpointIntervalMs?: number;
}

export interface TaskManagersSettings {
  /** TaskManager processes, 1 to 256. @default 20 */
  readonly replicas?: number;
}

export interface ProducerSettings {
  /** Messages of the first round; 0 = none. @default 1_000_000, with `stress` 10_000_000 */
  readonly messages?: number;
  /** Bytes of one message value, at least 64. @default 100 */
  readonly messageSize?: number;
  /** How batches are compressed. @default "none" */
  readonly compression?: "none" | "gzip" | "snappy" | "lz4" | "zstd";
  /** Messages per second; 0 = as fast as possible. @default 0 */
  readonly rate?: number;
  /** Time from the first send to the last applied effect; passing it ends the run with exit 5. @default 300_000 */
  readonly maxTimeMs?: number;
  /** Made-up messages before the first round: `5s`, or a number of them as text. @default none */
  readonly warmUp?: string;
}

/** A `URL`, told by what is used of it: a project without Node's or the browser's types has no type of that name. */
export interface FileAddress {
  readonly href: string;
}

export interface NodeProcessSettings {
  /** Path of a program that Node can run, from the folder of the file that declares it; `.ts` is fine. */
  readonly script: string | FileAddress;
  /** Its arguments. */
  readonly args?: readonly string[];
  /** Processes that run it, named `<name>-01` and so on when there are more than one. @default 1 */
  readonly replicas?: number;
}

/** Each built-in resource is there exactly once: the verdict is about all of them. */
export interface AppBuilder {
  addKafka(name: "kafka", settings?: KafkaSettings): KafkaResource;
  addRedis(name: "redis", settings?: RedisSettings): RedisResource;
  addJobManager(name: "jobmanager", settings?: JobManagerSettings): JobManagerResource;
  addTaskManagers(name: "taskmanager", settings?: TaskManagersSettings): TaskManagersResource;
  addFlinkJobSimulator(name: "flink-job-simulator"): FlinkJobSimulatorResource;
  addProducer(name: "producer", settings?: ProducerSettings): ProducerResource;
  addValidator(name: "validator"): ValidatorResource;
  addReport(name: "report"): ReportResource;
  addNodeProcess(name: string, settings: NodeProcessSettings): NodeProcessResource<"ready" | "finished", never>;
}
