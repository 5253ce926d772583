/**
 * An old real Kafka (2.8) for tests, of those that need ZooKeeper: its brokers learn of their topics only from the
 * controller, after they began to answer. The jars come from $KAFKA_ZOOKEEPER_HOME/libs.
 */
import { spawn } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePorts, type RealKafka, startBroker } from "./real-kafka.ts";

/** `properties`: further lines of server.properties. */
export async function startZooKeeperKafka(properties: readonly string[] = []): Promise<RealKafka> {
  const folder = await mkdtemp(join(tmpdir(), "flink-apphost-kafka-"));
  const [port, zooKeeperPort] = (await findFreePorts(2)) as [number, number];
  await writeFile(join(folder, "log4j.properties"), LOG_CONFIGURATION);
  await writeFile(join(folder, "zookeeper.properties"), zooKeeperProperties(folder, zooKeeperPort));
  await writeFile(join(folder, "server.properties"), serverProperties(folder, port, zooKeeperPort, properties));
  const javaArguments = [
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-cp",
    join(process.env["KAFKA_ZOOKEEPER_HOME"] ?? "", "libs", "*"),
    `-Dlog4j.configuration=file:${join(folder, "log4j.properties")}`,
  ];
  const main = "org.apache.zookeeper.server.quorum.QuorumPeerMain";
  // Not waited for: the broker waits for it.
  const zooKeeper = spawn("java", [...javaArguments, main, "zookeeper.properties"], { cwd: folder, stdio: "ignore" });
  return startBroker({ nodeId: 1, port, folder, javaArguments, companion: zooKeeper });
}

const LOG_CONFIGURATION = `log4j.rootLogger=WARN, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d %p %m (%c)%n
`;

const zooKeeperProperties = (folder: string, port: number): string =>
  [
    `dataDir=${join(folder, "zookeeper")}`,
    `clientPort=${port}`,
    "clientPortAddress=127.0.0.1",
    "admin.enableServer=false",
    // The shortest session is two ticks.
    "tickTime=500",
    "",
  ].join("\n");

const serverProperties = (folder: string, port: number, zooKeeperPort: number, properties: readonly string[]): string =>
  [
    "broker.id=1",
    `listeners=PLAINTEXT://127.0.0.1:${port}`,
    `zookeeper.connect=127.0.0.1:${zooKeeperPort}`,
    // A killed broker is let in again only when its old session has expired.
    "zookeeper.session.timeout.ms=3000",
    "num.partitions=20",
    "auto.create.topics.enable=false",
    "offsets.topic.replication.factor=1",
    "offsets.topic.num.partitions=1",
    "group.initial.rebalance.delay.ms=0",
    "transaction.state.log.replication.factor=1",
    "transaction.state.log.min.isr=1",
    `log.dirs=${join(folder, "data")}`,
    ...properties,
    "",
  ].join("\n");
