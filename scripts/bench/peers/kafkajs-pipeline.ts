/**
 * The pipeline that a user would write first, on the full topic: 20 processes in one consumer group with stock kafkajs,
 * each adding the size of every batch to one Redis counter.
 *
 * All are connected before they are told to join the group together, so the interval (first batch of any to last reply
 * of Redis) holds as little of the group's rebalancing as can be. What is counted twice because of it is told.
 */
import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { openRedis } from "../../../simulator/clients/redis/reader.ts";
import { waitUntil } from "../../../simulator/common/foundation/deadline.ts";
import { cleanEnvironment, stopChild } from "../child-command.ts";
import { type FilledTopic, fillTopic } from "../filled-topic.ts";
import { programPath } from "../parts.ts";
import { ProcessSampler } from "../process-sampler.ts";
import { cpuPerMessage } from "../product-run.ts";
import type { Session } from "../session.ts";
import { perSecond } from "../statistics.ts";
import type { BenchCase, BenchContext, CaseResult } from "../suite.ts";
import type { FromWorker, ToWorker, WorkerFigures, WorkerTask } from "./kafkajs-messages.ts";

const WORKERS = 20;
const READY_MS_MAX = 120_000;
const DRAIN_MS_MAX = 1_800_000;
const FIGURES_MS_MAX = 60_000;

interface Worker {
  readonly child: ChildProcess;
  isReady: boolean;
  figures: WorkerFigures | null;
}

export const kafkajsPipeline: BenchCase = {
  id: "peers/kafkajs-pipeline",
  title: "kafkajs, 20 processes, eachBatch, one INCRBY a batch",
  usesBroker: true,
  isPeer: true,
  async measure(context) {
    const session = await context.session();
    const topic = await fillTopic(context);
    const sampler = new ProcessSampler(() => context.clock.nowUs());
    session.watchBroker(sampler);
    session.watchRedis(sampler);
    const task = createTask(session, topic);
    const drained = new Set<number>();
    const workers = Array.from({ length: WORKERS }, () => startWorker(task, session.redisUrl, drained));
    try {
      for (const { child } of workers) if (child.pid !== undefined) sampler.watch("peer", child.pid);
      await drain(context, workers, drained, topic.partitions);
      const counted = await takeCounter(session, task.counterKey, context.signal);
      return describe(workers, sampler, topic, counted);
    } finally {
      sampler.stop();
      for (const { child } of workers) await stopChild(child, "a kafkajs worker");
    }
  },
};

function createTask(session: Session, { topic }: FilledTopic): WorkerTask {
  const mark = randomBytes(4).toString("hex");
  return { bootstrap: session.bootstrap, topic, group: `bench-kafkajs-${mark}`, counterKey: `bench:kafkajs:${mark}` };
}

function startWorker(task: WorkerTask, redisUrl: string, drained: Set<number>): Worker {
  const child = fork(programPath("scripts/bench/peers/kafkajs-worker/main"), {
    env: cleanEnvironment({ BENCH_WORKER_TASK: JSON.stringify(task), BENCH_REDIS_URL: redisUrl }),
    // kafkajs makes Node warn of negative timeouts, on every connection.
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    detached: true,
  });
  const worker: Worker = { child, isReady: false, figures: null };
  child.on("message", (message: FromWorker) => {
    if (message.type === "ready") worker.isReady = true;
    else if (message.type === "drained") drained.add(message.partition);
    else worker.figures = message;
  });
  return worker;
}

async function drain(
  { signal }: BenchContext,
  workers: readonly Worker[],
  drained: ReadonlySet<number>,
  partitions: number,
): Promise<void> {
  const tell = (message: ToWorker) => {
    for (const { child } of workers) child.send(message);
  };
  const wait = (what: string, deadlineMs: number, isReached: () => boolean) =>
    waitUntil(
      () => {
        // One that ended before its figures came will never say what is waited for.
        const lost = workers.find(({ child, figures }) => child.exitCode !== null && figures === null);
        return lost !== undefined || isReached() ? { lost } : undefined;
      },
      { what, deadlineMs, signal, intervalMs: 50 },
    ).then(({ lost }) => {
      if (lost !== undefined) throw new Error(`a kafkajs worker ended with exit code ${lost.child.exitCode}`);
    });
  await wait("20 kafkajs workers connected", READY_MS_MAX, () => workers.every(({ isReady }) => isReady));
  tell({ type: "go" });
  await wait("the topic drained by kafkajs", DRAIN_MS_MAX, () => drained.size === partitions);
  tell({ type: "stop" });
  await wait("the workers' figures", FIGURES_MS_MAX, () => workers.every(({ figures }) => figures !== null));
}

/** Reads the counter and removes it. */
async function takeCounter(session: Session, key: string, signal: AbortSignal): Promise<number> {
  const redis = await openRedis(session.redis, { signal });
  try {
    const counted = Number(await redis.readText(key));
    await redis.remove([key]);
    return counted;
  } finally {
    redis.close();
  }
}

function describe(
  workers: readonly Worker[],
  sampler: ProcessSampler,
  { messages, messageSize }: FilledTopic,
  counted: number,
): CaseResult {
  const figures = workers.flatMap((worker) => (worker.figures === null ? [] : [worker.figures]));
  const busy = figures.filter(({ firstBatchAtUs }) => firstBatchAtUs > 0);
  const fromUs = Math.min(...busy.map(({ firstBatchAtUs }) => firstBatchAtUs));
  const toUs = Math.max(...busy.map(({ lastEffectAtUs }) => lastEffectAtUs));
  return {
    messages,
    messageSize,
    figures: {
      drainPerSecond: perSecond(messages, fromUs, toUs),
      intervalMs: (toUs - fromUs) / 1_000,
      countedTwice: counted - messages,
      busyProcesses: busy.length,
    },
    cpuUsPerMessage: cpuPerMessage(sampler, messages, fromUs, toUs),
    rssBytesMax: sampler.rssBytesMax(),
    raw: { counted, workers: figures },
  };
}
