/**
 * Several real Apache Kafka brokers for tests: combined KRaft nodes on free ports of 127.0.0.1, so that each partition
 * has a leader that can be paused or killed while the others go on. A quorum of controllers must live: of three brokers,
 * one at a time may be away. Whoever starts a cluster stops it, in afterAll or finally.
 */
import { createClusterId, findFreePorts, type RealKafka, type SecurityProtocol, startRealNode } from "./real-kafka.ts";

export interface RealClusterOptions {
  /** How many brokers, with node ids from 1. Default 3. */
  readonly brokers?: number;
  /** Further lines of each broker's server.properties. */
  readonly properties?: readonly string[];
  /** By broker, the port of a proxy in front of a second listener, which is `proxiedPort` of the broker. */
  readonly proxyPorts?: readonly number[];
  /**
   * A further listener of each broker, which asks for credentials or certificates; what for is said by `properties`, with
   * `listener.name.secured.` before each name. Users of SCRAM come with `formatArguments`.
   */
  readonly security?: SecurityProtocol;
  /** Further arguments of the tool that formats each broker's storage: `--add-scram`, and a user. */
  readonly formatArguments?: readonly string[];
}

export interface RealCluster {
  /** All brokers, separated by commas. */
  readonly bootstrap: string;
  /** The same by the listener that asks for something; null without `security`. */
  readonly securedBootstrap: string | null;
  /** In order of their node ids. */
  readonly brokers: readonly RealKafka[];
  /** Throws for an id that no broker has. */
  broker(nodeId: number): RealKafka;
  /** Ends all brokers, and removes their folders. */
  stop(): Promise<void>;
}

const CLUSTER_PROPERTIES = [
  "default.replication.factor=3",
  "min.insync.replicas=2",
  "offsets.topic.replication.factor=3",
  "transaction.state.log.replication.factor=3",
  "transaction.state.log.min.isr=2",
  // A paused leader loses its partitions after a few seconds, and what it missed after a few more.
  "broker.session.timeout.ms=3000",
  "replica.lag.time.max.ms=4000",
  "controller.quorum.election.timeout.ms=2000",
  "controller.quorum.fetch.timeout.ms=3000",
];

/** Enough for a few hundred thousand small records, and three of them fit into a small machine. */
const HEAP_MB = 256;

const proxiedListener = (port: number, advertisedPort: number | undefined) =>
  advertisedPort === undefined ? {} : { proxied: { port, advertisedPort } };

const securedListener = (port: number, protocol: SecurityProtocol | undefined) =>
  protocol === undefined ? {} : { secured: { port, protocol } };

export async function startRealCluster(options: RealClusterOptions = {}): Promise<RealCluster> {
  const count = options.brokers ?? 3;
  const ports = await findFreePorts(4 * count);
  const clusterId = createClusterId();
  const voters = Array.from({ length: count }, (_, i) => `${i + 1}@127.0.0.1:${ports[2 * i + 1]}`).join(",");
  const started = await Promise.allSettled(
    Array.from({ length: count }, (_, i) =>
      startRealNode({
        nodeId: i + 1,
        port: ports[2 * i] as number,
        controllerPort: ports[2 * i + 1] as number,
        voters,
        clusterId,
        heapMb: HEAP_MB,
        properties: [...CLUSTER_PROPERTIES, ...(options.properties ?? [])],
        formatArguments: options.formatArguments ?? [],
        ...proxiedListener(ports[2 * count + i] as number, options.proxyPorts?.[i]),
        ...securedListener(ports[3 * count + i] as number, options.security),
      }),
    ),
  );
  const brokers = started.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const stop = async () => {
    await Promise.all(brokers.map((broker) => broker.stop()));
  };
  const failed = started.find((result) => result.status === "rejected");
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  return {
    bootstrap: brokers.map(({ bootstrap }) => bootstrap).join(","),
    securedBootstrap:
      options.security === undefined ? null : brokers.map(({ securedPort }) => `127.0.0.1:${securedPort}`).join(","),
    brokers,
    broker(nodeId) {
      const found = brokers.find((broker) => broker.nodeId === nodeId);
      if (found === undefined) throw new Error(`there is no broker ${nodeId}`);
      return found;
    },
    stop,
  };
}
