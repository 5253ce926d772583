/** FLINK_HOME, the configuration of a cluster and its memory: what is read, written and computed without a process. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { countingStatements } from "../../../../../apphost/drivers/flink/counting-job.ts";
import { formatFlinkConfiguration } from "../../../../../apphost/drivers/flink/flink-configuration.ts";
import { readFlinkHome } from "../../../../../apphost/drivers/flink/flink-home.ts";
import {
  judgeFlinkRoom,
  planTaskManagerMib,
  shapeFlink,
  taskManagerJvmFlags,
} from "../../../../../apphost/drivers/flink/flink-memory.ts";
import { readInnermostCause } from "../../../../../apphost/drivers/flink/sql-gateway.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flink-apphost-flink-home-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const put = (path: string): void => {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), "");
};

const reasonOf = (env: Record<string, string>): string => {
  const home = readFlinkHome(env);
  return home.kind === "unusable" ? home.reason : "";
};

it("names the jar that a FLINK_HOME lacks, and else says its version", () => {
  expect(reasonOf({})).toBe("FLINK_HOME is not set");
  const env = { FLINK_HOME: folder };
  expect(reasonOf(env)).toContain(`${join(folder, "lib")} has no Flink jar`);
  put("lib/flink-dist-2.2.1.jar");
  expect(reasonOf(env)).toContain(`${join(folder, "opt")} has no SQL Gateway`);
  put("opt/flink-sql-gateway-2.2.1.jar");
  expect(reasonOf(env)).toContain(`${join(folder, "lib")} has no Kafka connector`);
  put("lib/flink-sql-connector-kafka-5.0.0-2.2.jar");
  const gatewayJar = join(folder, "opt", "flink-sql-gateway-2.2.1.jar");
  const kafkaConnectorJar = join(folder, "lib", "flink-sql-connector-kafka-5.0.0-2.2.jar");
  const usable = { kind: "usable", folder, version: "2.2.1", gatewayJar, kafkaConnectorJar };
  expect(readFlinkHome(env)).toEqual(usable);
});

it("writes any path of a run as one YAML string, and listens nowhere but on loopback", () => {
  const text = formatFlinkConfiguration({
    hosts: { jobManager: "127.0.0.1", taskManager: "127.0.0.1", bind: "127.0.0.1" },
    rpcPort: 1,
    restPort: 2,
    gatewayPort: 3,
    jvmsPerCore: 11,
    slots: 1,
    memory: planTaskManagerMib({ taskManagers: 20, slots: 1 }),
    checkpointIntervalMs: 1_000,
    checkpointFolder: `/a: "b" #c/50%/ü`,
    savepointFolder: "/s",
    temporaryFolder: "tmp",
  });
  expect(text).toContain(`execution.checkpointing.dir: "file:///a: \\"b\\" #c/50%/ü"\n`);
  // Else no job could be given another parallelism while it lives.
  expect(text).toContain(`jobmanager.scheduler: "adaptive"\n`);
  const bound = text.split("\n").filter((line) => /^[\w.-]*bind-(host|address):/.test(line));
  expect(bound).toHaveLength(4);
  expect(bound.every((line) => line.endsWith('"127.0.0.1"'))).toBe(true);
});

it("gives the JVM as much heap and direct memory as Flink is told that it has (M1)", () => {
  for (const taskManagers of [20, 1]) {
    const mib = planTaskManagerMib(shapeFlink(taskManagers, 20));
    const { frameworkHeap, taskHeap, frameworkOffHeap, taskOffHeap, network } = mib;
    expect(taskManagerJvmFlags(mib)).toContain(`-Xmx${frameworkHeap + taskHeap}m`);
    expect(taskManagerJvmFlags(mib)).toContain(`-XX:MaxDirectMemorySize=${frameworkOffHeap + taskOffHeap + network}m`);
  }
});

it("gives each partition a subtask, and each TaskManager memory and buffers for its slots", () => {
  expect(shapeFlink(20, 20)).toEqual({ taskManagers: 20, slots: 1 });
  expect(shapeFlink(20, 4).slots).toBe(1);
  expect(shapeFlink(3, 20).slots).toBe(7);
  expect(shapeFlink(1, 350).slots).toBe(32);
  expect(planTaskManagerMib(shapeFlink(20, 20))).toMatchObject({ taskHeap: 48, network: 32 });
  expect(planTaskManagerMib(shapeFlink(1, 20))).toMatchObject({ taskHeap: 656, network: 48 });
});

it("fits 20 TaskManagers into 12 GB, and says how many fit into less", () => {
  const partitions = 4;
  expect(judgeFlinkRoom({ taskManagers: 20, partitions: 20 }, Math.floor(12e9 / 1_048_576)).kind).toBe("enough");
  const room = judgeFlinkRoom({ taskManagers: 20, partitions }, 3_220);
  expect(room).toMatchObject({ kind: "tooLittle", taskManagersMax: 4 });
  expect(judgeFlinkRoom({ taskManagers: 4, partitions }, 3_220)).toEqual({ kind: "enough" });
  expect(judgeFlinkRoom({ taskManagers: 5, partitions }, 3_220).kind).toBe("tooLittle");
  // With more partitions three of them need more slots, and so more memory, each.
  expect(judgeFlinkRoom({ taskManagers: 20, partitions: 20 }, 3_220)).toMatchObject({ taskManagersMax: 1 });
  expect(judgeFlinkRoom({ taskManagers: 1, partitions }, 2_319)).toMatchObject({ taskManagersMax: 0 });
});

it("quotes what stands in SQL, and finds the cause at the end of a stack trace", () => {
  const statements = countingStatements({
    name: "it's",
    bootstrap: "127.0.0.1:9092",
    inputTopic: "in",
    outputTopic: "out",
    group: "g",
  });
  expect(statements[1]).toContain(`'sink.transactional-id-prefix' = 'it''s-out'`);
  const trace = JSON.stringify({
    errors: ["Internal server error.", "x\nCaused by: a: first\n\tat b\nCaused by: c: last\n"],
  });
  expect(readInnermostCause(trace)).toBe("c: last");
  expect(readInnermostCause("plain")).toBe("plain");
});
