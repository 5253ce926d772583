/** Flink in containers: what an image says that it has, what is asked of the engine, and the folder of the cluster. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Docker from "dockerode";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatSpec } from "../../../../../apphost/drivers/docker/container-spec.ts";
import { createFlinkSpec, mapUser } from "../../../../../apphost/drivers/docker/flink.ts";
import { planFlinkContainers } from "../../../../../apphost/drivers/docker/flink-cluster.ts";
import { readFlinkImage } from "../../../../../apphost/drivers/docker/flink-image.ts";

const LIB = "lib:\r\nflink-cep-2.2.1.jar\r\nflink-dist-2.2.1.jar\r\n";
const OPT = "\r\nopt:\r\nflink-python-2.2.1.jar\r\nflink-sql-gateway-2.2.1.jar\r\n";
const JAVA = "/opt/java/openjdk/bin/java\r\n";
const IMAGE = {
  kind: "usable",
  name: "flink:2.2.1-java17",
  version: "2.2.1",
  home: "/opt/flink",
  gatewayJar: "/opt/flink/opt/flink-sql-gateway-2.2.1.jar",
  hasKafkaConnector: false,
} as const;
const USER = { id: "1000:1000", usernsMode: "" } as const;

describe("an image", () => {
  const read = (text: string) => readFlinkImage(IMAGE.name, text);

  it("is known by its jars, with the connector or without", () => {
    expect(read(`/opt/flink\r\n${LIB}${OPT}${JAVA}`)).toEqual(IMAGE);
    const connector = "flink-sql-connector-kafka-5.0.0-2.2.jar\r\n";
    expect(read(`/opt/flink\r\n${LIB}${connector}${OPT}${JAVA}`)).toEqual({ ...IMAGE, hasKafkaConnector: true });
  });

  it.each([
    ["sh: 1: cd: can't cd to /opt/flink\r\n", /has no Flink: sh: 1: cd: can't cd/],
    ["", /has no Flink: its shell said nothing/],
    [
      `/opt/flink\r\nlib:\r\nother.jar\r\n${OPT}${JAVA}`,
      /has no Flink jar \(lib\/flink-dist-VERSION.jar\) in \/opt\/flink/,
    ],
    [`/opt/flink\r\n${LIB}\r\nopt:\r\n${JAVA}`, /has no SQL Gateway/],
    [`/opt/flink\r\n${LIB}${OPT}`, /has no java on PATH/],
  ])("says what it lacks: %j", (text, reason) => {
    expect(read(text)).toMatchObject({ kind: "unusable", reason: expect.stringMatching(reason) });
  });
});

it("writes as the user whose folder it is, whatever the engine makes of ids", () => {
  const here = { uid: 1_000, gid: 100 };
  expect(mapUser(["name=seccomp,profile=builtin"], here)).toEqual({ id: "1000:100", usernsMode: "" });
  expect(mapUser(["name=rootless"], here)).toEqual({ id: "0:0", usernsMode: "" });
  expect(mapUser(["name=userns"], here)).toEqual({ id: "1000:100", usernsMode: "host" });
});

it("runs Java in the cluster's folder, which has the same path inside, with the connector before all else", () => {
  const container = {
    name: "c",
    image: IMAGE,
    labels: { a: "b" },
    reach: { kind: "host" },
    user: USER,
    folder: "/run, a:b",
    args: ["-Xmx1m", "Main"],
  } as const;
  const formatted = formatSpec(createFlinkSpec({ ...container, kafkaConnectorJar: "kafka-connector.jar" }));
  expect(formatted).toMatchObject({
    Entrypoint: ["java"],
    Cmd: ["-Xmx1m", "Main"],
    WorkingDir: "/run, a:b",
    User: "1000:1000",
    HostConfig: { NetworkMode: "host", Mounts: [{ Type: "bind", Source: "/run, a:b", Target: "/run, a:b" }] },
  });
  const jars = "/opt/flink/lib/*:/opt/flink/opt/flink-sql-gateway-2.2.1.jar";
  expect(formatted.Env).toContain(`CLASSPATH=kafka-connector.jar:${jars}`);
  expect(createFlinkSpec({ ...container, kafkaConnectorJar: null }).env).toMatchObject({ CLASSPATH: jars });
});

describe("a cluster", () => {
  let runDir: string;
  beforeEach(() => {
    runDir = mkdtempSync(join(tmpdir(), "flink-apphost-flink-"));
  });
  afterEach(() => rmSync(runDir, { recursive: true, force: true }));

  const docker = {} as Docker;
  const job = { shape: { taskManagers: 2, slots: 1 }, checkpointIntervalMs: 1_000 };
  const plan = (network: string | null) => {
    const kafkaConnectorJar = join(runDir, "flink-sql-connector-kafka-5.0.0-2.2.jar");
    writeFileSync(kafkaConnectorJar, "jar");
    const containers = { docker, image: IMAGE, kafkaConnectorJar, user: USER, network };
    return planFlinkContainers(containers, { base: runDir, runId: "0d437693", runDir }, job);
  };
  const readConfiguration = () => readFileSync(join(runDir, "data", "flink", "conf", "config.yaml"), "utf8");

  it("listens on 127.0.0.1 alone where it shares this machine's network", async () => {
    const cluster = await plan(null);
    expect(cluster.kafkaAddress).toBeUndefined();
    expect(cluster.checkpointFolder).toBe(join(runDir, "data", "flink", "checkpoints"));
    expect(readConfiguration()).toContain(`execution.checkpointing.dir: "file://${cluster.checkpointFolder}"`);
    expect(readConfiguration()).not.toContain("0.0.0.0");
    expect(existsSync(join(runDir, "data", "flink", "kafka-connector.jar"))).toBe(true);
  });

  it("is found by names on the run's network, and tells each TaskManager its own", async () => {
    const cluster = await plan("flink-apphost-0d437693");
    expect(cluster).toMatchObject({ kafkaAddress: "kafka:9093", jobManager: { host: "127.0.0.1", rpcPort: null } });
    expect(readConfiguration()).toContain(`jobmanager.rpc.address: "jobmanager"\n`);
    expect(readConfiguration()).toContain(`rest.address: "jobmanager"\n`);
    expect(readConfiguration()).not.toContain("taskmanager.host:");
  });
});
