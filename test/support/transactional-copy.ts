/**
 * A process that copies one topic to another exactly once, as kafkajs does it: records and positions in one transaction.
 * It kills itself where it is told to, and otherwise ends when all is copied.
 *
 *   node transactional-copy.ts ADDRESS SOURCE TARGET [STEP TRANSACTION]
 *
 * The positions are those of group "copy". They are read after the producer has its epoch: by then whatever the process
 * before it left open is aborted.
 */
import { setImmediate as turn } from "node:timers/promises";
import { Kafka, logLevel } from "kafkajs";

const TRANSACTION_RECORDS_MAX = 50;

export type KillStep = "sent" | "positions" | "ending" | "ended";

const [address = "", source = "", target = "", killStep, killTransaction] = process.argv.slice(2);
const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING });
const producer = kafka.producer({
  transactionalId: "copy",
  idempotent: true,
  maxInFlightRequests: 1,
  retry: { initialRetryTime: 20 },
});
const consumer = kafka.consumer({ groupId: `reader-${process.pid}` });
const admin = kafka.admin();
let transactions = 0;

function killAt(step: KillStep): void {
  if (step === killStep && transactions === Number(killTransaction)) process.kill(process.pid, "SIGKILL");
}

type Copied = { readonly value: Buffer | null; readonly offset: string };

async function copyInTransaction(partition: number, records: readonly Copied[]): Promise<number> {
  transactions += 1;
  const transaction = await producer.transaction();
  await transaction.send({ topic: target, messages: records.map(({ value }) => ({ value, partition })) });
  killAt("sent");
  const position = Number(records.at(-1)?.offset) + 1;
  const partitions = [{ partition, offset: String(position) }];
  await transaction.sendOffsets({ consumerGroupId: "copy", topics: [{ topic: source, partitions }] });
  killAt("positions");
  const ended = transaction.commit();
  await turn();
  killAt("ending");
  await ended;
  killAt("ended");
  return position;
}

await Promise.all([producer.connect(), admin.connect(), consumer.connect()]);
const [committed] = await admin.fetchOffsets({ groupId: "copy", topics: [source] });
const positions = new Map(
  committed?.partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]),
);
const ends = (await admin.fetchTopicOffsets(source)).map(({ partition, high }) => ({ partition, end: Number(high) }));
const isDone = () => ends.every(({ partition, end }) => (positions.get(partition) ?? 0) >= end);
const done = Promise.withResolvers<void>();
if (isDone()) done.resolve();
await consumer.subscribe({ topics: [source], fromBeginning: true });
await consumer.run({
  autoCommit: false,
  eachBatch: async ({ batch: { partition, messages } }) => {
    // It reads from the beginning each time, and skips what is copied.
    const rest = messages.filter(({ offset }) => Number(offset) >= (positions.get(partition) ?? 0));
    for (let at = 0; at < rest.length; at += TRANSACTION_RECORDS_MAX) {
      positions.set(partition, await copyInTransaction(partition, rest.slice(at, at + TRANSACTION_RECORDS_MAX)));
    }
    if (isDone()) done.resolve();
  },
});
await done.promise;
await Promise.all([consumer.disconnect(), producer.disconnect(), admin.disconnect()]);
