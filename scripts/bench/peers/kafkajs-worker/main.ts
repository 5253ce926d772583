/**
 * One of 20 consumers of the pipeline that a user would write first: stock kafkajs, `eachBatch`, one INCRBY a batch. It
 * is at-least-once: a batch whose offset was not committed before a rebalance is counted again.
 *
 * Over its channel: `ready` when connected; on `go` it joins the group; `drained` with a partition whose end it reached;
 * on `stop` it leaves, tells its figures, and ends.
 */
import { Redis } from "ioredis";
import kafkajs from "kafkajs";
import type { FromWorker, ToWorker, WorkerTask } from "../kafkajs-messages.ts";

const task = JSON.parse(process.env["BENCH_WORKER_TASK"] ?? "") as WorkerTask;
const say = (message: FromWorker): void => void process.send?.(message);
const nowUs = (): number => Math.round((performance.timeOrigin + performance.now()) * 1_000);

const redis = new Redis(process.env["BENCH_REDIS_URL"] ?? "");
const kafka = new kafkajs.Kafka({
  brokers: [task.bootstrap],
  clientId: "bench-kafkajs",
  logLevel: kafkajs.logLevel.ERROR,
});
const consumer = kafka.consumer({ groupId: task.group });
const seen = { messages: 0, batches: 0, firstBatchAtUs: 0, lastEffectAtUs: 0 };

async function run(): Promise<void> {
  await consumer.run({
    eachBatch: async ({ batch }) => {
      if (seen.firstBatchAtUs === 0) seen.firstBatchAtUs = nowUs();
      await redis.incrby(task.counterKey, batch.messages.length);
      seen.messages += batch.messages.length;
      seen.batches += 1;
      seen.lastEffectAtUs = nowUs();
      const isLast = Number(batch.lastOffset()) + 1 >= Number(batch.highWatermark);
      if (isLast) say({ type: "drained", partition: batch.partition });
    },
  });
}

async function leave(): Promise<void> {
  await consumer.disconnect();
  redis.disconnect();
  say({ type: "figures", ...seen, cpuMs: Math.round((process.cpuUsage().user + process.cpuUsage().system) / 1_000) });
  process.disconnect();
}

process.on("message", (message: ToWorker) => {
  void (message.type === "go" ? run() : leave()).catch((error: unknown) => {
    throw error;
  });
});
// The bench is gone: nobody needs the figures any more.
process.on("disconnect", () => process.exit());

await consumer.connect();
await consumer.subscribe({ topics: [task.topic], fromBeginning: true });
await redis.ping();
say({ type: "ready" });
