/**
 * A Flink session cluster from FLINK_HOME: JobManager, TaskManagers and SQL Gateway, each one JVM that is started directly.
 * Flink's own scripts start up to three JVMs for each process, and leave it as a daemon that nobody watches.
 *
 * L1 Java is told no path of the run or of FLINK_HOME: it runs in the cluster's folder and finds everything there by a plain
 *    name, for the reasons of N2 of `native-kafka.ts`. The exception is the folder of checkpoints, which must be a URI.
 * L2 Each TaskManager has the name of its resource as Flink's resource id, so Flink's REST API says which one is there.
 */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { runFolder } from "../../../simulator/common/contract/files/run-folder.ts";
import type { HostPort } from "../../../simulator/common/foundation/address.ts";
import { createError } from "../../../simulator/common/foundation/errors.ts";
import { findJava } from "../../../simulator/common/foundation/program.ts";
import type { ChildHooks, RunningServer } from "../../processes/child-process.ts";
import { choosePort, LOOPBACK } from "../../processes/ports.ts";
import type { DriverContext } from "../driver.ts";
import { findJavaObstacle, javaEnvironment } from "../java.ts";
import { type FlinkArchives, type FlinkJvmFlags, type FlinkProgram, findFlinkArchives } from "./flink-archives.ts";
import {
  type FlinkHosts,
  type FlinkSettings,
  formatFlinkConfiguration,
  formatFlinkLogging,
} from "./flink-configuration.ts";
import { type FlinkHome, readFlinkHome } from "./flink-home.ts";
import {
  type FlinkShape,
  jobManagerJvmFlags,
  planTaskManagerMib,
  sqlGatewayJvmFlags,
  taskManagerJvmFlags,
} from "./flink-memory.ts";

type Variables = Readonly<Record<string, string | undefined>>;

export type UsableHome = Extract<FlinkHome, { kind: "usable" }>;

export type FlinkContext = Pick<DriverContext, "runDir" | "foreignEnvironment" | "startProcess">;

/** What a cluster is made for. */
export interface FlinkJob {
  readonly shape: FlinkShape;
  readonly checkpointIntervalMs: number;
}

/** Addresses that stay for the whole run, and what starts each process on them. */
export interface FlinkCluster {
  readonly version: string;
  /** False: it runs without us (`external-flink.ts`), and what is started here stands for what runs there. */
  readonly isOurs: boolean;
  /** `rpcPort` is null where nobody of ours needs it. */
  readonly jobManager: HostPort & { readonly rpcPort: number | null };
  readonly restUrl: string;
  readonly gatewayUrl: string;
  /** Where its programs are from, behind the version of Flink. */
  readonly place: string;
  /** The run's Kafka as its processes reach it. Absent: as this machine does. */
  readonly kafkaAddress?: string;
  /** Of all jobs, absolute. Absent: it is not on this machine. */
  readonly checkpointFolder?: string;
  /** As that is. */
  readonly savepointFolder?: string;
  /** What a session at the gateway must be told beside the job. */
  readonly sessionProperties: Readonly<Record<string, string>>;
  startJobManager(hooks: ChildHooks): StartedProgram;
  /** `name`: of the resource (L2). */
  startTaskManager(name: string, hooks: ChildHooks): StartedProgram;
  startSqlGateway(hooks: ChildHooks): StartedProgram;
}

/** A process is there at once; for a container its engine is asked. */
type StartedProgram = RunningServer | Promise<RunningServer>;

/** L1: what is in the cluster's folder. */
export const IN_FOLDER = {
  conf: "conf",
  logging: "log4j2.properties",
  temporary: "tmp",
  checkpoints: "checkpoints",
  savepoints: "savepoints",
  /** Symbolic links into FLINK_HOME. */
  lib: "lib",
  plugins: "plugins",
  gatewayJar: "sql-gateway.jar",
} as const;

const OPENED_PACKAGES = [
  "lang",
  "net",
  "io",
  "nio",
  "lang.reflect",
  "text",
  "time",
  "util",
  "util.concurrent",
  "util.concurrent.atomic",
  "util.concurrent.locks",
].map((name) => `java.base/java.${name}`);
/** Flink's serializers look into these by reflection: `env.java.opts.all` of its own configuration. */
const OPENS = [...OPENED_PACKAGES, "java.base/sun.nio.ch"].map((name) => `--add-opens=${name}=ALL-UNNAMED`);

/** Twenty JVMs on few cores would spend more on compiling well, and on collecting in parallel, than a run gets back. */
const LIGHT_JVM = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];

/** Of each program, but for those of its memory: what it is started with, and what an archive of its classes is for. */
const COORDINATOR_JVM_FLAGS = [...OPENS, ...LIGHT_JVM];
/** Of a gateway that is alone. */
export const GATEWAY_JVM_FLAGS: FlinkJvmFlags = { sqlGateway: COORDINATOR_JVM_FLAGS };

/** A TaskManager that is alone has all the work: a JVM's own choice of compilers and collector pays there. */
const taskManagerFlags = ({ taskManagers }: FlinkShape): readonly string[] =>
  taskManagers === 1 ? OPENS : COORDINATOR_JVM_FLAGS;

/** On this machine's own network. */
export const LOOPBACK_HOSTS: FlinkHosts = { jobManager: LOOPBACK, taskManager: LOOPBACK, bind: LOOPBACK };

/** Makes the cluster's folder anew, and starts nothing. */
export async function planFlinkCluster(context: FlinkContext, env: Variables, job: FlinkJob): Promise<FlinkCluster> {
  const home = await requireFlinkHome(env);
  const { shape } = job;
  const ports = { rpcPort: await choosePort(), restPort: await choosePort(), gatewayPort: await choosePort() };
  const jvmFlags = { ...GATEWAY_JVM_FLAGS, jobManager: COORDINATOR_JVM_FLAGS, taskManager: taskManagerFlags(shape) };
  const run = await prepareFlinkFolder(context, { home, env, jvmFlags }, (folder) =>
    formatClusterConfiguration(folder, job, { ...ports, hosts: LOOPBACK_HOSTS }),
  );
  return {
    version: home.version,
    isOurs: true,
    place: "in FLINK_HOME",
    jobManager: { host: LOOPBACK, port: ports.restPort, rpcPort: ports.rpcPort },
    restUrl: `http://${LOOPBACK}:${ports.restPort}`,
    gatewayUrl: `http://${LOOPBACK}:${ports.gatewayPort}`,
    checkpointFolder: resolve(runFolder.data(context.runDir, "flink"), IN_FOLDER.checkpoints),
    savepointFolder: resolve(runFolder.data(context.runDir, "flink"), IN_FOLDER.savepoints),
    sessionProperties: {},
    startJobManager: (hooks) => run("jobManager", jobManagerArguments(), hooks),
    startTaskManager: (name, hooks) => run("taskManager", taskManagerArguments(name, shape), hooks),
    startSqlGateway: (hooks) => startSqlGateway(run, hooks),
  };
}

/** JobManager and SQL Gateway are two more. */
export const countJvmsPerCore = ({ taskManagers }: Pick<FlinkJob["shape"], "taskManagers">): number =>
  (taskManagers + 2) / availableParallelism();

/** Of a cluster whose processes see its folder under this path. */
export const formatClusterConfiguration = (
  folder: string,
  { shape, checkpointIntervalMs }: FlinkJob,
  network: Pick<FlinkSettings, "hosts" | "rpcPort" | "restPort" | "gatewayPort">,
): string =>
  formatFlinkConfiguration({
    ...network,
    jvmsPerCore: countJvmsPerCore(shape),
    slots: shape.slots,
    memory: planTaskManagerMib(shape),
    checkpointIntervalMs,
    checkpointFolder: resolve(folder, IN_FOLDER.checkpoints),
    savepointFolder: resolve(folder, IN_FOLDER.savepoints),
    temporaryFolder: IN_FOLDER.temporary,
  });

/** In the cluster's folder (L1), whoever runs Java there. */
const COMMON = [
  `-Djava.io.tmpdir=${IN_FOLDER.temporary}`,
  `-Dlog4j2.configurationFile=${IN_FOLDER.conf}/${IN_FOLDER.logging}`,
];
const CONFIGURED = ["--configDir", IN_FOLDER.conf];

export const jobManagerArguments = (): readonly string[] => [
  ...jobManagerJvmFlags(),
  ...COORDINATOR_JVM_FLAGS,
  ...COMMON,
  ENTRY_POINTS.jobManager,
  ...CONFIGURED,
];

/** L2. */
export const taskManagerArguments = (name: string, shape: FlinkShape): readonly string[] => [
  ...taskManagerJvmFlags(planTaskManagerMib(shape)),
  ...taskManagerFlags(shape),
  ...COMMON,
  ENTRY_POINTS.taskManager,
  ...CONFIGURED,
  "-D",
  `taskmanager.resource-id=${name}`,
];

export const sqlGatewayArguments = (): readonly string[] => [
  ...sqlGatewayJvmFlags(),
  ...COORDINATOR_JVM_FLAGS,
  ...COMMON,
  ENTRY_POINTS.sqlGateway,
];

export const startSqlGateway = (run: RunFlink, hooks: ChildHooks): RunningServer =>
  run("sqlGateway", sqlGatewayArguments(), hooks);

/** Runs a program of Flink's in the folder (L1). */
export type RunFlink = (program: FlinkProgram, args: readonly string[], hooks: ChildHooks) => RunningServer;

/** Makes the folder anew, with this configuration of it. */
export async function prepareFlinkFolder(
  context: FlinkContext,
  { home, env, jvmFlags }: { readonly home: UsableHome; readonly env: Variables; readonly jvmFlags: FlinkJvmFlags },
  formatConfiguration: (folder: string) => string,
): Promise<RunFlink> {
  const folder = runFolder.data(context.runDir, "flink");
  layOutFolder(folder, formatConfiguration(folder));
  linkHome(folder, home);
  const java = findJava(env) ?? "java";
  return createRunner(context, {
    folder,
    java,
    archives: await findFlinkArchives({ java, home, jvmFlags, env }, folder),
  });
}

const ENTRY_POINTS: Readonly<Record<FlinkProgram, string>> = {
  jobManager: "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
  taskManager: "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
  sqlGateway: "org.apache.flink.table.gateway.SqlGateway",
};

export async function requireFlinkHome(env: Variables): Promise<UsableHome> {
  const home = readFlinkHome(env);
  if (home.kind === "unusable") throw unavailable(home.reason);
  const obstacle = await findJavaObstacle("Flink", env);
  if (obstacle !== undefined) throw unavailable(obstacle);
  return home;
}

const unavailable = (reason: string) =>
  createError("INFRASTRUCTURE_UNAVAILABLE", { resource: "Flink", mode: "native", reason });

/** Anew, with this configuration of the cluster. */
export function layOutFolder(folder: string, configuration: string): void {
  rmSync(folder, { recursive: true, force: true });
  const { conf, temporary, checkpoints, savepoints, logging } = IN_FOLDER;
  for (const name of [conf, temporary, checkpoints, savepoints]) {
    mkdirSync(join(folder, name), { recursive: true, mode: 0o700 });
  }
  writeFileSync(join(folder, conf, logging), formatFlinkLogging(), { mode: 0o600 });
  writeFileSync(join(folder, conf, "config.yaml"), configuration, { mode: 0o600 });
}

function linkHome(folder: string, home: UsableHome): void {
  const { lib, plugins, gatewayJar } = IN_FOLDER;
  symlinkSync(resolve(home.folder, "lib"), join(folder, lib));
  symlinkSync(resolve(home.folder, "plugins"), join(folder, plugins));
  symlinkSync(resolve(home.gatewayJar), join(folder, gatewayJar));
}

interface Runner {
  readonly folder: string;
  readonly java: string;
  readonly archives: FlinkArchives;
}

function createRunner(context: FlinkContext, { folder, java, archives }: Runner): RunFlink {
  const { conf, lib, plugins, gatewayJar } = IN_FOLDER;
  const env = {
    ...javaEnvironment(context.foreignEnvironment()),
    // By variable, with a star that Java expands. The gateway's jar is small, and in nobody's way.
    CLASSPATH: `${lib}/*:${gatewayJar}`,
    FLINK_CONF_DIR: conf,
    FLINK_LIB_DIR: lib,
    FLINK_PLUGINS_DIR: plugins,
  };
  return (program, own, hooks) => {
    const archive = archives.give(program);
    const args = [...archive.jvmFlags, ...own];
    const server = context.startProcess({ command: java, args, env, folder, input: null, hasChannel: false }, hooks);
    return archive.keep(server, hooks.log);
  };
}
