/**
 * A real Apache Kafka for tests: one KRaft node on free ports of 127.0.0.1, its data in a temporary folder of its own.
 * The jars come from $KAFKA_HOME/libs. Whoever starts one stops it, in afterAll or finally.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findBrokerArchive } from "../../apphost/drivers/native-kafka.ts";
import { metadataApi } from "../../simulator/clients/kafka/wire/apis/metadata.ts";
import { encodeRequestFrame } from "../../simulator/clients/kafka/wire/frame.ts";
import { Reader } from "../../simulator/clients/kafka/wire/reader.ts";
import { waitUntil, withDeadline } from "../../simulator/common/foundation/deadline.ts";

const START_DEADLINE_MS = 60_000;

export interface RealKafkaOptions {
  /** What the broker tells clients to connect to, when it is not its own port: a proxy's, for example. */
  readonly advertisedPort?: number;
  /** Further lines of server.properties. Of two lines with one name, the later one counts. */
  readonly properties?: readonly string[];
  /** Further arguments of the tool that formats its storage: `--add-scram`, and a user. */
  readonly formatArguments?: readonly string[];
  /** Default 512. */
  readonly heapMb?: number;
  /** A folder of compiled classes that `properties` name. */
  readonly classes?: string;
}

export type SecurityProtocol = "SSL" | "SASL_PLAINTEXT" | "SASL_SSL";

export interface RealKafka {
  readonly nodeId: number;
  /** host:port of the broker's own listener. */
  readonly bootstrap: string;
  readonly port: number;
  /** Of the listener behind a proxy; null without one. */
  readonly proxiedPort: number | null;
  /** Of the listener that asks clients for credentials, or certificates; null without one. */
  readonly securedPort: number | null;
  readonly folder: string;
  /** Of the process that runs now; it changes with each restart. */
  readonly pid: number;
  /** Ends the server if it runs, and removes its folder. */
  stop(): Promise<void>;
  /** SIGKILL; the folder stays for `start`. */
  kill(): Promise<void>;
  /** SIGSTOP: its connections stay open, and nothing is answered until `resume`. */
  pause(): void;
  /** SIGCONT: it answers what was sent to it meanwhile. */
  resume(): void;
  /** Starts it again after `kill`: same ports, same data. */
  start(): Promise<void>;
}

/** Why there is no real Kafka here, or null when there is one. With REQUIRE_REAL=1 a missing one is an error. */
export function realKafkaMissing(variable = "KAFKA_HOME"): string | null {
  const reason = findMissingPart(variable);
  if (reason !== null && process.env["REQUIRE_REAL"] === "1") {
    throw new Error(`${reason}, and REQUIRE_REAL=1 asks for it`);
  }
  return reason;
}

/** `variable` names the folder whose `libs` holds the jars. */
function findMissingPart(variable: string): string | null {
  const home = process.env[variable];
  if (home === undefined || home === "") return `${variable} is not set`;
  if (!existsSync(join(home, "libs"))) return `${variable} is ${home}, which has no folder libs`;
  const probe = spawnSync("java", ["-version"], { stdio: "ignore" });
  return probe.error === undefined && probe.status === 0 ? null : "java is not on PATH";
}

export async function startRealKafka(options: RealKafkaOptions = {}): Promise<RealKafka> {
  const [port, controllerPort] = (await findFreePorts(2)) as [number, number];
  const voters = `1@127.0.0.1:${controllerPort}`;
  return startRealNode({ ...options, nodeId: 1, port, controllerPort, voters, clusterId: createClusterId() });
}

/** The tool that formats the storage takes an id that begins with "-" for an option. */
export const createClusterId = (): string => `K${randomBytes(16).toString("base64url").slice(1)}`;

export interface RealNodeOptions extends RealKafkaOptions {
  readonly nodeId: number;
  readonly port: number;
  readonly controllerPort: number;
  /** Of `controller.quorum.voters`. */
  readonly voters: string;
  readonly clusterId: string;
  /** A second listener, whose clients are told to connect to a proxy. Brokers talk to each other past it. */
  readonly proxied?: { readonly port: number; readonly advertisedPort: number };
  /** A further listener, named SECURED; what it asks for is said by `properties`. Brokers talk to each other past it. */
  readonly secured?: { readonly port: number; readonly protocol: SecurityProtocol };
}

/** One broker and controller, alone or as a part of a cluster. */
export async function startRealNode(options: RealNodeOptions): Promise<RealKafka> {
  const { nodeId, port } = options;
  const folder = await mkdtemp(join(tmpdir(), "flink-apphost-kafka-"));
  await writeFile(join(folder, "log4j2.yaml"), LOG_CONFIGURATION);
  await writeFile(join(folder, "server.properties"), serverProperties(folder, options));
  await symlink(join(process.env["KAFKA_HOME"] ?? "", "libs"), join(folder, "libs"));
  const javaArguments = [...(await findArchiveFlags()), ...listJavaArguments(folder, options)];
  await formatStorage(folder, options, javaArguments);
  return startBroker({
    nodeId,
    port,
    proxiedPort: options.proxied?.port ?? null,
    securedPort: options.secured?.port ?? null,
    folder,
    javaArguments,
  });
}

export interface BrokerProcessOptions {
  readonly nodeId: number;
  readonly port: number;
  readonly proxiedPort?: number | null;
  readonly securedPort?: number | null;
  /** With its `server.properties`; removed with the broker. */
  readonly folder: string;
  readonly javaArguments: readonly string[];
  /** A process that it needs, and that ends with it. */
  readonly companion?: ChildProcess;
}

/** One broker process, whatever its version, in a folder that is prepared for it. */
export async function startBroker(options: BrokerProcessOptions): Promise<RealKafka> {
  const { nodeId, port, proxiedPort = null, securedPort = null, folder, javaArguments, companion } = options;
  const launch = () => launchBroker(folder, port, javaArguments);
  let child: ChildProcess;
  try {
    child = await launch();
  } catch (error) {
    if (companion !== undefined) await endProcess(companion);
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    nodeId,
    bootstrap: `127.0.0.1:${port}`,
    port,
    proxiedPort,
    securedPort,
    folder,
    get pid() {
      return child.pid as number;
    },
    async stop() {
      await endProcess(child);
      if (companion !== undefined) await endProcess(companion);
      await rm(folder, { recursive: true, force: true });
    },
    async kill() {
      await endProcess(child);
    },
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    async start() {
      child = await launch();
    },
  };
}

async function formatStorage(
  folder: string,
  { clusterId, formatArguments = [] }: RealNodeOptions,
  javaArguments: readonly string[],
): Promise<void> {
  const tool = ["kafka.tools.StorageTool", "format", "-t", clusterId, "-c", "server.properties", ...formatArguments];
  const format = spawn("java", [...javaArguments, ...tool], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const output = keepOutput(format);
  const [code] = await withDeadline(once(format, "close"), {
    what: "formatting Kafka's storage",
    deadlineMs: START_DEADLINE_MS,
  });
  if (code !== 0) throw new Error(`formatting Kafka's storage failed: ${output()}`);
}

const LOG_CONFIGURATION = `Configuration:
  status: warn
  Appenders: { Console: { name: out, PatternLayout: { pattern: "%d %p %m (%c)%n" } } }
  Loggers: { Root: { level: WARN, AppenderRef: { ref: out } } }
`;

/**
 * Half of the processor time of a start is that of loading classes. Where a run on this machine has left an archive of them, it
 * holds for the collector of that broker, and for jars that are called as there.
 */
async function findArchiveFlags(): Promise<string[]> {
  // None is made here: it is given up only by a broker that ends in order.
  const archive = await findBrokerArchive(process.env["KAFKA_HOME"] ?? "", { ...process.env, CI: "true" });
  return archive.kind === "kept"
    ? [`-XX:SharedArchiveFile=${archive.path}`, "-Xlog:cds=off", "-Xlog:cds+dynamic=off"]
    : [];
}

function listJavaArguments(folder: string, { heapMb = 512, classes }: RealKafkaOptions): string[] {
  const classPath = classes === undefined ? "libs/*" : `libs/*:${classes}`;
  const machine = [`-Xmx${heapMb}m`, "-XX:+UseParallelGC", "-XX:TieredStopAtLevel=1"];
  return [...machine, "-cp", classPath, `-Dlog4j2.configurationFile=${join(folder, "log4j2.yaml")}`];
}

function serverProperties(folder: string, where: RealNodeOptions): string {
  const { proxied, secured } = where;
  const listeners = [`PLAINTEXT://127.0.0.1:${where.port}`, `CONTROLLER://127.0.0.1:${where.controllerPort}`];
  const advertised = [`PLAINTEXT://127.0.0.1:${where.advertisedPort ?? where.port}`];
  if (proxied !== undefined) {
    listeners.push(`PROXIED://127.0.0.1:${proxied.port}`);
    advertised.push(`PROXIED://127.0.0.1:${proxied.advertisedPort}`);
  }
  if (secured !== undefined) {
    listeners.push(`SECURED://127.0.0.1:${secured.port}`);
    advertised.push(`SECURED://127.0.0.1:${secured.port}`);
  }
  const protocols = ["CONTROLLER:PLAINTEXT", "PLAINTEXT:PLAINTEXT", "PROXIED:PLAINTEXT"];
  protocols.push(`SECURED:${secured?.protocol ?? "PLAINTEXT"}`);
  return [
    "process.roles=broker,controller",
    `node.id=${where.nodeId}`,
    "num.partitions=20",
    "auto.create.topics.enable=false",
    `controller.quorum.voters=${where.voters}`,
    "controller.listener.names=CONTROLLER",
    `listeners=${listeners.join(",")}`,
    `advertised.listeners=${advertised.join(",")}`,
    `listener.security.protocol.map=${protocols.join(",")}`,
    "offsets.topic.replication.factor=1",
    "offsets.topic.num.partitions=1",
    "group.initial.rebalance.delay.ms=0",
    "transaction.state.log.replication.factor=1",
    "transaction.state.log.min.isr=1",
    "transaction.state.log.num.partitions=1",
    "share.coordinator.state.topic.replication.factor=1",
    "share.coordinator.state.topic.min.isr=1",
    // A killed broker is let in again only when its old registration has expired.
    "broker.session.timeout.ms=2000",
    "broker.heartbeat.interval.ms=500",
    `log.dirs=${join(folder, "data")}`,
    ...(where.properties ?? []),
    "",
  ].join("\n");
}

/** One that does not become ready is ended: nobody else could. */
async function launchBroker(folder: string, port: number, javaArguments: readonly string[]): Promise<ChildProcess> {
  const child = spawn("java", [...javaArguments, "kafka.Kafka", "server.properties"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = keepOutput(child);
  const ready = waitUntil(() => (child.exitCode !== null ? ("ended" as const) : answersMetadata(port)), {
    what: `Kafka on port ${port} answers with a broker`,
    deadlineMs: START_DEADLINE_MS,
    intervalMs: 100,
  });
  await ready.catch(async (error: unknown) => {
    await endProcess(child);
    throw error;
  });
  if (child.exitCode !== null) throw new Error(`Kafka ended with code ${child.exitCode}: ${output()}`);
  return child;
}

/** The end of what it prints, for the error that tells of its failure. */
function keepOutput(child: ChildProcess): () => string {
  let output = "";
  const keep = (text: Buffer) => {
    output = (output + text.toString()).slice(-4_000);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  return () => output;
}

/** True readiness: a metadata answer that names a broker. The port opens before that. */
function answersMetadata(port: number): Promise<"answered" | undefined> {
  return new Promise((resolve) => {
    let received = Buffer.alloc(0);
    const header = { apiKey: metadataApi.key, apiVersion: 1, correlationId: 1, clientId: "readiness" };
    const request = encodeRequestFrame(header, (w) =>
      metadataApi.encodeRequest(w, 1, { topics: [], allowAutoTopicCreation: false }),
    );
    const socket = connect(port, "127.0.0.1", () => socket.write(Buffer.concat(request)));
    socket.setTimeout(2_000, () => socket.destroy());
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      const { brokers } = metadataApi.decodeResponse(new Reader(received, 8), 1);
      resolve(brokers.length > 0 ? "answered" : undefined);
      socket.destroy();
    });
    socket.once("error", () => resolve(undefined));
    socket.once("close", () => resolve(undefined));
  });
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await withDeadline(exited, { what: `the end of java (pid ${child.pid})`, deadlineMs: 10_000 });
}

/** Held open together, so that they differ. */
export async function findFreePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(async (server) => {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const address = server.address();
      if (address === null || typeof address === "string") throw new Error("no port was given");
      return address.port;
    }),
  );
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}
