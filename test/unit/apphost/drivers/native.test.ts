import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { DriverContext } from "../../../../apphost/drivers/driver.ts";
import { createNativeDriver } from "../../../../apphost/drivers/native.ts";
import { type BrokerSession, chooseBrokerSession } from "../../../../apphost/drivers/native-configuration.ts";
import type { ChildCommand, ChildHooks, RunningServer } from "../../../../apphost/processes/child-process.ts";
import { runFolder } from "../../../../simulator/common/contract/files/run-folder.ts";

const folder = mkdtempSync(join(tmpdir(), "flink-apphost-native-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SHELL = {
  PATH: "/usr/bin",
  JAVA_TOOL_OPTIONS: "-Xmx64m",
  _JAVA_OPTIONS: "-Xmx32m",
  JDK_JAVA_OPTIONS: "-javaagent:agent.jar",
  KAFKA_HEAP_OPTS: "-Xmx16m",
  KAFKA_OPTS: "-Djava.security.auth.login.config=jaas.conf",
  KAFKA_JVM_PERFORMANCE_OPTS: "-XX:+UseZGC",
  CLASSPATH: "/elsewhere",
};

/** As the tool does it, in the folder in which it runs. */
function formatLog({ args, folder = "" }: ChildCommand): void {
  const log = join(folder, "log");
  mkdirSync(log);
  const clusterId = args[args.indexOf("-t") + 1];
  writeFileSync(join(log, "meta.properties"), `version=1\nnode.id=1\ncluster.id=${clusterId}\n`);
  writeFileSync(join(log, "bootstrap.checkpoint"), "checkpoint");
}

const runDir = join(folder, "run");

/** Starts a broker of a run as the native driver does; each process that this takes is in `started`. */
async function startBroker(brokerSession: BrokerSession, started: ChildCommand[] = []): Promise<void> {
  const home = join(folder, "kafka-home");
  mkdirSync(join(home, "libs"), { recursive: true });
  writeFileSync(join(home, "libs", "kafka_2.13-4.3.0.jar"), "");
  const context = {
    runDir,
    brokerSession,
    choosePort: async () => 9092,
    foreignEnvironment: () => SHELL,
    startProcess(command: ChildCommand) {
      started.push(command);
      if (command.args.includes("kafka.tools.StorageTool")) formatLog(command);
      return { exited: Promise.resolve({ kind: "exit", code: 0 }) } as unknown as RunningServer;
    },
  } as unknown as DriverContext;
  const env = { KAFKA_HOME: home, JAVA_HOME: folder, XDG_CACHE_HOME: join(folder, "cache"), CI: "true" };
  const plan = await createNativeDriver(env).plan("kafka", context);
  await plan.launch?.({} as ChildHooks, new AbortController().signal);
}

it.each([
  { jvmsPerCore: 0, session: 3_000, heartbeat: 500 },
  { jvmsPerCore: 1.5, session: 3_000, heartbeat: 500 },
  { jvmsPerCore: 11, session: 9_000, heartbeat: 2_000 },
])("gives a broker $session ms to say that it lives beside $jvmsPerCore JVMs for a core", async (expected) => {
  await startBroker(chooseBrokerSession(expected.jvmsPerCore));
  const properties = readFileSync(join(runFolder.data(runDir, "kafka"), "server.properties"), "utf8").split("\n");
  expect(properties).toContain(`broker.session.timeout.ms=${expected.session}`);
  expect(properties).toContain(`broker.heartbeat.interval.ms=${expected.heartbeat}`);
});

it("starts Kafka's tool once and each broker as on any machine, whatever a person's shell gives to Java", async () => {
  rmSync(join(folder, "cache"), { recursive: true, force: true });
  const started: ChildCommand[] = [];
  for (let run = 0; run < 2; run += 1) await startBroker("short", started);
  expect(started.map(({ args }) => args.find((arg) => arg.startsWith("kafka.")))).toEqual([
    "kafka.tools.StorageTool",
    "kafka.Kafka",
    "kafka.Kafka",
  ]);
  for (const { args, env } of started) {
    expect(Object.keys(env).filter((name) => /^_?JAVA_|^JDK_/.test(name))).toEqual([]);
    expect(env).toMatchObject({ PATH: "/usr/bin", CLASSPATH: "libs/*" });
    // These reach the broker's environment, in which nobody reads them: no script of Kafka's is between.
    expect(args.join(" ")).not.toMatch(/Xmx16m|UseZGC|jaas/);
  }
  expect(started[1]?.args).toContain("-Xmx1g");
});
