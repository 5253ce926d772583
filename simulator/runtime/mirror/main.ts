/**
 * The mirror process of a run on Apache Flink: reads what Flink has committed to the topic of counts, and applies it to
 * the job's state in Redis, where the validator looks for it. Asked to stop, it applies what is committed by then, and
 * fences the state.
 */
import { setInterval } from "node:timers";
import { KafkaCluster } from "../../clients/kafka/cluster.ts";
import { PartitionReader } from "../../clients/kafka/consumer.ts";
import { StateStore } from "../../clients/redis/state-store.ts";
import { type ChildProcess, runChild } from "../../common/contract/child/child-channel.ts";
import {
  type ChildEnvironment,
  readChildEnvironment,
  readKafkaAccess,
  readRedisAddress,
  readTask,
} from "../../common/contract/child/environment.ts";
import type { MirrorTask } from "../../common/contract/child/tasks.ts";
import { runFolder } from "../../common/contract/files/run-folder.ts";
import { createLatencyCounts, toSparseLatency } from "../../common/contract/latency-histogram.ts";
import type { TaskManagerMetrics } from "../../common/contract/metrics.ts";
import { MIRROR } from "../../common/contract/names.ts";
import { waitUntil, whenAborted } from "../../common/foundation/deadline.ts";
import { CheckpointStorage } from "../checkpoint/checkpoint-storage.ts";
import { claimEpoch } from "../job-manager/epoch.ts";
import { Numbering } from "../job-manager/numbering.ts";
import { StoreSession } from "../job-manager/store-session.ts";
import { AppliedLog } from "../sink/evidence-log.ts";
import { decodeCounts } from "./counts-decoder.ts";
import { Mirror } from "./mirror.ts";

/** One partition: all transactions of a checkpoint lie in one order. */
const COUNTS_PARTITION = 0;
const METRICS_INTERVAL_MS = 1_000;
/** Of what is committed when the stop comes. */
const LAST_COUNTS_MS_MAX = 5_000;

await runChild(async (child) => {
  const environment = readChildEnvironment();
  const task = readTask<MirrorTask>();
  const { config, resource } = environment;
  // Not `stopping`: after the stop both are still needed.
  const store = await StateStore.open({ ...config, endpoint: readRedisAddress(), log: child.log });
  const cluster = await KafkaCluster.open({ ...readKafkaAccess(), clientId: resource, log: child.log });
  const appliedLog = new AppliedLog(runFolder.applied(environment.runDir, MIRROR, task.incarnation));
  try {
    const mirror = await createMirror(environment, child, { store, cluster, appliedLog });
    await mirror.begin();
    await cluster.topic(task.countsTopic);
    await followCounts(mirror, { environment, task, cluster, child });
  } finally {
    store.close();
    cluster.close();
    appliedLog.close();
  }
});

async function createMirror(
  { config, runDir, clock }: ChildEnvironment,
  { log, send }: ChildProcess,
  parts: { readonly store: StateStore; readonly cluster: KafkaCluster; readonly appliedLog: AppliedLog },
): Promise<Mirror> {
  const { jobId, partitions, topic, operators } = config;
  const folder = runFolder.checkpoints(runDir);
  const numbering = new Numbering({ epoch: await claimEpoch(folder), folder });
  const storage = new CheckpointStorage({
    folder,
    recoveriesPath: runFolder.recoveries(runDir),
    jobId,
    partitions,
    log,
  });
  const session = new StoreSession({
    jobId,
    partitions,
    store: parts.store,
    storage,
    numbering,
    clock,
    log,
    // What a savepoint of ours holds is no state of Flink's.
    readSavepoint: null,
    readStartOffsets: () => parts.cluster.listOffsets(topic, [...Array(partitions).keys()], "earliest"),
    onRecovered: ({ life, reason, from }) => send({ type: "recovered", life, reason, from }),
  });
  const droppedPartition = operators.includes("test-drop-row") ? 0 : null;
  return new Mirror({ ...parts, jobId, partitions, session, numbering, clock, droppedPartition });
}

interface Following {
  readonly environment: ChildEnvironment;
  readonly task: MirrorTask;
  readonly cluster: KafkaCluster;
  readonly child: ChildProcess;
}

/** Until the stop, and then to the end of what is committed. */
async function followCounts(mirror: Mirror, { environment, task, cluster, child }: Following): Promise<void> {
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  let position = 0;
  let applied = 0;
  let applying: Promise<void> | null = null;
  const apply = async () => {
    for (let reached = -1; reached !== position; ) {
      reached = position;
      await mirror.apply();
      applied = reached;
      child.send(mirror.describe());
    }
    applying = null;
  };
  const reader = new PartitionReader({
    cluster,
    topic: task.countsTopic,
    onRecords(fetched) {
      mirror.take(decodeCounts({ topic: task.countsTopic, partitions: environment.config.partitions }, fetched));
      position = fetched.nextOffset;
      applying ??= apply();
      applying.catch(failed.reject);
    },
    onError: (_, error) => failed.reject(error),
  });
  reader.assign(COUNTS_PARTITION, 0);
  const endMetrics = sendMetrics(mirror, environment, task, child);
  child.send({ type: "ready", detail: `topic ${task.countsTopic}` });
  try {
    await Promise.race([failed.promise, whenAborted(child.stopping)]);
    const [end = 0] = await cluster.listOffsets(task.countsTopic, [COUNTS_PARTITION], "latest", "committed");
    const reached = waitUntil(() => (applied >= end ? true : undefined), {
      what: `applying the counts up to offset ${end} of ${task.countsTopic}`,
      deadlineMs: LAST_COUNTS_MS_MAX,
    });
    await Promise.race([failed.promise, reached]);
    await mirror.stop();
    child.send({ type: "stopped", checkpointId: 0, total: mirror.describe().total });
  } finally {
    endMetrics();
    await reader.close();
  }
}

/** Each second while they change, and once more at the end. */
function sendMetrics(mirror: Mirror, environment: ChildEnvironment, task: MirrorTask, child: ChildProcess): () => void {
  let told = "";
  const send = (final: boolean) => {
    const counts = JSON.stringify([mirror.describe(), mirror.applies]);
    if (counts === told && !final) return;
    told = counts;
    child.send({ type: "metrics", metrics: collectMetrics(mirror, environment, { task, final }) });
  };
  const timer = setInterval(() => send(false), METRICS_INTERVAL_MS);
  return () => {
    clearInterval(timer);
    send(true);
  };
}

/** In the form of a TaskManager's: it is the process that applies. Latencies die in Flink, which tells none. */
function collectMetrics(
  mirror: Mirror,
  { clock }: ChildEnvironment,
  { task, final }: { readonly task: MirrorTask; readonly final: boolean },
): TaskManagerMetrics {
  const cpu = process.cpuUsage();
  return {
    tm: MIRROR,
    incarnation: task.incarnation,
    pid: process.pid,
    atUs: clock.nowUs(),
    processed: mirror.processed,
    rejected: 0,
    skipped: 0,
    bytes: 0,
    applies: { ...mirror.applies },
    partitions: mirror.describe().offsets.map((offset, p) => ({ p, offset, endOffset: -1 })),
    checkpointId: 0,
    final,
    cpuMs: Math.round((cpu.user + cpu.system) / 1_000),
    rssBytes: process.memoryUsage.rss(),
    busyMs: Math.round((cpu.user + cpu.system) / 1_000),
    eventLoopLagMsMax: 0,
    latency: toSparseLatency(createLatencyCounts()),
    latencyUsMax: 0,
  };
}
