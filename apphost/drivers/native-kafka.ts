/**
 * Apache Kafka from KAFKA_HOME, formatted and started in the run's data folder.
 *
 * N2 Java is told no path of the run or of KAFKA_HOME: it runs in the data folder, and finds everything there by a plain
 *    name. Kafka's lists split at commas, the class path at colons, and log4j reads its file's name as a list of URIs;
 *    nothing in these can be escaped.
 */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { findJava } from "../../simulator/common/foundation/program.ts";
import { type ChildHooks, describeExit, type RunningServer } from "../processes/child-process.ts";
import { choosePort, LOOPBACK } from "../processes/ports.ts";
import { keepAtItsEnd, leavesArchive, linkArchive, readsArchive } from "./archived-jvm.ts";
import { type ClassArchive, findClassArchive } from "./class-archive.ts";
import type { DriverContext, ServerPlan } from "./driver.ts";
import { prepareStorage } from "./formatted-storage.ts";
import { javaEnvironment, readJavaText } from "./java.ts";
import { readKafkaVersion } from "./kafka-home.ts";
import { BROKER_PROPERTIES, formatJavaLogging, formatKafkaProperties } from "./native-configuration.ts";

/**
 * The parallel collector took a fifth less of the broker's CPU than the default one, Garbage-First, for which a batch of ours is a
 * humongous object: on a fresh broker 0.95 to 1.1 million messages per second instead of 0.6 to 0.8 (scripts/bench/README.md).
 */
const BROKER_JVM_FLAGS = ["-Xmx1g", "-XX:+UseParallelGC"];
/** It ends after a second: compiling well would be a quarter of the processor time that it takes. */
const TOOL_JVM_FLAGS = ["-XX:TieredStopAtLevel=1"];
/** Collecting in parallel would be more of it; but an archive holds for the collector with which it was made. */
const TOOL_COLLECTOR = "-XX:+UseSerialGC";
const FORMAT_MS_MAX = 60_000;

/** N2: what is in the data folder of Kafka. */
const IN_DATA_FOLDER = {
  properties: "server.properties",
  logging: "log4j2.properties",
  log: "log",
  /** A symbolic link to the jars. */
  libs: "libs",
  archive: { kept: "classes.jsa", made: "made-classes.jsa" },
} as const;

type Variables = Readonly<Record<string, string | undefined>>;

export async function planKafka(context: DriverContext, env: Variables): Promise<ServerPlan> {
  const home = env["KAFKA_HOME"] ?? "";
  const port = await context.choosePort("kafka");
  const controllerPort = await choosePort();
  const { brokerSession: session } = context;
  const folder = runFolder.data(context.runDir, "kafka");
  const java = createJavaRunner(context, { java: findJava(env) ?? "java", folder });
  const prepare = memoize(async (hooks: ChildHooks, signal: AbortSignal) => {
    // A plan before this one may have found its port taken: Kafka refuses to format what that one formatted.
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { properties, logging, log, libs } = IN_DATA_FOLDER;
    writeFileSync(join(folder, properties), formatKafkaProperties({ port, controllerPort, logDir: log, session }), {
      mode: 0o600,
    });
    writeFileSync(join(folder, logging), formatJavaLogging(), { mode: 0o600 });
    symlinkSync(resolve(home, "libs"), join(folder, libs));
    const archive = await findBrokerArchive(home, env);
    linkArchive(archive, folder, IN_DATA_FOLDER.archive);
    const reason = await prepareStorage(
      { kafkaVersion: readKafkaVersion(home) ?? "unknown", libs: join(home, "libs"), properties: BROKER_PROPERTIES },
      { env, logDir: join(folder, log), askTool: (clusterId) => java.format(clusterId, hooks, signal, archive) },
    );
    if (reason !== null) hooks.log.write(`host  what the storage tool wrote is not kept: ${reason}\n`);
    return archive;
  });
  return {
    mode: "native",
    address: { kind: "kafka", brokers: [{ host: LOOPBACK, port }] },
    endpoint: `${LOOPBACK}:${port}`,
    survivesRestart: true,
    version: readKafkaVersion(home) ?? null,
    async launch(hooks, signal) {
      const archive = await prepare(hooks, signal);
      const broker = java.startBroker(hooks, archive);
      if (archive.kind !== "absent") return broker;
      return keepAtItsEnd(broker, archive, { made: join(folder, IN_DATA_FOLDER.archive.made), log: hooks.log });
    },
  };
}

function createJavaRunner(context: DriverContext, { java, folder }: { java: string; folder: string }) {
  const { properties, logging, libs, archive: names } = IN_DATA_FOLDER;
  const run = (args: readonly string[], hooks: ChildHooks): RunningServer =>
    context.startProcess(
      {
        command: java,
        args: [`-Dlog4j2.configurationFile=${logging}`, ...args],
        // What Kafka's own scripts read (KAFKA_OPTS, KAFKA_HEAP_OPTS, KAFKA_JVM_PERFORMANCE_OPTS) nobody reads here.
        // By variable: a command line with 90 jars is too long for some systems, and the star is expanded by Java.
        env: { ...javaEnvironment(context.foreignEnvironment()), CLASSPATH: `${libs}/*` },
        folder,
        input: null,
        hasChannel: false,
      },
      hooks,
    );
  return {
    startBroker: (hooks: ChildHooks, archive: ClassArchive) =>
      run(
        [
          ...BROKER_JVM_FLAGS,
          ...readsArchive(archive, names),
          ...leavesArchive(archive, names),
          "kafka.Kafka",
          properties,
        ],
        hooks,
      ),
    /** A tool that is not done in time is ended. */
    async format(clusterId: string, hooks: ChildHooks, signal: AbortSignal, archive: ClassArchive): Promise<void> {
      const command = ["kafka.tools.StorageTool", "format", "-t", clusterId, "-c", properties];
      const flags = archive.kind === "kept" ? [...BROKER_JVM_FLAGS, ...readsArchive(archive, names)] : [TOOL_COLLECTOR];
      const tool = run([...TOOL_JVM_FLAGS, ...flags, ...command], hooks);
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

/** The archive of a broker that runs in a folder with `home`'s jars in its `libs`, under the flags of ours. */
export async function findBrokerArchive(home: string, env: Variables): Promise<ClassArchive> {
  const subject = {
    javaText: await readJavaText(findJava(env) ?? "java"),
    program: "kafka",
    version: readKafkaVersion(home) ?? "unknown",
    libs: join(home, "libs"),
    jvmFlags: BROKER_JVM_FLAGS,
  };
  return findClassArchive(subject, env);
}

/** The first call does the work; the same hooks serve every life of a server. */
function memoize<A extends unknown[], T>(work: (...args: A) => Promise<T>): (...args: A) => Promise<T> {
  let done: Promise<T> | undefined;
  return (...args) => {
    done ??= work(...args);
    return done;
  };
}
