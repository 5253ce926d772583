/**
 * A real Flink from FLINK_HOME under the supervisor, and the counting job on it with a real Kafka: JobManager, two
 * TaskManagers and the SQL Gateway come up, a killed TaskManager comes back, and what is committed is exact.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { countingStatements, sessionProperties } from "../../apphost/drivers/flink/counting-job.ts";
import { readFlinkAnswer } from "../../apphost/drivers/flink/flink-rest.ts";
import { type FlinkCluster, planFlinkCluster } from "../../apphost/drivers/flink/native-flink.ts";
import { openSqlSession } from "../../apphost/drivers/flink/sql-gateway.ts";
import type { ResourceDeclaration } from "../../apphost/model/resource.ts";
import { type ChildHooks, startChildProcess } from "../../apphost/processes/child-process.ts";
import { ResourceLog } from "../../apphost/processes/resource-log.ts";
import { Supervisor } from "../../apphost/processes/supervisor.ts";
import {
  planFlinkJobManager,
  planFlinkSqlGateway,
  planFlinkTaskManager,
} from "../../apphost/resources/flink-cluster.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { type RealKafka, startRealKafka } from "../support/real-kafka.ts";
import { describeReal } from "../support/real-parts.ts";

const PARTITIONS = 4;
const RECORDS = 10_000;

describeReal(["kafka", "flink"], "a real Flink", () => {
  const signal = AbortSignal.timeout(150_000);
  const folder = mkdtempSync(join(tmpdir(), "flink-apphost-fl\u00fcnk, a:b-"));
  const logs: ResourceLog[] = [];
  const supervisors: Supervisor[] = [];
  let kafka: RealKafka;
  let cluster: FlinkCluster;

  beforeAll(async () => {
    mkdirSync(join(folder, "logs"), { recursive: true });
    const context = {
      runDir: folder,
      foreignEnvironment: () => ({ PATH: process.env["PATH"] ?? "" }),
      startProcess: startChildProcess,
    };
    [kafka, cluster] = await Promise.all([
      startRealKafka(),
      planFlinkCluster(context, process.env, { slots: 2, checkpointIntervalMs: 500 }),
    ]);
    const planned = { plan: async () => cluster, current: cluster };
    const plans = [
      planFlinkJobManager(declare("jobmanager"), planned, createHooks),
      planFlinkTaskManager(declare("taskmanager-01"), planned, createHooks),
      planFlinkTaskManager(declare("taskmanager-02"), planned, createHooks),
      planFlinkSqlGateway(declare("sql-gateway"), planned, createHooks),
    ];
    supervisors.push(...plans.map((plan) => new Supervisor(plan, host)));
    await Promise.all(supervisors.map((supervisor) => supervisor.start()));
  });

  afterAll(async () => {
    await Promise.all(supervisors.map((supervisor) => supervisor.stop(10_000)));
    await kafka.stop();
    for (const log of logs) log.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const createHooks = (name: string): ChildHooks => {
    const log = new ResourceLog(join(folder, "logs", `${name}.log`), (work) => work());
    logs.push(log);
    return { log, onSpawn: () => undefined, onMessage: () => undefined };
  };

  it("has each TaskManager registered under its name, and one back that was killed (L2)", async () => {
    expect(await readFlinkAnswer(`${cluster.restUrl}/overview`, signal)).toMatchObject({
      taskmanagers: 2,
      "slots-total": 4,
      "flink-version": cluster.version,
    });
    const killed = supervisors[1] as Supervisor;
    process.kill(killed.snapshot.pid as number, "SIGKILL");
    const isBack = () => (killed.life === 1 && killed.snapshot.state === "running" ? true : undefined);
    await waitUntil(isBack, { what: "taskmanager-01 to be back", deadlineMs: 60_000, signal });
  });

  it("says why it refuses a statement (Q2)", async () => {
    const session = await openSqlSession(cluster.gatewayUrl, {}, signal);
    await expect(session.execute("SELECT * FROM nowhere")).rejects.toThrow(/Object 'nowhere' not found/);
    await session.close();
  });

  it("counts each record of each partition exactly once, as committed transactions say", async () => {
    const client = new Kafka({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING });
    await createTopics(client, ["in", "out"]);
    await produce(client, "in");
    const job = {
      jobId: "0123456789abcdef0123456789abcdef",
      restoreFrom: null,
      name: "counting",
      bootstrap: kafka.bootstrap,
      inputTopic: "in",
      outputTopic: "out",
      group: "counting",
      parallelism: 4,
      checkpointIntervalMs: 500,
    };
    const session = await openSqlSession(cluster.gatewayUrl, sessionProperties(job), signal);
    let jobId: string | null = null;
    for (const statement of countingStatements(job)) jobId = await session.execute(statement);
    await session.close();
    expect(jobId).toMatch(/^[0-9a-f]{32}$/);
    const perPartition = RECORDS / PARTITIONS;
    const expected = Array.from({ length: PARTITIONS }, (_, p) => [
      p,
      { partition_number: p, processed: perPartition, highest_offset: perPartition - 1 },
    ]);
    expect(await readNewest(client, "out", perPartition)).toEqual(new Map(expected as [number, object][]));
  });
});

const declare = (name: string): ResourceDeclaration => ({
  name,
  kind: name.startsWith("taskmanager") ? "taskmanager" : "jobmanager",
  life: "standing",
  group: null,
  waitsFor: [],
  loadsEarly: false,
});

const host = {
  pulses: { watch: () => () => undefined },
  emitResource: () => undefined,
  emitExit: () => undefined,
  recordFault: () => ({ recoveredAfterMs: () => undefined }),
  fail: () => undefined,
};

async function createTopics(client: Kafka, topics: readonly string[]): Promise<void> {
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: topics.map((topic) => ({ topic, numPartitions: PARTITIONS })) });
  await admin.disconnect();
}

async function produce(client: Kafka, topic: string): Promise<void> {
  const producer = client.producer();
  await producer.connect();
  const messages = Array.from({ length: RECORDS }, (_, i) => ({ value: `record ${i}`, partition: i % PARTITIONS }));
  await producer.send({ topic, messages });
  await producer.disconnect();
}

interface Row {
  readonly partition_number: number;
  readonly processed: number;
}

/** The newest committed row of each partition, once each has counted so many. kafkajs reads `read_committed`. */
async function readNewest(client: Kafka, topic: string, processedDue: number): Promise<Map<number, object>> {
  const newest = new Map<number, Row>();
  const consumer = client.consumer({ groupId: "reader" });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    async eachMessage({ message }) {
      const row = JSON.parse(String(message.value)) as Row;
      newest.set(row.partition_number, row);
    },
  });
  const isReached = () =>
    newest.size === PARTITIONS && [...newest.values()].every(({ processed }) => processed >= processedDue)
      ? true
      : undefined;
  await waitUntil(isReached, { what: `${processedDue} counted in each partition`, deadlineMs: 60_000 });
  await consumer.disconnect();
  return newest;
}
