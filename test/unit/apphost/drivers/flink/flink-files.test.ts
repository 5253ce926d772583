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
  TASK_MANAGER_MIB,
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
  expect(readFlinkHome(env)).toEqual({ kind: "usable", folder, version: "2.2.1", gatewayJar });
});

it("writes any path of a run as one YAML string, and listens nowhere but on loopback", () => {
  const text = formatFlinkConfiguration({
    rpcPort: 1,
    restPort: 2,
    gatewayPort: 3,
    slots: 1,
    checkpointIntervalMs: 1_000,
    checkpointFolder: `/a: "b" #c/50%/ü`,
    savepointFolder: "/s",
    temporaryFolder: "tmp",
  });
  expect(text).toContain(`execution.checkpointing.dir: "file:///a: \\"b\\" #c/50%/ü"\n`);
  const bound = text.split("\n").filter((line) => /^[\w.-]*bind-(host|address):/.test(line));
  expect(bound).toHaveLength(4);
  expect(bound.every((line) => line.endsWith('"127.0.0.1"'))).toBe(true);
});

it("gives the JVM as much heap and direct memory as Flink is told that it has (M1)", () => {
  const { frameworkHeap, taskHeap, frameworkOffHeap, taskOffHeap, network } = TASK_MANAGER_MIB;
  expect(taskManagerJvmFlags()).toContain(`-Xmx${frameworkHeap + taskHeap}m`);
  expect(taskManagerJvmFlags()).toContain(`-XX:MaxDirectMemorySize=${frameworkOffHeap + taskOffHeap + network}m`);
});

it("fits 20 TaskManagers into 12 GB, and says how many fit into less", () => {
  expect(judgeFlinkRoom(20, Math.floor(12e9 / 1_048_576))).toEqual({ kind: "enough" });
  const room = judgeFlinkRoom(20, 3_220);
  expect(room).toMatchObject({ kind: "tooLittle", taskManagersMax: 4 });
  expect(judgeFlinkRoom(4, 3_220)).toEqual({ kind: "enough" });
  expect(judgeFlinkRoom(5, 3_220).kind).toBe("tooLittle");
  expect(judgeFlinkRoom(1, 2_319)).toMatchObject({ taskManagersMax: 0 });
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
