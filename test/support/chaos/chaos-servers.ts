/**
 * The Kafka (one broker or several) and the Redis of runs with random faults: external ones for the host, so that the test
 * alone decides about them. Each listens twice: directly, and behind a proxy whose connections can be cut.
 */
import { type Admin, Kafka, logLevel } from "kafkajs";
import { waitUntil } from "../../../simulator/common/foundation/deadline.ts";
import { describeTopic, findUnrest } from "../independent/topic-description.ts";
import { type RealCluster, startRealCluster } from "../real-cluster.ts";
import { type RealRedis, startRealRedis } from "../real-redis.ts";
import { withRedis } from "../system.ts";
import { startTcpProxy, type TcpProxy } from "../tcp-proxy.ts";
import { type BrokerChoice, PARTITIONS } from "./schedule.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const REST_DEADLINE_MS = 90_000;

/** Leaders go back to where they belong after a few seconds: one more way for them to move during a run. */
const BROKER_PROPERTIES = [
  "leader.imbalance.check.interval.seconds=3",
  "leader.imbalance.per.broker.percentage=0",
  // The topics of many runs, each deleted after its run.
  "log.segment.delete.delay.ms=1000",
];
const LONE_BROKER_PROPERTIES = [
  "default.replication.factor=1",
  "min.insync.replicas=1",
  "offsets.topic.replication.factor=1",
  "transaction.state.log.replication.factor=1",
  "transaction.state.log.min.isr=1",
];

export class ChaosServers {
  readonly brokers: readonly ServerUnderTest[];
  readonly redis: ServerUnderTest;
  readonly #cluster: RealCluster;
  readonly #redis: RealRedis;
  readonly #proxies: { readonly kafka: readonly TcpProxy[]; readonly redis: TcpProxy };

  private constructor(
    cluster: RealCluster,
    redis: RealRedis,
    proxies: { readonly kafka: readonly TcpProxy[]; readonly redis: TcpProxy },
  ) {
    this.#cluster = cluster;
    this.#redis = redis;
    this.#proxies = proxies;
    this.brokers = cluster.brokers.map((broker) => new ServerUnderTest(`broker ${broker.nodeId}`, broker));
    this.redis = new ServerUnderTest("redis", {
      kill: () => redis.kill(),
      start: () => redis.restart(),
      pause: () => void process.kill(redis.pid, "SIGSTOP"),
      resume: () => void process.kill(redis.pid, "SIGCONT"),
    });
  }

  static async start(brokers: number): Promise<ChaosServers> {
    // A broker is told its proxy's port before it starts, and the proxy the broker's after that.
    const kafka = await Promise.all(Array.from({ length: brokers }, () => startTcpProxy(0)));
    const cluster = await startRealCluster({
      brokers,
      properties: brokers === 1 ? [...BROKER_PROPERTIES, ...LONE_BROKER_PROPERTIES] : BROKER_PROPERTIES,
      proxyPorts: kafka.map(({ port }) => port),
    });
    for (const [i, proxy] of kafka.entries()) proxy.target = cluster.brokers[i]?.proxiedPort ?? 0;
    const redis = await startRealRedis({ aof: "everysec" });
    return new ChaosServers(cluster, redis, { kafka, redis: await startTcpProxy(redis.port) });
  }

  /** Of all brokers. */
  get bootstrap(): string {
    return this.#cluster.bootstrap;
  }

  /** Of those that serve now. Throws when none does. */
  get servingBootstrap(): string {
    const serving = this.#cluster.brokers.filter((_, i) => this.brokers[i]?.isServing === true);
    if (serving.length === 0) throw new Error("no broker serves now");
    return serving.map(({ bootstrap }) => bootstrap).join(",");
  }

  get redisUrl(): string {
    return this.#redis.url;
  }

  /** What a host is given whose connections will be cut. */
  get proxiedBootstrap(): string {
    return this.#proxies.kafka.map(({ port }) => `127.0.0.1:${port}`).join(",");
  }

  get proxiedRedisUrl(): string {
    return `redis://127.0.0.1:${this.#proxies.redis.port}`;
  }

  cut(server: "kafka" | "redis"): void {
    for (const proxy of server === "kafka" ? this.#proxies.kafka : [this.#proxies.redis]) proxy.cut();
  }

  broker(nodeId: number): ServerUnderTest {
    const found = this.brokers[nodeId - 1];
    if (found === undefined) throw new Error(`there is no broker ${nodeId}`);
    return found;
  }

  /** A leader is the one that those that serve take for it; undefined where they name none. */
  async findBroker(topic: string, choice: BrokerChoice): Promise<ServerUnderTest | undefined> {
    if (choice.kind === "node") return this.broker(choice.nodeId);
    const described = await describeTopic(this.servingBootstrap, topic);
    const leader = described?.partitions.find(({ partition }) => partition === choice.p)?.leader ?? -1;
    return leader < 0 ? undefined : this.broker(leader);
  }

  /** kafkajs's own wait for leaders takes a broker that has not heard of the topic yet for a failure. */
  async createTopic(topic: string): Promise<void> {
    const topics = [{ topic, numPartitions: PARTITIONS, replicationFactor: -1 }];
    await this.#withAdmin(async (admin) => void (await admin.createTopics({ topics, waitForLeaders: false })));
    await waitUntil(
      async () => {
        const partitions = (await describeTopic(this.servingBootstrap, topic))?.partitions ?? [];
        return partitions.length === PARTITIONS && partitions.every(({ leader }) => leader >= 0) ? true : undefined;
      },
      { what: `every partition of ${topic} has a leader`, deadlineMs: REST_DEADLINE_MS, intervalMs: 100 },
    );
  }

  /** Makes the second replica the preferred leader; the controller elects it within seconds. */
  moveLeaders(topic: string, partitions: readonly number[]): Promise<void> {
    return this.#withAdmin(async (admin) => {
      const described = await describeTopic(this.servingBootstrap, topic);
      const partitionAssignment = partitions.flatMap((partition) => {
        const ids = described?.partitions.find((found) => found.partition === partition)?.replicas.map(({ id }) => id);
        const [first, ...others] = ids ?? [];
        return first === undefined ? [] : [{ partition, replicas: [...others, first] }];
      });
      await admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
    });
  }

  /** Until every server is back, all brokers agree and all replicas are in sync: then what is read is for good. */
  async restore(): Promise<void> {
    await Promise.all([...this.brokers, this.redis].map((server) => server.restore()));
    const brokers = this.#cluster.brokers.map(({ bootstrap }) => bootstrap);
    await waitUntil(
      async () => {
        const unrest = await findUnrest(brokers);
        if (unrest !== null) throw new Error(unrest);
        return true;
      },
      { what: "every topic has all its replicas in sync", deadlineMs: REST_DEADLINE_MS, intervalMs: 200 },
    );
  }

  /** Removes what runs left: their topics, and everything in Redis. */
  async clear(): Promise<void> {
    await this.#withAdmin(async (admin) => {
      const topics = (await admin.listTopics()).filter((topic) => !topic.startsWith("__"));
      if (topics.length > 0) await admin.deleteTopics({ topics });
    });
    await withRedis(this.redisUrl, (redis) => redis.flushall());
  }

  async #withAdmin(work: (admin: Admin) => Promise<void>): Promise<void> {
    const brokers = this.servingBootstrap.split(",");
    const admin = new Kafka({ clientId: "chaos", brokers, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    try {
      await work(admin);
    } finally {
      await admin.disconnect();
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#proxies.kafka, this.#proxies.redis].map((proxy) => proxy.close()));
    await Promise.all([this.#cluster.stop(), this.#redis.stop()]);
  }
}
