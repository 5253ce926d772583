/**
 * Programs of this machine: `redis-server` on PATH, and Apache Kafka from KAFKA_HOME (a folder with `libs/`) on Java 17
 * or newer. Data lies in the run's folder and is deleted at the end.
 *
 * N1 The Redis password reaches the server on standard input, and stands in no argument list, file or log.
 * N2 Java is told no path of the run or of KAFKA_HOME: it runs in the data folder, and finds everything there by a plain
 *    name. Kafka's lists split at commas, the class path at colons, and log4j reads its file's name as a list of URIs;
 *    nothing in these can be escaped.
 */
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { findJava, findProgram } from "../../simulator/common/foundation/program.ts";
import { type ChildHooks, describeExit, type RunningServer } from "../processes/child-process.ts";
import { choosePort, LOOPBACK } from "../processes/ports.ts";
import type { DriverContext, InfrastructureDriver, ServerPlan } from "./driver.ts";
import { formatKafkaLogging, formatKafkaProperties, formatRedisConfiguration } from "./native-configuration.ts";
import { createPassword, ownRedis } from "./password.ts";

export const JAVA_MAJOR_MIN = 17;
/**
 * The parallel collector took a fifth less of the broker's CPU than the default one, Garbage-First, for which a batch of ours is a
 * humongous object: on a fresh broker 0.95 to 1.1 million messages per second instead of 0.6 to 0.8 (scripts/bench/README.md).
 */
const BROKER_JVM_FLAGS = ["-Xmx1g", "-XX:+UseParallelGC"];
/** It ends after a second: compiling well and collecting in parallel would be a quarter of the processor time that it takes. */
const TOOL_JVM_FLAGS = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];
const JAVA_ANSWER_MS_MAX = 10_000;
const FORMAT_MS_MAX = 60_000;

/** N2: what is in the data folder of Kafka. */
const IN_DATA_FOLDER = {
  properties: "server.properties",
  logging: "log4j2.properties",
  log: "log",
  /** A symbolic link to the jars. */
  libs: "libs",
} as const;
/** Without it Java takes the names of files for ASCII, and then cannot even start in a folder with an umlaut. */
const JAVA_LOCALE = { LC_ALL: "C.UTF-8" };

export function createNativeDriver(env: Variables): InfrastructureDriver {
  return {
    mode: "native",
    findObstacle: (kind) => (kind === "redis" ? findRedisObstacle(env) : findKafkaObstacle(env)),
    plan: (kind, context) => (kind === "redis" ? planRedis(context, env) : planKafka(context, env)),
  };
}

type Variables = Readonly<Record<string, string | undefined>>;

async function findRedisObstacle(env: Variables): Promise<string | undefined> {
  return findProgram("redis-server", env) === undefined ? "there is no redis-server on PATH" : undefined;
}

async function findKafkaObstacle(env: Variables): Promise<string | undefined> {
  const home = env["KAFKA_HOME"] ?? "";
  if (home === "") return "KAFKA_HOME is not set";
  if (readKafkaVersion(home) === undefined) return `KAFKA_HOME is ${home}, and ${join(home, "libs")} has no Kafka jar`;
  const java = findJava(env);
  if (java === undefined) return "there is no java on PATH, and none in JAVA_HOME";
  const major = await readJavaMajor(java);
  if (major === undefined) return `${java} -version gave no version`;
  return major < JAVA_MAJOR_MIN ? `${java} is version ${major}, and Kafka needs ${JAVA_MAJOR_MIN} or newer` : undefined;
}

/** `openjdk version "17.0.9"`, on standard error. */
export async function readJavaMajor(java: string): Promise<number | undefined> {
  const { stderr } = await execa(java, ["-version"], { reject: false, timeout: JAVA_ANSWER_MS_MAX });
  const match = /version "(\d+)/.exec(stderr);
  return match === null ? undefined : Number(match[1]);
}

/** From the name of the broker's jar, `kafka_2.13-4.3.0.jar`. */
export function readKafkaVersion(home: string): string | undefined {
  try {
    const names = readdirSync(join(home, "libs")).map((name) => /^kafka_[\d.]+-(\d[\w.-]*?)\.jar$/.exec(name)?.[1]);
    return names.find((version) => version !== undefined);
  } catch {
    // No such folder: not a Kafka.
    return undefined;
  }
}

async function planRedis(context: DriverContext, env: Variables): Promise<ServerPlan> {
  const port = await context.choosePort("redis");
  const password = createPassword();
  const folder = runFolder.data(context.runDir, "redis");
  return {
    mode: "native",
    address: { kind: "redis", redis: ownRedis(password, { host: LOOPBACK, port }) },
    endpoint: `${LOOPBACK}:${port}`,
    survivesRestart: true,
    version: null,
    async launch(hooks) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const command = {
        command: findProgram("redis-server", env) ?? "redis-server",
        args: ["-"],
        env: context.foreignEnvironment(),
        input: formatRedisConfiguration({ address: LOOPBACK, port, password, folder }),
        hasChannel: false,
      };
      return context.startProcess(command, hooks);
    },
  };
}

async function planKafka(context: DriverContext, env: Variables): Promise<ServerPlan> {
  const home = env["KAFKA_HOME"] ?? "";
  const port = await context.choosePort("kafka");
  const controllerPort = await choosePort();
  const folder = runFolder.data(context.runDir, "kafka");
  const java = createJavaRunner(context, { java: findJava(env) ?? "java", folder });
  const prepare = memoize(async (hooks: ChildHooks, signal: AbortSignal) => {
    // A plan before this one may have found its port taken: Kafka refuses to format what that one formatted.
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { properties, logging, log, libs } = IN_DATA_FOLDER;
    writeFileSync(join(folder, properties), formatKafkaProperties({ port, controllerPort, logDir: log }), {
      mode: 0o600,
    });
    writeFileSync(join(folder, logging), formatKafkaLogging(), { mode: 0o600 });
    symlinkSync(resolve(home, "libs"), join(folder, libs));
    await java.format(hooks, signal);
  });
  return {
    mode: "native",
    address: { kind: "kafka", brokers: [{ host: LOOPBACK, port }] },
    endpoint: `${LOOPBACK}:${port}`,
    survivesRestart: true,
    version: readKafkaVersion(home) ?? null,
    async launch(hooks, signal) {
      await prepare(hooks, signal);
      return java.startBroker(hooks);
    },
  };
}

function createJavaRunner(context: DriverContext, { java, folder }: { java: string; folder: string }) {
  const { properties, logging, libs } = IN_DATA_FOLDER;
  const run = (args: readonly string[], hooks: ChildHooks): RunningServer =>
    context.startProcess(
      {
        command: java,
        args: [`-Dlog4j2.configurationFile=${logging}`, ...args],
        // By variable: a command line with 90 jars is too long for some systems, and the star is expanded by Java.
        env: { ...context.foreignEnvironment(), ...JAVA_LOCALE, CLASSPATH: `${libs}/*` },
        folder,
        input: null,
        hasChannel: false,
      },
      hooks,
    );
  return {
    startBroker: (hooks: ChildHooks) => run([...BROKER_JVM_FLAGS, "kafka.Kafka", properties], hooks),
    /** Once for a data folder: KRaft refuses one without its identity. A tool that is not done in time is ended. */
    async format(hooks: ChildHooks, signal: AbortSignal): Promise<void> {
      // 22 characters of base64 that never begin like an option; the last one has no bits to spare.
      const clusterId = `${createPassword().slice(0, 21)}A`;
      const tool = run(
        [...TOOL_JVM_FLAGS, "kafka.tools.StorageTool", "format", "-t", clusterId, "-c", properties],
        hooks,
      );
      const limit = { what: "formatting Kafka's data folder", deadlineMs: FORMAT_MS_MAX, signal };
      const exit = await withDeadline(tool.exited, limit).catch(async (error: unknown) => {
        await tool.stop(0);
        throw error;
      });
      if (exit.kind === "exit" && exit.code === 0) return;
      throw createError("CHILD_EXITED", {
        resource: "Kafka's storage tool",
        how: `with ${describeExit(exit)}`,
        lastLines: tool.newestLines(10),
      });
    },
  };
}

/** The first call does the work; the same hooks serve every life of a server. */
function memoize<A extends unknown[]>(work: (...args: A) => Promise<void>): (...args: A) => Promise<void> {
  let done: Promise<void> | undefined;
  return (...args) => {
    done ??= work(...args);
    return done;
  };
}
