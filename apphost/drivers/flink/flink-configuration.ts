/** The configuration texts of a Flink cluster, of which all processes read the same. Pure. */
import type { HostPort } from "../../../simulator/common/foundation/address.ts";
import { LOOPBACK } from "../../processes/ports.ts";
import { formatJavaLogging } from "../native-configuration.ts";
import type { TaskManagerMib } from "./flink-memory.ts";

/** How its processes find each other, and where they listen. */
export interface FlinkHosts {
  readonly jobManager: string;
  /** Null: each TaskManager is told its own. */
  readonly taskManager: string | null;
  readonly bind: string;
}

export interface FlinkSettings {
  readonly hosts: FlinkHosts;
  readonly rpcPort: number;
  readonly restPort: number;
  readonly gatewayPort: number;
  /** How many JVMs of the cluster there are for each core of this machine. */
  readonly jvmsPerCore: number;
  /** Of each TaskManager. */
  readonly slots: number;
  readonly memory: TaskManagerMib;
  readonly checkpointIntervalMs: number;
  /** Absolute, as it is on disk: Flink takes what follows `file://` as it stands, and resolves no percent signs. */
  readonly checkpointFolder: string;
  readonly savepointFolder: string;
  /** A plain name: Flink splits this setting at commas and colons, and knows no way to write one. */
  readonly temporaryFolder: string;
}

/** `config.yaml` of a cluster that is started here. */
export const formatFlinkConfiguration = (settings: FlinkSettings): string =>
  formatEntries({ ...addressEntries(settings), ...memoryEntries(settings.memory), ...jobEntries(settings) });

export interface GatewaySettings {
  /** The JobManager that it submits to. */
  readonly flink: HostPort;
  readonly gatewayPort: number;
  readonly temporaryFolder: string;
}

/** Of a SQL Gateway of ours for a Flink that is not. */
export const formatGatewayConfiguration = ({ flink, gatewayPort, temporaryFolder }: GatewaySettings): string =>
  formatEntries({
    ...remoteEntries(flink),
    ...gatewayEntries(gatewayPort, LOOPBACK),
    "io.tmp.dirs": temporaryFolder,
  });

/** Which JobManager is submitted to, and nothing but that: a gateway of others has a default of its own. */
export const remoteEntries = ({ host, port }: HostPort): Record<string, string> => ({
  "execution.target": "remote",
  "rest.address": host,
  "rest.port": String(port),
});

/** `config.yaml`, with flat keys. A string of JSON is one of YAML, whatever characters a path has. */
export const formatEntries = (entries: Record<string, string | number>): string =>
  Object.entries(entries)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
    .join("");

const gatewayEntries = (gatewayPort: number, bind: string): Record<string, string | number> => ({
  "sql-gateway.endpoint.rest.address": LOOPBACK,
  "sql-gateway.endpoint.rest.bind-address": bind,
  "sql-gateway.endpoint.rest.port": gatewayPort,
  // Left out, it would be that of `rest.bind-port`, on which the JobManager listens.
  "sql-gateway.endpoint.rest.bind-port": String(gatewayPort),
});

/** How late an answer may be: that of a process which is there, on a machine that is not overloaded. */
const ANSWER_S_MIN = 10;
/** Of each JVM with which a core is shared, while all of them start. */
const ANSWER_S_FOR_EACH = 2.5;
/** Flink's own default of `heartbeat.timeout`. */
const ANSWER_S_MAX = 50;

/**
 * What is taken for dead while it only waits for a core is started again, and that on the same core: where twenty JVMs
 * share two, a job was restarted two to four times before it ran.
 */
export const answerSecondsMax = (jvmsPerCore: number): number =>
  Math.min(ANSWER_S_MAX, Math.max(ANSWER_S_MIN, Math.ceil(ANSWER_S_FOR_EACH * jvmsPerCore)));

function addressEntries(settings: FlinkSettings): Record<string, string | number> {
  const { hosts, rpcPort, restPort, gatewayPort, jvmsPerCore } = settings;
  const { jobManager, taskManager, bind } = hosts;
  const answered = `${answerSecondsMax(jvmsPerCore)} s`;
  return {
    "jobmanager.rpc.address": jobManager,
    "jobmanager.rpc.port": rpcPort,
    "jobmanager.bind-host": bind,
    ...(taskManager === null ? {} : { "taskmanager.host": taskManager }),
    "taskmanager.bind-host": bind,
    "rest.address": jobManager,
    "rest.port": restPort,
    "rest.bind-address": bind,
    "rest.bind-port": String(restPort),
    // What REST tells of a job and of its checkpoints is never older.
    "web.refresh-interval": "100 ms",
    // What it tells of metrics is at most so old; the default are 10 s.
    "metrics.fetcher.update-interval": "2 s",
    // Of a TaskManager that is gone it is known after two of them that were not answered.
    "heartbeat.interval": "2 s",
    // A TaskManager only answers heartbeats, and so learns of the end of its JobManager by nothing but this.
    "heartbeat.timeout": answered,
    // An answer that a task waits for in vain fails the task.
    "pekko.ask.timeout": answered,
    ...gatewayEntries(gatewayPort, bind),
  };
}

function memoryEntries(mib: TaskManagerMib): Record<string, string | number> {
  return {
    // With all parts given, a TaskManager needs none of the options that Flink's scripts compute for it.
    "taskmanager.cpu.cores": "1.0",
    "taskmanager.memory.framework.heap.size": `${mib.frameworkHeap}m`,
    "taskmanager.memory.task.heap.size": `${mib.taskHeap}m`,
    "taskmanager.memory.framework.off-heap.size": `${mib.frameworkOffHeap}m`,
    "taskmanager.memory.task.off-heap.size": `${mib.taskOffHeap}m`,
    "taskmanager.memory.network.min": `${mib.network}m`,
    "taskmanager.memory.network.max": `${mib.network}m`,
    "taskmanager.memory.managed.size": `${mib.managed}m`,
    "taskmanager.memory.jvm-metaspace.size": `${mib.metaspace}m`,
    "taskmanager.memory.jvm-overhead.min": `${mib.overhead}m`,
    "taskmanager.memory.jvm-overhead.max": `${mib.overhead}m`,
  };
}

function jobEntries(settings: FlinkSettings): Record<string, string | number> {
  return {
    "taskmanager.numberOfTaskSlots": settings.slots,
    "execution.checkpointing.interval": `${settings.checkpointIntervalMs} ms`,
    "execution.checkpointing.mode": "EXACTLY_ONCE",
    "execution.checkpointing.dir": `file://${settings.checkpointFolder}`,
    "execution.checkpointing.savepoint-dir": `file://${settings.savepointFolder}`,
    "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
    "state.backend.type": "hashmap",
    "restart-strategy.type": "fixed-delay",
    "restart-strategy.fixed-delay.attempts": 100,
    "restart-strategy.fixed-delay.delay": "1 s",
    "io.tmp.dirs": settings.temporaryFolder,
    ...SCHEDULER,
  };
}

/** A job that can be given another parallelism while it lives, and else behaves as under the default scheduler. */
const SCHEDULER = {
  "jobmanager.scheduler": "adaptive",
  // A job that lost a TaskManager waits for its successor. With 10 s, the default, it restarts on what is left where
  // many JVMs start slowly, and once more when the successor is there: that took twice as long.
  "jobmanager.adaptive-scheduler.submission.resource-stabilization-timeout": "60 s",
  // With no TaskManager at all a job waits for one, and does not fail (the default are 5 min).
  "jobmanager.adaptive-scheduler.submission.resource-wait-timeout": "365 d",
  // A second `scale` begins at once; the default are 30 s.
  "jobmanager.adaptive-scheduler.executing.cooldown-after-rescaling": "0 s",
  // New TaskManagers are no gain while the job does not use them all.
  "jobmanager.adaptive-scheduler.prefer-minimal-taskmanagers": "false",
} as const;

/** Kafka's clients write their whole configuration for each reader and writer: as they are, and as they lie in a connector. */
export const formatFlinkLogging = (): string =>
  formatJavaLogging({
    "logger.kafka.name": "org.apache.kafka",
    "logger.kafka.level": "warn",
    "logger.connector.name": "org.apache.flink.kafka.shaded.org.apache.kafka",
    "logger.connector.level": "warn",
  });
